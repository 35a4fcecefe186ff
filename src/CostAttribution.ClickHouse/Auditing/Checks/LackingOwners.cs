using CostAttribution.ClickHouse.Ledger;

namespace CostAttribution.ClickHouse.Auditing.Checks;

/// <summary>Standing rows that lack their customer or feature, as SQL.</summary>
internal static class LackingOwners
{
    public const string Customer = "customer_id = ''";
    public const string Feature = "feature_id = ''";

    /// <summary>Columns <c>trace_id, span_id, session_id, run_id, customer_id, feature_id</c>.</summary>
    /// <param name="rows">Condition on the ledger.</param>
    /// <param name="missing">What is lacking.</param>
    public static string Rows(string rows, string missing = $"({Customer} OR {Feature})") => $"""
        SELECT trace_id, span_id, session_id, run_id, customer_id, feature_id
        FROM {CostLedgerBlock.TableName}
        WHERE {rows} AND cost_kind = 'usage' AND {missing}
        GROUP BY trace_id, span_id, cost_item, session_id, run_id, customer_id, feature_id
        HAVING sum(sign) > 0
        """;
}
