using System.Globalization;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;

namespace CostAttribution.ClickHouse.Auditing.Checks;

/// <summary>What the facts of a settled trace say is billed stands in the ledger, and nothing else of it does.</summary>
/// <param name="unsettledSince">Traces that were last posted before, and not as settled, are told.</param>
public sealed class FactsCheck(DateTimeOffset unsettledSince) : TraceCheck
{
    /// <summary>A finding that costing the trace again cannot mend.</summary>
    public const string RowWithoutFacts = "row_without_facts";

    public override string Name => "facts_match_rows";
    public override string Asserts =>
        "a span that its newest facts call an owner has a standing row and no other span has one; traces settle";

    protected override string Sql(TraceFilter filter) => $"""
        SELECT
            multiIf(owns = 1, 'owner_without_row', known = 1, 'row_without_owner', '{RowWithoutFacts}') AS kind,
            trace_id, span_id, '' AS run_id, 0 AS revision, concat('rows standing: ', toString(net)) AS detail
        FROM (
            SELECT trace_id, span_id, max(fact_owns) AS owns, max(fact_known) AS known, sum(row_sign) AS net
            FROM (
                SELECT trace_id, span AS span_id, toUInt8(1) AS fact_known, toInt64(0) AS row_sign,
                    toUInt8(argMax(span_ownership, revision) IN ('owner', 'aggregate_fallback')) AS fact_owns
                FROM {TraceFactsBlock.TableName}
                ARRAY JOIN span_ids AS span, ownerships AS span_ownership
                WHERE {filter.FactsOfTraces}
                GROUP BY trace_id, span
                UNION ALL
                SELECT trace_id, span_id, toUInt8(0), sum(toInt64(sign)), toUInt8(0)
                FROM {CostLedgerBlock.TableName}
                WHERE {filter.LedgerOfTraces} AND cost_item = '' AND cost_kind = 'usage'
                GROUP BY trace_id, span_id
            )
            GROUP BY trace_id, span_id
            HAVING (owns = 1) != (net > 0)
        )
        WHERE trace_id NOT IN (
            SELECT trace_id FROM {TraceFactsBlock.TableName} WHERE {filter.FactsOfTraces}
            GROUP BY trace_id HAVING argMax(settled, revision) = 0)
        UNION ALL
        SELECT 'not_settled', trace_id, '', '', 0, concat('last posted ', toString(max(posted_at)))
        FROM {TraceFactsBlock.TableName}
        WHERE {filter.Facts}
        GROUP BY trace_id
        HAVING argMax(settled, revision) = 0 AND max(posted_at) < {string.Create(CultureInfo.InvariantCulture,
            $"fromUnixTimestamp64Milli({unsettledSince.ToUnixTimeMilliseconds()}, 'UTC')")}
        """;
}
