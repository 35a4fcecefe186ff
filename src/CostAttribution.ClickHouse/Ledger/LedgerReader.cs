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

    /// <summary>Whose spans they are, as of their newest facts; spans without owner or not stored are left out.</summary>
    public async Task<IReadOnlyList<StoredSpanOwner>> LoadSpanOwnersAsync(
        IReadOnlyList<(TraceId TraceId, SpanId SpanId)> spans, CancellationToken cancel)
    {
        var wanted = spans.ToHashSet();
        var owners = new List<StoredSpanOwner>();
        foreach (var ids in InQueries([.. spans.Select(span => span.TraceId).Distinct()]))
        {
            var blocks = await QueryAsync("SELECT trace_id, span_id, customer_id, feature_id FROM spans " +
                $"WHERE trace_id IN ({ids}) AND (customer_id != '' OR feature_id != '')", cancel);
            foreach (var block in blocks)
            {
                var traces = block.Column<StringValues>("trace_id");
                var spanIds = block.Column<StringValues>("span_id");
                var customers = block.Column<StringValues>("customer_id");
                var features = block.Column<StringValues>("feature_id");
                for (var i = 0; i < block.Rows; i++)
                {
                    var trace = LedgerRowReader.ParseTrace(traces.At(i));
                    if (SpanId.TryParse(spanIds.At(i), out var span) && wanted.Contains((trace, span)))
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
