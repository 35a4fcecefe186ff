using System.IO.Hashing;
using System.Runtime.InteropServices;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Simulation.Running;

namespace CostAttribution.Simulation.Store;

/// <summary>Reads an inserted block back into rows, and holds it against what an insert promises to be.</summary>
internal static class BlockRows
{
    /// <summary>Columns of <c>cost_ledger</c> that are summed, each signed; the order of <see cref="LedgerRow.Measures"/>.</summary>
    public static readonly string[] MeasureNames = ["sign", "input_tokens", "cache_read_tokens", "cache_write_tokens",
        "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "calls", "failed_calls", "input_cost", "cache_read_cost",
        "cache_write_cost", "output_cost", "reasoning_cost", "other_cost", "cost", "list_cost", "retry_cost"];

    /// <summary>The rollup calls the sum of signs entries.</summary>
    public static string NameInRollup(string measure) => measure == "sign" ? "entries" : measure;

    public static bool IsMoney(string measure) => measure.EndsWith("cost", StringComparison.Ordinal);

    /// <summary>Rows for the rollup itself, as a repair adds them.</summary>
    public static IReadOnlyList<HourlyRow> Hourly(ClickHouseInsert insert)
    {
        var block = NativeBlockReader.ReadAll(insert.NativeBlock).Single();
        var hours = block.Column<FixedWidthValues>("hour");
        var dimensions = RollupDifference.Dimensions.Split(", ").Select(block.Column<StringValues>).ToArray();
        var measures = MeasureNames.Select(name => Whole(block, NameInRollup(name))).ToArray();
        return [.. Enumerable.Range(0, block.Rows).Select(row => new HourlyRow(
            string.Join(Rollup.Separator, dimensions.Select(values => values.At(row))), hours.At<uint>(row) * 1_000_000L,
            [.. measures.Select(at => at(row))]))];
    }

    public static StoredInsert Read(ClickHouseInsert insert, DateTimeOffset now)
    {
        var blocks = NativeBlockReader.ReadAll(insert.NativeBlock);
        if (blocks.Count != 1) throw new SimulationFailure($"insert {insert.DeduplicationToken} is {blocks.Count} blocks, not one");
        var block = blocks[0];
        if (block.Rows == 0) throw new SimulationFailure($"insert {insert.DeduplicationToken} is empty");
        if (!block.Columns.Select(column => column.Name).SequenceEqual(insert.Columns))
            throw new SimulationFailure($"insert {insert.DeduplicationToken} names other columns than its block");
        var postings = block.Column<StringValues>("posting_id");
        return new StoredInsert
        {
            Table = insert.Table,
            Token = insert.DeduplicationToken,
            PostingId = postings.At(0),
            PostedAtMillis = block.Column<FixedWidthValues>("posted_at").At<long>(0),
            Hash = XxHash3.HashToUInt64(insert.NativeBlock.Span),
            RowCount = block.Rows,
            AppliedAt = now,
            Ledger = insert.Table == CostLedgerBlock.TableName ? Ledger(block) : [],
            Facts = insert.Table == TraceFactsBlock.TableName ? Facts(block) : [],
            Segments = insert.Table == RunSegmentBlock.TableName ? Segments(block) : [],
            Topics = insert.Table == TraceTopicsBlock.TableName ? Topics(block) : [],
        };
    }

    public static HashSet<TraceId> TracesOf(ClickHouseInsert insert)
    {
        var traces = NativeBlockReader.ReadAll(insert.NativeBlock).Single().Column<StringValues>("trace_id");
        return [.. Enumerable.Range(0, traces.Count).Select(row => LedgerRowReader.ParseTrace(traces.At(row)))];
    }

    private static LedgerRow[] Ledger(NativeBlock block)
    {
        var entries = new LedgerRowReader(block);
        var measures = MeasureNames.Select(name => Whole(block, name)).ToArray();
        return [.. Enumerable.Range(0, block.Rows)
            .Select(row => new LedgerRow(entries.At(row), [.. measures.Select(at => at(row))]))];
    }

    private static Func<int, Int128> Whole(NativeBlock block, string name)
    {
        var values = block.Column<FixedWidthValues>(name);
        return values.Width switch
        {
            1 => row => values.At<sbyte>(row),
            4 => row => values.At<uint>(row),
            8 => row => values.At<long>(row),
            _ => row => MemoryMarshal.Read<Int128>(values.BytesAt(row)),
        };
    }

    private static FactsRow[] Facts(NativeBlock block)
    {
        var traces = block.Column<StringValues>("trace_id");
        var revisions = block.Column<FixedWidthValues>("revision");
        var postings = block.Column<StringValues>("posting_id");
        var settled = block.Column<FixedWidthValues>("settled");
        var runs = block.Column<StringValues>("run_id");
        var blobs = block.Column<StringValues>("blob");
        var contexts = block.Column<StringValues>("context");
        var ids = block.Column<ArrayValues>("span_ids");
        var spanIds = (StringValues)ids.Elements;
        var ownerships = (FixedWidthValues)block.Column<ArrayValues>("ownerships").Elements;
        var superseded = (StringValues)block.Column<ArrayValues>("superseded_bys").Elements;
        var customers = (StringValues)block.Column<ArrayValues>("customers").Elements;
        var features = (StringValues)block.Column<ArrayValues>("features").Elements;
        var (saidCustomers, saidFeatures) = (block.Column<ArrayValues>("said_customers"), block.Column<ArrayValues>("said_features"));
        var rows = new FactsRow[block.Rows];
        for (var row = 0; row < rows.Length; row++)
        {
            var stored = new StoredFacts(LedgerRowReader.ParseTrace(traces.At(row)), (int)revisions.At<uint>(row), postings.At(row),
                settled.At<byte>(row) != 0, runs.At(row), blobs.BytesAt(row).ToArray(), contexts.BytesAt(row).ToArray());
            var spans = new List<FactsSpan>();
            for (var i = ids.Start(row); i < ids.End(row); i++)
            {
                if (!SpanId.TryParse(spanIds.At(i), out var id)) throw new SimulationFailure($"'{spanIds.At(i)}' is stored as a span id");
                spans.Add(new FactsSpan(id, (Ownership)ownerships.At<sbyte>(i), superseded.At(i), customers.At(i), features.At(i),
                    Said(saidCustomers, row, i - ids.Start(row)) ?? customers.At(i), Said(saidFeatures, row, i - ids.Start(row)) ?? features.At(i)));
            }
            rows[row] = new FactsRow(stored, spans);
        }
        return rows;
    }

    // Null where the row leaves them out, for they are the owners themselves.
    private static string? Said(ArrayValues said, int row, int span) =>
        said.End(row) == said.Start(row) ? null : ((StringValues)said.Elements).At(said.Start(row) + span);

    private static StoredTopic[] Topics(NativeBlock block)
    {
        var kinds = block.Column<FixedWidthValues>("kind");
        var topics = block.Column<StringValues>("topic");
        var items = block.Column<StringValues>("item");
        var traces = block.Column<StringValues>("trace_id");
        var revisions = block.Column<FixedWidthValues>("revision");
        var asks = block.Column<FixedWidthValues>("asks");
        var words = block.Column<ArrayValues>("words");
        var pairs = (TupleValues)words.Elements;
        var (names, values) = ((LowCardinalityValues)pairs.Places[0], (StringValues)pairs.Places[1]);
        return [.. Enumerable.Range(0, block.Rows).Select(row => new StoredTopic((TopicKind)kinds.At<sbyte>(row), topics.At(row),
            items.At(row), LedgerRowReader.ParseTrace(traces.At(row)), (int)revisions.At<uint>(row), asks.At<byte>(row) != 0,
            [.. Enumerable.Range(words.Start(row), words.End(row) - words.Start(row))
                .Select(at => KeyValuePair.Create(names.At(at), values.At(at)))]))];
    }

    private static SegmentRow[] Segments(NativeBlock block)
    {
        var runs = block.Column<StringValues>("run_id");
        var traces = block.Column<StringValues>("trace_id");
        var revisions = block.Column<FixedWidthValues>("revision");
        var customers = block.Column<StringValues>("customer_id");
        var status = block.Column<FixedWidthValues>("status");
        var quantities = SegmentRow.SegmentNames.Select(name => Whole(block, name)).ToArray();
        return [.. Enumerable.Range(0, block.Rows).Select(row => new SegmentRow(runs.At(row),
            LedgerRowReader.ParseTrace(traces.At(row)), (int)revisions.At<uint>(row), customers.At(row),
            ((RunStatus)status.At<sbyte>(row)).ToString(), [.. quantities.Select(at => at(row))]))];
    }
}
