using System.Globalization;
using CostAttribution.Api.Reading;

namespace CostAttribution.Api.Costs;

/// <summary>
/// Turns a question into one statement, so that the total and the groups are sums of the same rows. Whole hours come from
/// <c>cost_hourly</c> and the ragged ends from <c>cost_ledger</c>; everything comes from the ledger when the rollup lacks a
/// dimension.
/// </summary>
internal static class CostSql
{
    private static readonly string[] Measures =
    [
        "cost", "list_cost", "retry_cost", "calls", "failed_calls", "input_tokens", "cache_read_tokens", "cache_write_tokens",
        "cache_write_1h_tokens", "output_tokens", "reasoning_tokens",
    ];

    private static readonly string[] Derived = ["unpriced_calls", "usage_missing_calls", "unattributed_cost"];

    public static StoreQuery Build(CostQuestion question)
    {
        var query = new StoreQuery();
        var groups = Groups(question, query);
        var filters = Filters(question, query);
        var sources = new List<string>();
        if (question.FitsRollup)
        {
            var wholeFrom = query.BindTime("whole_from", question.Range.FirstWholeHour);
            var wholeTo = query.BindTime("whole_to", question.Range.EndOfWholeHours);
            sources.Add(Source(question, "cost_hourly", "hour", groups,
                [$"hour >= {wholeFrom}", $"hour < {wholeTo}", .. filters]));
            var ragged = new List<string>();
            if (question.Range.From < question.Range.FirstWholeHour)
            {
                ragged.Add($"(event_time >= {query.BindTime("from", question.Range.From)} AND event_time < {wholeFrom})");
            }
            if (question.Range.EndOfWholeHours < question.Range.To)
            {
                ragged.Add($"(event_time >= {wholeTo} AND event_time < {query.BindTime("to", question.Range.To)})");
            }
            if (ragged.Count > 0)
            {
                sources.Add(Source(question, "cost_ledger", "event_time", groups,
                    [$"({string.Join(" OR ", ragged)})", .. filters]));
            }
        }
        else
        {
            var from = query.BindTime("from", question.Range.From);
            var to = query.BindTime("to", question.Range.To);
            sources.Add(Source(question, "cost_ledger", "event_time", groups,
                [$"event_time >= {from}", $"event_time < {to}", .. filters]));
        }
        query.Sql = Outer(question, sources, groups.Count);
        return query;
    }

    private static string Outer(CostQuestion question, List<string> sources, int groupCount)
    {
        var keys = Enumerable.Range(0, groupCount).Select(Key).ToArray();
        var isTotal = groupCount == 0 ? "1" : $"grouping({keys[0]})";
        string[] columns =
        [
            $"{isTotal} AS is_total",
            .. keys,
            .. Measures.Concat(Derived).Select(measure => $"sum({measure}) AS {measure}_sum"),
            "sumMap(other_units) AS other_units_sum",
        ];
        var lines = new List<string>
        {
            "SELECT",
            "    " + string.Join(",\n    ", columns),
            "FROM",
            "(",
            string.Join("\n    UNION ALL\n", sources),
            ")",
        };
        if (groupCount > 0)
        {
            lines.Add($"GROUP BY GROUPING SETS (({string.Join(", ", keys)}), ())");
            var anything = Measures.Select(measure => $"{measure}_sum != 0")
                .Append("arrayExists(x -> x != 0, mapValues(other_units_sum))").Append("sum(entries) != 0");
            lines.Add("HAVING is_total = 1 OR " + string.Join(" OR ", anything));
            lines.Add($"ORDER BY is_total DESC, cost_sum DESC, {string.Join(", ", keys)}");
            // the total, and one row more than asked for, which says whether there are more
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"LIMIT {question.Limit + 2}"));
        }
        return string.Join("\n", lines);
    }

    private static string Source(CostQuestion question, string table, string time, List<Group> groups,
        IEnumerable<string> conditions)
    {
        string[] columns =
        [
            .. groups.Select((group, i) => $"{group.Sql(time, question.Zone)} AS {Key(i)}"),
            .. Measures,
            time == "hour" ? "entries" : "sign AS entries",
            "if(toString(price_status) IN ('unpriced_model', 'unpriced_unit'), calls, 0) AS unpriced_calls",
            "if(toString(price_status) = 'no_usage', calls, 0) AS usage_missing_calls",
            "if(customer_id = '', cost, toDecimal128(0, 12)) AS unattributed_cost",
            "other_units",
        ];
        return $"""
                SELECT
                    {string.Join(",\n        ", columns)}
                FROM {table}
                WHERE {string.Join("\n        AND ", conditions)}
            """;
    }

    private static string Key(int i) => string.Create(CultureInfo.InvariantCulture, $"d{i}");

    private static List<Group> Groups(CostQuestion question, StoreQuery query)
    {
        var groups = new List<Group>();
        foreach (var name in question.GroupBy)
        {
            if (CostDimensions.IsPeriod(name)) groups.Add(new Group(name, null));
            else if (CostDimensions.Find(name) is { } dimension) groups.Add(new Group(null, dimension.Column));
            else groups.Add(new Group(null, Configured(query, $"group_{groups.Count}", name)));
        }
        return groups;
    }

    private static List<string> Filters(CostQuestion question, StoreQuery query)
    {
        var conditions = new List<string>();
        foreach (var (name, values) in question.Filters)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"f{conditions.Count}");
            var dimension = CostDimensions.Find(name);
            var column = dimension?.Column ?? Configured(query, key, name);
            conditions.Add(dimension is { HoldsSeveral: true } ? $"arrayExists(flag -> {query.In("flag", key, values)}, flags)"
                : query.In(column, key, values));
        }
        return conditions;
    }

    private static string Configured(StoreQuery query, string key, string name) =>
        $"dimensions[{query.BindText(key + "_name", name[CostDimensions.ConfiguredPrefix.Length..])}]";

    private readonly record struct Group(string? Period, string? Column)
    {
        // The zone's name was found in the system's list of zones; the time functions want it as a constant.
        public string Sql(string time, TimeZoneInfo zone) => Period switch
        {
            "hour" => $"toUnixTimestamp(toStartOfHour({time}, '{zone.Id}'))",
            "day" => $"toString(toDate({time}, '{zone.Id}'))",
            "month" => $"formatDateTime({time}, '%Y-%m', '{zone.Id}')",
            _ => Column!,
        };
    }
}
