using System.Globalization;
using CostAttribution.Api.Reading;
using CostAttribution.Api.Requests;

namespace CostAttribution.Api.Unpriced;

/// <summary>
/// The questions behind the report. What stands is found span by span first: times of corrected rows do not count.
/// </summary>
internal static class UnpricedSql
{
    /// <summary>Name of a filter → its column.</summary>
    public static readonly IReadOnlyDictionary<string, string> Filters = new Dictionary<string, string>
    {
        ["provider"] = "provider", ["seller"] = "seller", ["model"] = "model", ["customer"] = "customer_id",
        ["feature"] = "feature_id", ["environment"] = "environment",
    };

    // As ServiceTiers.Of has it.
    private const string OrdinaryTiers = "'', 'default', 'standard', 'auto', 'on_demand', 'standard_only'";

    private const string Keys = "provider, seller, model, request_model, service_tier, region, rate_id, status, unpriced_unit, "
        + "overflowed";

    /// <summary>Usage by day and unit, the largest quantities first, one row more than <paramref name="limit"/>.</summary>
    public static StoreQuery Usage(TimeRange range, RequestValues values, int limit)
    {
        var query = new StoreQuery();
        query.Sql = string.Create(CultureInfo.InvariantCulture, $"""
            SELECT {Keys}, used.1 AS unit, sum(used.2) AS quantity, sum(row_calls) AS row_calls_sum,
                min(seen) AS first_micros, max(seen) AS last_micros
            FROM ({Standing(query, range, values)})
            ARRAY JOIN arrayFilter(u -> u.2 != 0, arrayConcat(
                [('input_tokens', input), ('cache_read_tokens', cache_read), ('cache_write_tokens', cache_write),
                 ('cache_write_1h_tokens', cache_write_1h), ('output_tokens', output), ('reasoning_tokens', reasoning)],
                CAST(other, 'Array(Tuple(String, Int64))'))) AS used
            GROUP BY {Keys}, unit, intDiv(seen, 86400000000)
            ORDER BY quantity DESC, {Keys}, unit, first_micros
            LIMIT {limit + 1}
            """);
        return query;
    }

    /// <summary>How many calls the rows are, each counted once however many units it used.</summary>
    public static StoreQuery Total(TimeRange range, RequestValues values)
    {
        var query = new StoreQuery();
        query.Sql = $"SELECT sum(row_calls) AS calls_sum FROM ({Standing(query, range, values)})";
        return query;
    }

    private static string Standing(StoreQuery query, TimeRange range, RequestValues values)
    {
        List<string> conditions =
        [
            "price_status IN ('unpriced_model', 'unpriced_unit')",
            $"event_time >= {query.BindTime("from", range.From)}", $"event_time < {query.BindTime("to", range.To)}",
        ];
        foreach (var (name, column) in Filters)
        {
            if (values.Has(name)) conditions.Add(query.In(column, name, values.All(name)));
        }
        return $"""
            SELECT {Keys}, trace_id, span_id, cost_item, toUnixTimestamp64Micro(event_time) AS seen,
                toString(price_status) AS status, has(flags, 'cost_overflow') AS overflowed, sum(toInt64(calls)) AS row_calls,
                sum(input_tokens) AS input, sum(cache_read_tokens) AS cache_read, sum(cache_write_tokens) AS cache_write,
                sum(cache_write_1h_tokens) AS cache_write_1h, sum(output_tokens) AS output,
                sum(reasoning_tokens) AS reasoning, sumMap(other_units) AS other
            FROM (SELECT * REPLACE (if(speed = 'fast' AND service_tier IN ({OrdinaryTiers}), 'fast', service_tier)
                AS service_tier) FROM cost_ledger)
            WHERE {string.Join(" AND ", conditions)}
            GROUP BY {Keys}, trace_id, span_id, cost_item, seen
            HAVING sum(sign) != 0
            """;
    }
}
