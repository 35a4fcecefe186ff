namespace CostAttribution.ClickHouse.Ledger;

/// <summary>What <c>cost_hourly</c> lacks against the ledger, group by group and for every measure.</summary>
public static class RollupDifference
{
    public const string TableName = "cost_hourly";

    /// <summary>Every dimension of the rollup but its hour.</summary>
    public const string Dimensions = "cost_kind, customer_id, feature_id, product, team, environment, plan, audience, " +
        "workflow, agent, provider, model, service_tier, region, customer_evidence, feature_evidence, price_status, ownership";

    private const string Units = "other_units";

    // Name in the rollup and its value in one ledger row, as the feeding view computes it.
    private static readonly (string Name, string OfRow)[] Measures =
    [
        ("entries", "toInt64(sign)"), ("input_tokens", "input_tokens"), ("cache_read_tokens", "cache_read_tokens"),
        ("cache_write_tokens", "cache_write_tokens"), ("cache_write_1h_tokens", "cache_write_1h_tokens"),
        ("output_tokens", "output_tokens"), ("reasoning_tokens", "reasoning_tokens"), ("calls", "toInt64(calls)"),
        ("failed_calls", "toInt64(failed_calls)"), ("input_cost", "input_cost"), ("cache_read_cost", "cache_read_cost"),
        ("cache_write_cost", "cache_write_cost"), ("output_cost", "output_cost"), ("reasoning_cost", "reasoning_cost"),
        ("other_cost", "other_cost"), ("cost", "cost"), ("list_cost", "list_cost"), ("retry_cost", "retry_cost"),
        ("provider_reported_cost", "ifNull(provider_reported_cost, toDecimal128(0, 12))"),
    ];

    /// <summary>The rollup's columns in the order of <see cref="Select"/>.</summary>
    public static readonly string Columns =
        $"hour, {Dimensions}, {string.Join(", ", Measures.Select(measure => measure.Name))}, {Units}";

    /// <summary>
    /// A query for ledger minus rollup, one row per hour and group that differs, in the columns of the rollup.
    /// </summary>
    /// <param name="ledgerRows">Condition on the ledger; covers whole hours.</param>
    /// <param name="hours">Condition on the rollup's <c>hour</c> for the same hours.</param>
    public static string Select(string ledgerRows, string hours)
    {
        var sums = string.Join(", ", Measures.Select(measure => $"sum(d_{measure.Name}) AS {measure.Name}"));
        var differs = string.Join(" OR ", Measures.Select(measure => $"{measure.Name} != 0"));
        return $"""
            SELECT hour, {Dimensions}, {sums}, mapFilter((unit, quantity) -> quantity != 0, sumMap(d_units)) AS {Units}
            FROM ({Rows(Dimensions, ledgerRows, hours)})
            GROUP BY hour, {Dimensions}
            HAVING {differs} OR notEmpty({Units})
            """;
    }

    /// <summary>
    /// A query for the hours whose totals differ by customer: quick, and blind to what cancels out within a customer. Conditions
    /// as in <see cref="Select"/>.
    /// </summary>
    public static string SelectHours(string ledgerRows, string hours)
    {
        var differs = string.Join(" OR ", Measures.Select(measure => $"sum(d_{measure.Name}) != 0"));
        return $"""
            SELECT DISTINCT hour FROM (
                SELECT hour, customer_id FROM ({Rows("customer_id", ledgerRows, hours)})
                GROUP BY hour, customer_id HAVING {differs}
            )
            """;
    }

    // Names of their own, because an alias that is also a column would be taken for the column.
    private static string Rows(string dimensions, string ledgerRows, string hours)
    {
        var ofLedger = string.Join(", ", Measures.Select(measure => $"{measure.OfRow} AS d_{measure.Name}"));
        var ofRollup = string.Join(", ", Measures.Select(measure => $"-{measure.Name}"));
        return $"""
            SELECT toStartOfHour(event_time) AS hour, {dimensions}, {ofLedger}, {Units} AS d_units
            FROM {CostLedgerBlock.TableName} WHERE {ledgerRows}
            UNION ALL
            SELECT hour, {dimensions}, {ofRollup}, mapApply((unit, quantity) -> (unit, -quantity), {Units})
            FROM {TableName} WHERE {hours}
            """;
    }
}
