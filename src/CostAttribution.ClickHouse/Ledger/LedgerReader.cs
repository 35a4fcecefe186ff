using System.Text;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>Loads back what postings wrote: standing entries and facts of traces.</summary>
public sealed class LedgerReader(IClickHouseTransport transport)
{
    /// <summary>Trace ids in one statement, well under the server's query size limit of 256 KiB.</summary>
    private const int TracesPerQueryMax = 2000;

    /// <summary>
    /// Every row of the traces, netted: what stands, and the highest revision ever given per cost item. A trace with a row that
    /// this program cannot read is named, and nothing else is said of it.
    /// </summary>
    public async Task<LedgerHistory> LoadLedgerAsync(IReadOnlyList<TraceId> traces, CancellationToken cancel)
    {
        var history = new LedgerHistoryBuilder();
        foreach (var ids in InQueries(traces))
        {
            var blocks = await QueryAsync(
                $"SELECT {LedgerRowReader.ColumnList} FROM {CostLedgerBlock.TableName} WHERE trace_id IN ({ids})", cancel);
            foreach (var block in blocks)
            {
                if (block.Rows == 0) continue;
                var rows = new LedgerRowReader(block);
                for (var i = 0; i < block.Rows; i++) Add(history, rows, i);
            }
        }
        return history.Build();
    }

    private static void Add(LedgerHistoryBuilder history, LedgerRowReader rows, int row)
    {
        var trace = rows.TraceAt(row);
        if (history.IsUnreadable(trace)) return;
        try
        {
            history.Add(rows.At(row));
        }
        catch (InvalidDataException fault)
        {
            history.Refuse(trace, fault.Message);
        }
    }

    /// <summary>All revisions of the traces' facts, by trace and revision.</summary>
    public async Task<IReadOnlyList<StoredFacts>> LoadFactsAsync(IReadOnlyList<TraceId> traces, CancellationToken cancel)
    {
        var facts = new List<StoredFacts>();
        foreach (var ids in InQueries(traces))
        {
            var blocks = await QueryAsync(
                "SELECT trace_id, revision, posting_id, settled, run_id, blob, context " +
                $"FROM {TraceFactsBlock.TableName} WHERE trace_id IN ({ids}) ORDER BY trace_id, revision", cancel);
            foreach (var block in blocks) ReadFacts(block, facts);
        }
        return facts;
    }

    /// <summary>
    /// Whose spans they are by what their own traces say, as of their newest facts; spans without owner or not stored are left
    /// out.
    /// </summary>
    public async Task<IReadOnlyList<StoredSpanOwner>> LoadSpanOwnersAsync(
        IReadOnlyList<(TraceId TraceId, SpanId SpanId)> spans, CancellationToken cancel)
    {
        var wanted = spans.ToHashSet();
        var owners = new List<StoredSpanOwner>();
        foreach (var asked in wanted.OrderBy(span => span.TraceId).Chunk(TracesPerQueryMax))
        {
            var ids = InQueries([.. asked.Select(span => span.TraceId).Distinct()]).Single();
            var spanIds = string.Join(',', asked.Select(span => $"'{span.SpanId}'").Distinct());
            var blocks = await QueryAsync("SELECT trace_id, span AS span_id, argMax(customer, revision) AS customer_id, " +
                $"argMax(feature, revision) AS feature_id FROM {TraceFactsBlock.TableName} ARRAY JOIN span_ids AS span, " +
                "if(empty(said_customers), customers, said_customers) AS customer, " +
                "if(empty(said_features), features, said_features) AS feature " +
                $"WHERE trace_id IN ({ids}) AND span IN ({spanIds}) GROUP BY trace_id, span " +
                "HAVING customer_id != '' OR feature_id != ''", cancel);
            foreach (var block in blocks)
            {
                var traces = block.Column<StringValues>("trace_id");
                var foundSpans = block.Column<StringValues>("span_id");
                var customers = block.Column<StringValues>("customer_id");
                var features = block.Column<StringValues>("feature_id");
                for (var i = 0; i < block.Rows; i++)
                {
                    var trace = LedgerRowReader.ParseTrace(traces.At(i));
                    if (SpanId.TryParse(foundSpans.At(i), out var span) && wanted.Contains((trace, span)))
                        owners.Add(new StoredSpanOwner(trace, span, customers.At(i), features.At(i)));
                }
            }
        }
        return owners;
    }

    private static void ReadFacts(NativeBlock block, List<StoredFacts> facts)
    {
        var traces = block.Column<StringValues>("trace_id");
        var revisions = block.Column<FixedWidthValues>("revision");
        var postings = block.Column<StringValues>("posting_id");
        var settled = block.Column<FixedWidthValues>("settled");
        var runs = block.Column<StringValues>("run_id");
        var blobs = block.Column<StringValues>("blob");
        var contexts = block.Column<StringValues>("context");
        for (var i = 0; i < block.Rows; i++)
        {
            facts.Add(new StoredFacts(LedgerRowReader.ParseTrace(traces.At(i)), (int)revisions.At<uint>(i), postings.At(i),
                settled.At<byte>(i) != 0, runs.At(i), blobs.BytesAt(i), contexts.BytesAt(i)));
        }
    }

    private Task<IReadOnlyList<NativeBlock>> QueryAsync(string sql, CancellationToken cancel) =>
        transport.ReadAsync(new ClickHouseQuery(sql), cancel);

    private static IEnumerable<string> InQueries(IReadOnlyList<TraceId> traces)
    {
        for (var start = 0; start < traces.Count; start += TracesPerQueryMax)
        {
            var ids = new StringBuilder();
            for (var i = start; i < Math.Min(traces.Count, start + TracesPerQueryMax); i++)
            {
                // Hexadecimal digits only, so the literal needs no escaping.
                ids.Append(i == start ? "'" : ",'").Append(traces[i].ToString()).Append('\'');
            }
            yield return ids.ToString();
        }
    }
}
