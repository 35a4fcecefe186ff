using CostAttribution.ClickHouse.Transport;

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
        // Names of their own, because an alias that is also a column would be taken for the column.
        var ofLedger = string.Join(", ", Measures.Select(measure => $"{measure.OfRow} AS d_{measure.Name}"));
        var ofRollup = string.Join(", ", Measures.Select(measure => $"-{measure.Name}"));
        var sums = string.Join(", ", Measures.Select(measure => $"sum(d_{measure.Name}) AS {measure.Name}"));
        var differs = string.Join(" OR ", Measures.Select(measure => $"{measure.Name} != 0"));
        return $"""
            SELECT hour, {Dimensions}, {sums}, mapFilter((unit, quantity) -> quantity != 0, sumMap(d_units)) AS {Units}
            FROM (
                SELECT toStartOfHour(event_time) AS hour, {Dimensions}, {ofLedger}, {Units} AS d_units
                FROM {CostLedgerBlock.TableName} WHERE {ledgerRows}
                UNION ALL
                SELECT hour, {Dimensions}, {ofRollup}, mapApply((unit, quantity) -> (unit, -quantity), {Units})
                FROM {TableName} WHERE {hours}
            )
            GROUP BY hour, {Dimensions}
            HAVING {differs} OR notEmpty({Units})
            """;
    }
}

/// <summary>Makes <c>cost_hourly</c> equal to the ledger again, by appending what it lacks.</summary>
public sealed class RollupRepair(IClickHouseTransport transport)
{
    /// <summary>
    /// Appends the differences of whole hours. Only while no posting is in flight: rows whose feeding view has not run yet would
    /// count twice. Where nothing differs nothing is written. Throws as <see cref="IClickHouseTransport.QueryAsync"/> does; after
    /// an unknown outcome ask what differs before repairing again.
    /// </summary>
    /// <param name="hours">Starts of the hours, UTC.</param>
    /// <param name="token">Never used before: a repair must not be taken for an earlier one of the same content.</param>
    /// <param name="settings">Limits of the statement.</param>
    /// <param name="cancel">Abandons the wait; the statement may then still run.</param>
    public async Task RepairAsync(IReadOnlyCollection<DateTimeOffset> hours, string token,
        IReadOnlyDictionary<string, string> settings, CancellationToken cancel)
    {
        if (hours.Count == 0) return;
        var list = HourSql.In(hours);
        var difference = RollupDifference.Select($"{HourSql.Around(hours)} AND toStartOfHour(event_time) IN ({list})",
            $"hour IN ({list})");
        // One thread and one block, as every posting: the rows arrive together or not at all.
        var all = new Dictionary<string, string>(settings) { ["insert_deduplication_token"] = token };
        foreach (var (name, value) in InsertSettings.Fixed) all[name] = value;
        await transport.QueryAsync(new ClickHouseQuery(
            $"INSERT INTO {RollupDifference.TableName} ({RollupDifference.Columns}) {difference}") { Settings = all }, cancel)
            .ConfigureAwait(false);
    }
}
