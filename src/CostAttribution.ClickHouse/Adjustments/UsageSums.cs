using System.Globalization;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Adjustments;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.ClickHouse.Adjustments;

/// <summary>
/// What the ledger says of a period of a term, net of reversals, by the dimensions that an adjustment carries. A row's cost of
/// one unit is a column of its own where nothing else is in that column; the other rows are <see cref="RowsToPrice"/>.
/// </summary>
public sealed class UsageSums(IClickHouseTransport transport, int groupsMax)
{
    // Conditions and names that go into the question's text; what is left out is sifted afterwards.
    private const int ScopeValuesAsked = 200;
    private const int ModelsAsked = 1_000;

    private static readonly string[] Parts =
    [
        "customer_id", "feature_id", "product", "team", "environment", "plan", "audience", "provider", "seller", ModelKey,
        "provider_account", "provider_project", "provider_key", "region",
    ];

    private const string ModelKey = "if(model != '', model, request_model)";

    private static readonly Dictionary<string, (string Cost, string? Beside)> TokenColumns = new()
    {
        ["input_tokens"] = ("input_cost", null),
        ["cache_read_tokens"] = ("cache_read_cost", null),
        ["cache_write_tokens"] = ("cache_write_cost", "cache_write_1h_tokens"),
        ["cache_write_1h_tokens"] = ("cache_write_cost", "cache_write_tokens"),
        ["output_tokens"] = ("output_cost", null),
        ["reasoning_tokens"] = ("reasoning_cost", null),
    };

    /// <summary>Null when there are more groups than the limit.</summary>
    public async Task<IReadOnlyList<GroupSum>?> ReadAsync(PeriodTerm term, TermSpan span, CancellationToken cancel)
    {
        if (await WhereAsync(term, span, cancel).ConfigureAwait(false) is not { } where) return [];
        var (quantity, unitCost) = ("toInt64(0)", "toDecimal128(0, 12)");
        if (term.Unit.Length > 0)
        {
            (quantity, unitCost, var isInexact) = Of(term.Unit);
            where += $" AND cost_kind = 'usage' AND {quantity} != 0 AND price_status = 'priced' AND NOT ({isInexact})";
        }
        else if (TermPeriods.IsOwedAtTheEnd(term.Kind))
        {
            where += $" AND (cost_kind = 'usage' OR (cost_kind = 'adjustment' AND cost_item != {SqlText.String(term.Id)} "
                + $"AND operation IN ({List(Before(term.Kind).Select(KindText))})))";
        }
        else
        {
            where += " AND cost_kind = 'usage'" + (term.Card.Length == 0 ? "" : $" AND rate_id = {SqlText.String(term.Card)}");
        }
        var keys = string.Join(", ", Parts.Select((part, i) => $"CAST({part}, 'String') AS k{i}"));
        var names = string.Join(", ", Enumerable.Range(0, Parts.Length).Select(i => $"k{i}"));
        var query = new ClickHouseQuery($"SELECT {Slot(term, span)} AS slot, {keys}, "
            + "CAST(mapKeys(dimensions), 'Array(String)') AS dimension_names, "
            + "CAST(mapValues(dimensions), 'Array(String)') AS dimension_values, "
            + $"sum(toInt128({quantity})) AS quantity, sum({unitCost}) AS unit_cost, sum(cost) AS all_cost, "
            + "sum(list_cost) AS all_list_cost, sum(toInt128(input_tokens) + cache_read_tokens + cache_write_tokens + "
            + "cache_write_1h_tokens + output_tokens + reasoning_tokens) AS tokens, sum(toInt128(calls)) AS all_calls "
            + $"FROM {CostLedgerBlock.TableName} WHERE {where} GROUP BY slot, {names}, dimension_names, dimension_values "
            + $"HAVING sum(sign) != 0 OR all_cost != 0 LIMIT {Number(groupsMax + 1L)}") { Settings = Settings };
        var sums = new List<GroupSum>();
        var reach = new TermReach(term);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var rows = 0L;
        foreach (var block in await transport.ReadAsync(query, cancel).ConfigureAwait(false))
        {
            if ((rows += block.Rows) > groupsMax) return null;
            for (var i = 0; i < block.Rows; i++)
            {
                if (At(block, i, texts) is var sum && reach.Covers(sum.Group)) sums.Add(sum);
            }
        }
        return sums;
    }

    /// <summary>
    /// Standing rows whose cost of the term's unit no column says: another unit is in the same one, or one has no price. Null for
    /// a term without unit, and where the period has no row at all.
    /// </summary>
    public async Task<RowFilter?> RowsToPrice(PeriodTerm term, TermSpan span, CancellationToken cancel)
    {
        if (term.Unit.Length == 0 || await WhereAsync(term, span, cancel).ConfigureAwait(false) is not { } where) return null;
        var (quantity, _, isInexact) = Of(term.Unit);
        return new RowFilter(span.FromNanos / 1000, span.ToNanos / 1000)
        {
            Also = $"{where} AND cost_kind = 'usage' AND {quantity} != 0 AND (price_status = 'unpriced_unit' "
                + $"OR (price_status = 'priced' AND {isInexact}))",
        };
    }

    /// <summary>The group of a row, as <see cref="ReadAsync"/> groups it.</summary>
    public static AdjustmentGroup GroupOf(LedgerEntry entry, PeriodTerm term, TermSpan span) => new(
        SlotOf(entry.EventTimeMicros, term, span),
        [
            entry.CustomerId, entry.FeatureId, entry.Product, entry.Team, entry.Environment, entry.Plan, entry.Audience,
            entry.Provider, entry.Seller, entry.Model.Length > 0 ? entry.Model : entry.RequestModel, entry.ProviderAccount,
            entry.ProviderProject, entry.ProviderKey, entry.Region,
        ], entry.Dimensions);

    /// <summary>As <c>operation</c> of the ledger says it.</summary>
    public static string KindText(PeriodTermKind kind) => SchemaEnums.SnakeCase(kind);

    /// <summary>Kinds whose adjustments are part of what is compared with an amount owed.</summary>
    public static IReadOnlyList<PeriodTermKind> Before(PeriodTermKind kind) => kind == PeriodTermKind.Commitment
        ? [PeriodTermKind.VolumeTiers, PeriodTermKind.Allowance, PeriodTermKind.Capacity, PeriodTermKind.MinimumCharge]
        : [PeriodTermKind.VolumeTiers, PeriodTermKind.Allowance, PeriodTermKind.Capacity];

    private static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["max_threads"] = "1",
        ["max_memory_usage"] = Number(new AuditLimits().QueryMemoryBytesMax),
        ["max_bytes_before_external_group_by"] = Number(new AuditLimits().QueryMemoryBytesMax / 2),
    };

    private static (string Quantity, string Cost, string IsInexact) Of(string unit)
    {
        if (TokenColumns.TryGetValue(unit, out var token))
            return (unit, token.Cost, token.Beside is null ? "0" : $"{token.Beside} != 0");
        return ($"other_units[{SqlText.String(unit)}]", "other_cost",
            "other_cost != 0 AND length(mapFilter((k, v) -> v != 0, other_units)) > 1");
    }

    private static string Slot(PeriodTerm term, TermSpan span) => TermPeriods.IsOwedAtTheEnd(term.Kind)
        ? $"toInt64({Number(TermSettler.SlotOf(term, span))})"
        : "greatest(toInt64(toUnixTimestamp(toStartOfDay(event_time, 'UTC'))) * 1000000, "
            + $"toInt64({Number(span.FromNanos / 1000)}))";

    private static long SlotOf(long micros, PeriodTerm term, TermSpan span)
    {
        const long microsPerDay = 86_400_000_000;
        return TermPeriods.IsOwedAtTheEnd(term.Kind) ? TermSettler.SlotOf(term, span)
            : Math.Max(micros / microsPerDay * microsPerDay, span.FromNanos / 1000);
    }

    // Null when nothing can match.
    private async Task<string?> WhereAsync(PeriodTerm term, TermSpan span, CancellationToken cancel)
    {
        var where = $"event_time >= {Instant(span.FromNanos)} AND event_time < {Instant(span.ToNanos)} "
            + $"AND provider IN ({List(term.Providers)}) AND seller = {SqlText.String(term.Seller)}";
        var scope = term.Scope ?? new ContractScope();
        foreach (var (column, values) in ((string, IReadOnlyList<string>)[])[("provider_account", scope.Accounts),
            ("provider_project", scope.Projects), ("provider_key", scope.Keys), ("customer_id", scope.Customers)])
        {
            if (values.Count is > 0 and <= ScopeValuesAsked) where += $" AND {column} IN ({List(values)})";
        }
        if (term.Match.Count == 0) return where;
        var reach = new TermReach(term);
        var names = new List<string>();
        var query = new ClickHouseQuery($"SELECT DISTINCT CAST({ModelKey}, 'String') AS name FROM {CostLedgerBlock.TableName} "
            + $"WHERE {where} AND {ModelKey} != ''") { Settings = Settings };
        foreach (var block in await transport.ReadAsync(query, cancel).ConfigureAwait(false))
        {
            if (block.Rows == 0) continue;
            var values = block.Column<StringValues>("name");
            for (var i = 0; i < block.Rows; i++)
            {
                if (values.At(i) is var name && reach.CoversModel(name)) names.Add(name);
            }
        }
        if (names.Count == 0) return null;
        return names.Count > ModelsAsked ? where : $"{where} AND {ModelKey} IN ({List(names)})";
    }

    private static GroupSum At(NativeBlock block, int row, Dictionary<string, string> texts)
    {
        var parts = new string[Parts.Length];
        for (var i = 0; i < parts.Length; i++) parts[i] = Once(block.Column<StringValues>($"k{i}").At(row));
        var (names, values) = (block.Column<ArrayValues>("dimension_names"), block.Column<ArrayValues>("dimension_values"));
        var dimensions = new KeyValuePair<string, string>[names.End(row) - names.Start(row)];
        for (var i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = new(Once(((StringValues)names.Elements).At(names.Start(row) + i)),
                Once(((StringValues)values.Elements).At(values.Start(row) + i)));
        }
        return new GroupSum(new AdjustmentGroup(Whole<long>("slot"), parts, dimensions), Whole<Int128>("quantity"),
            Whole<Int128>("unit_cost"), Whole<Int128>("all_cost"), Whole<Int128>("all_list_cost"), Whole<Int128>("tokens"),
            Whole<Int128>("all_calls"));

        T Whole<T>(string name) where T : unmanaged => block.Column<FixedWidthValues>(name).At<T>(row);

        string Once(string text) => texts.TryGetValue(text, out var kept) ? kept : texts[text] = text;
    }

    private static string List(IEnumerable<string> values) => string.Join(", ", values.Select(SqlText.String));

    private static string Instant(long nanos) => $"fromUnixTimestamp64Micro(toInt64({Number(nanos / 1000)}), 'UTC')";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
