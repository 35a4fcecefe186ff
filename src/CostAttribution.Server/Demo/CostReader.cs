using System.Globalization;
using System.Text.Json;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Pricing;
using CostAttribution.Workload;

namespace CostAttribution.Server.Demo;

/// <summary>Reads the demo's figures from the store. Every number comes as text, money as a decimal.</summary>
internal sealed class CostReader(IClickHouseTransport store)
{
    private const int RowsMax = 20;

    public async Task<CostFigures> ReadAsync(CancellationToken cancel)
    {
        var customers = await QueryAsync($"""
            SELECT customer_id, max(plan), toString(sum(calls)), toString(sum(failed_calls)),
                toString(sum(input_tokens) + sum(cache_write_tokens) + sum(cache_write_1h_tokens)),
                toString(sum(output_tokens) + sum(reasoning_tokens)), toString(sum(cache_read_tokens)),
                toString(sum(cost)), toString(sum(retry_cost)),
                toString(sumIf(calls, price_status IN ('unpriced_model', 'unpriced_unit'))),
                toString(sumIf(calls, price_status = 'no_usage'))
            FROM cost_hourly
            GROUP BY customer_id
            ORDER BY sum(cost) DESC, customer_id
            LIMIT {RowsMax}
            """, [], cancel);
        var workflows = await QueryAsync($"""
            SELECT workflow, toString(count()), toString(countIf(status = 'completed')), toString(countIf(status = 'failed')),
                toString(sum(cost)), toString(sum(retry_cost))
            FROM workflow_runs
            GROUP BY workflow
            ORDER BY sum(cost) DESC, workflow
            LIMIT {RowsMax}
            """, [], cancel);
        return new CostFigures(
            [.. customers.Select(row => new CustomerCost(row[0], row[1], Whole(row[2]), Whole(row[3]), Whole(row[4]),
                Whole(row[5]), Whole(row[6]), Money.Parse(row[7]), Money.Parse(row[8]), Whole(row[9]), Whole(row[10])))],
            [.. workflows.Select(row => new WorkflowCost(row[0], Whole(row[1]), Whole(row[2]), Whole(row[3]),
                Money.Parse(row[4]), Money.Parse(row[5])))]);
    }

    /// <summary>Ledger sums per customer over the traces whose id begins with <paramref name="tracePrefix"/>.</summary>
    public async Task<Dictionary<string, TruthTotals>> ReadLedgerAsync(string tracePrefix, CancellationToken cancel)
    {
        var rows = await QueryAsync("""
            SELECT customer_id, toString(sum(calls)), toString(sum(failed_calls)), toString(sum(input_tokens)),
                toString(sum(cache_read_tokens)), toString(sum(cache_write_tokens)), toString(sum(cache_write_1h_tokens)),
                toString(sum(output_tokens)), toString(sum(reasoning_tokens))
            FROM cost_ledger
            WHERE startsWith(trace_id, {prefix:String})
            GROUP BY customer_id
            """, new() { ["prefix"] = tracePrefix }, cancel);
        return rows.ToDictionary(row => row[0], row => new TruthTotals
        {
            Calls = Whole(row[1]),
            FailedCalls = Whole(row[2]),
            InputTokens = Whole(row[3]),
            CacheReadTokens = Whole(row[4]),
            CacheWriteTokens = Whole(row[5]),
            CacheWrite1hTokens = Whole(row[6]),
            OutputTokens = Whole(row[7]),
            ReasoningTokens = Whole(row[8]),
        });
    }

    /// <summary>The dearest span of the workload, to show an explanation of; null when nothing is posted.</summary>
    public async Task<(string TraceId, string SpanId)?> FindSpanAsync(string tracePrefix, CancellationToken cancel)
    {
        var rows = await QueryAsync("""
            SELECT trace_id, span_id
            FROM cost_ledger
            WHERE startsWith(trace_id, {prefix:String})
            GROUP BY trace_id, span_id
            ORDER BY sum(cost) DESC, trace_id, span_id
            LIMIT 1
            """, new() { ["prefix"] = tracePrefix }, cancel);
        return rows.Count == 0 ? null : (rows[0][0], rows[0][1]);
    }

    private async Task<List<string[]>> QueryAsync(string sql, Dictionary<string, string> parameters, CancellationToken cancel)
    {
        var query = new ClickHouseQuery(sql) { Format = "JSONCompactEachRow", Parameters = parameters };
        var answer = await store.QueryAsync(query, cancel);
        var rows = new List<string[]>();
        for (var rest = answer.AsMemory(); !rest.IsEmpty;)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            if (!line.IsEmpty) rows.Add(JsonSerializer.Deserialize<string[]>(line.Span)!);
            rest = end < 0 ? default : rest[(end + 1)..];
        }
        return rows;
    }

    private static long Whole(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
