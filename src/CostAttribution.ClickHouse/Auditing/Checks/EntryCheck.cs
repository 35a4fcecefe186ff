using CostAttribution.ClickHouse.Ledger;

namespace CostAttribution.ClickHouse.Auditing.Checks;

/// <summary>
/// Per span and cost item nothing or one row stands, and every reversal negates a posted entry: at most once, and column for
/// column. Finds what was posted twice because its trace was no longer remembered.
/// </summary>
public sealed class EntryCheck : TraceCheck
{
    // What a reversal has in common with its entry; all columns but those that the contract of the ledger names.
    private const string Copied = "event_time, cost_kind, cost_item, accounting_date, parent_span_id, run_id, workflow, step, " +
        "agent, attempt, call_status, operation, provider, model, request_model, service_tier, region, seller, " +
        "provider_account, provider_project, provider_key, geography, endpoint, speed, customer_id, feature_id, product, " +
        "team, environment, user_id, session_id, plan, audience, dimensions, customer_evidence, feature_evidence, " +
        "price_status, unpriced_unit, rate_id, rate_book_version, attribution_version, ownership, flags, " +
        "revision";

    private static readonly string[] Additive = ["input_tokens", "cache_read_tokens", "cache_write_tokens",
        "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "calls", "failed_calls", "input_cost", "cache_read_cost",
        "cache_write_cost", "output_cost", "reasoning_cost", "other_cost", "cost", "list_cost", "retry_cost",
        "provider_reported_cost"];

    private static readonly string Content = $"cityHash64({Copied}, " +
        string.Join(", ", Additive.Select(column => $"ifNull(toString(sign * {column}), '')")) +
        ", mapApply((unit, quantity) -> (unit, sign * quantity), other_units))";

    public override string Name => "entries_stand_once";
    public override string Asserts =>
        "per (trace, span, cost item) the signs sum to 0 or 1, and a reversal negates one posted entry in every column";

    protected override string Sql(TraceFilter filter) => $"""
        SELECT
            multiIf(net > 1, 'stands_several_times', net < 0, 'negated_too_often', stray > 0, 'reversal_without_entry',
                'reversal_differs') AS kind,
            trace_id, span_id, '' AS run_id, 0 AS revision,
            concat(if(cost_item = '', '', concat('item ', cost_item, '; ')), 'signs sum to ', toString(net), ', ',
                toString(stray), ' reversals without entry, ', toString(differing), ' unlike theirs') AS detail
        FROM (
            SELECT trace_id, span_id, cost_item, sum(posted) - sum(reversed) AS net,
                sum(greatest(reversed - posted, 0)) AS stray, countIf(NOT alike) AS differing
            FROM (
                SELECT trace_id, span_id, cost_item, if(sign < 0, corrects, entry_id) AS entry,
                    toInt64(countIf(sign > 0)) AS posted, toInt64(countIf(sign < 0)) AS reversed,
                    reversed = 0 OR posted < reversed OR hasAll(posted_contents, reversed_contents) AS alike,
                    groupUniqArrayIf(content, sign > 0) AS posted_contents,
                    groupUniqArrayIf(content, sign < 0) AS reversed_contents
                FROM (
                    SELECT trace_id, span_id, cost_item, sign, entry_id, corrects, {Content} AS content
                    FROM {CostLedgerBlock.TableName} WHERE {filter.Ledger}
                )
                GROUP BY trace_id, span_id, cost_item, entry
            )
            GROUP BY trace_id, span_id, cost_item
        )
        WHERE net NOT IN (0, 1) OR stray > 0 OR differing > 0
        """;
}
