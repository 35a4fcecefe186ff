using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;

namespace CostAttribution.ClickHouse.Auditing.Checks;

/// <summary>The newest segment of every trace, and so <c>workflow_runs</c>, sums up the trace's rows in the ledger.</summary>
public sealed class SegmentCheck : TraceCheck
{
    // Name in run_segments, and the sum over a trace's ledger rows that it must equal.
    private static readonly (string Segment, string Ledger)[] Sums =
    [
        ("calls", "sum(toInt64(calls))"), ("failed_calls", "sum(toInt64(failed_calls))"), ("input_tokens", "sum(input_tokens)"),
        ("cache_read_tokens", "sum(cache_read_tokens)"), ("cache_write_tokens", "sum(cache_write_tokens)"),
        ("cache_write_1h_tokens", "sum(cache_write_1h_tokens)"), ("output_tokens", "sum(output_tokens)"),
        ("reasoning_tokens", "sum(reasoning_tokens)"),
        ("unpriced_calls", "sumIf(toInt64(calls), price_status IN ('unpriced_model', 'unpriced_unit'))"),
        ("usage_missing_calls", "sumIf(toInt64(calls), has(flags, 'usage_missing'))"),
    ];

    private static readonly (string Segment, string Ledger)[] Costs =
        [("cost", "sum(cost)"), ("list_cost", "sum(list_cost)"), ("retry_cost", "sum(retry_cost)")];

    public override string Name => "runs_sum_up_rows";
    public override string Asserts =>
        "cost, tokens and calls of the newest segment of a trace, and so of workflow_runs, equal its rows";

    protected override string Sql(TraceFilter filter)
    {
        var counts = string.Join(", ", Sums.Select(sum => $"toInt64({sum.Segment})"));
        var costs = string.Join(", ", Costs.Select(sum => sum.Segment));
        var ledgerCounts = string.Join(", ", Sums.Select(sum => sum.Ledger));
        var ledgerCosts = string.Join(", ", Costs.Select(sum => sum.Ledger));
        return $"""
            SELECT 'segment_differs' AS kind, trace_id, '' AS span_id, run_id, toUInt32(max(newest)) AS revision,
                concat('the ledger has cost ', toString(sum(ledger_costs[1])), ' and ', toString(sum(ledger_counts[1])),
                    ' calls, the segment cost ', toString(sum(segment_costs[1])), ' and ', toString(sum(segment_counts[1])),
                    ' calls') AS detail
            FROM (
                SELECT trace_id, run_id, max(s.revision) AS newest,
                    argMax([{counts}], s.revision) AS segment_counts, argMax([{costs}], s.revision) AS segment_costs,
                    arrayMap(x -> toInt64(0), segment_counts) AS ledger_counts,
                    arrayMap(x -> toDecimal128(0, 12), segment_costs) AS ledger_costs
                FROM {RunSegmentBlock.TableName} AS s
                WHERE {filter.SegmentsOfTraces}
                GROUP BY trace_id, run_id
                UNION ALL
                SELECT trace_id, run_id, toUInt32(0), arrayMap(x -> toInt64(0), ledger_counts_sum),
                    arrayMap(x -> toDecimal128(0, 12), ledger_costs_sum), ledger_counts_sum, ledger_costs_sum
                FROM (
                    SELECT trace_id, run_id, [{ledgerCounts}] AS ledger_counts_sum,
                        arrayMap(x -> toDecimal128(x, 12), [{ledgerCosts}]) AS ledger_costs_sum
                    FROM {CostLedgerBlock.TableName}
                    WHERE {filter.LedgerOfTraces} AND cost_kind = 'usage'
                    GROUP BY trace_id, run_id
                )
            )
            GROUP BY trace_id, run_id
            HAVING sumForEach(segment_counts) != sumForEach(ledger_counts)
                OR sumForEach(segment_costs) != sumForEach(ledger_costs)
            """;
    }
}
