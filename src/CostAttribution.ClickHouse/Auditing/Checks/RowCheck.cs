using CostAttribution.ClickHouse.Ledger;

namespace CostAttribution.ClickHouse.Auditing.Checks;

/// <summary>Every row of the ledger agrees with itself.</summary>
public sealed class RowCheck : TraceCheck
{
    private static readonly (string Wrong, string Words)[] Rules =
    [
        ("cost != input_cost + cache_read_cost + cache_write_cost + output_cost + reasoning_cost + other_cost",
            "cost is not the sum of its components"),
        ("sign NOT IN (1, -1)", "sign is neither 1 nor -1"),
        ("(sign = -1) != (entry_kind = 'reversal')", "sign and entry_kind disagree"),
        ("entry_kind != 'reversal' AND toString(entry_kind) != toString(cost_kind)", "entry_kind and cost_kind disagree"),
        ("sign = -1 AND corrects = unhex('00000000000000000000000000000000')", "a reversal names no entry"),
        ("NOT match(trace_id, '^[0-9a-f]{32}$') OR NOT match(span_id, '^[0-9a-f]{16}$')", "an id is not hexadecimal"),
        ("run_id = ''", "run_id is empty"),
        ("sign * calls NOT IN (0, 1) OR sign * failed_calls NOT IN (0, 1)", "calls or failed_calls is not 0 or the sign"),
        ("ownership NOT IN ('owner', 'aggregate_fallback')", "a span that owns nothing has a row"),
        ("price_status IN ('free', 'no_usage', 'unpriced_model') AND cost != 0",
            "price_status says there is no price, but cost is not 0"),
        ("price_status = 'provider_reported' AND (provider_reported_cost IS NULL OR other_cost != provider_reported_cost)",
            "other_cost is not the cost that the provider reported"),
        ("(price_status = 'unpriced_unit') != (unpriced_unit != '')", "price_status and unpriced_unit disagree"),
        ("abs(retry_cost) > abs(cost)", "retry_cost is more than cost"),
        ("accounting_date < toDate(event_time)", "accounting_date is before the event"),
        ("(customer_id = '') != (customer_evidence = 'none') OR (feature_id = '') != (feature_evidence = 'none')",
            "owner and evidence disagree"),
    ];

    public override string Name => "rows_agree_with_themselves";
    public override string Asserts => "cost is the sum of its components; signs, kinds, states, dates and owners of a row agree";
    public override AuditRepair Repair => AuditRepair.None;

    protected override string Sql(TraceFilter filter) => $"""
        SELECT 'row_contradicts_itself' AS kind, trace_id, span_id, '' AS run_id, 0 AS revision,
            concat('entry ', lower(hex(entry_id)), ': ', arrayStringConcat(wrong, '; ')) AS detail
        FROM (
            SELECT trace_id, span_id, entry_id,
                arrayFilter(words -> words != '', [{string.Join(", ",
                    Rules.Select(rule => $"if({rule.Wrong}, {SqlText.String(rule.Words)}, '')"))}]) AS wrong
            FROM {CostLedgerBlock.TableName}
            WHERE {filter.Ledger}
        )
        WHERE notEmpty(wrong)
        """;
}
