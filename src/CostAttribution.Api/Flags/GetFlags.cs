using System.Globalization;
using CostAttribution.Api.Reading;
using CostAttribution.Api.Requests;
using CostAttribution.Api.Spans;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Flags;

/// <summary>One slice: how many rows rest on a guess or carry an oddity, and what they cost.</summary>
public static class GetFlags
{
    /// <summary>What the ledger knows, and what only the spans of its rows know.</summary>
    private static readonly Dictionary<string, string> OfLedger = new()
    {
        ["provider"] = "provider", ["seller"] = "seller", ["model"] = "model", ["customer"] = "customer_id",
        ["feature"] = "feature_id", ["environment"] = "environment", ["workflow"] = "workflow",
        ["day"] = "toString(toDate(event_time, 'UTC'))",
    };

    private static readonly string[] OfSpans = ["dialect", "service"];
    private static readonly string[] FiltersOfLedger = ["provider", "seller", "model", "customer", "feature", "environment"];

    private static IReadOnlyList<string> GroupNames => [.. OfLedger.Keys, .. OfSpans];

    internal static readonly ParameterTable Parameters = new(
    [
        new Parameter("groupBy", ParameterKind.List, "What to split each flag by, separated by commas.")
        {
            Example = "dialect,service", Allowed = GroupNames, Repeatable = true,
        },
        TimeRange.FromParameter,
        TimeRange.ToParameter,
        new Parameter("limit", ParameterKind.Count, "Rows answered at most, the costliest first.")
        {
            Example = "100",
            Default = ApiLimits.CostRowsDefault.ToString(CultureInfo.InvariantCulture),
            Max = ApiLimits.CostRowsMax,
        },
        new Parameter("flag", ParameterKind.Text, "Only this flag; repeat it for several.")
        {
            Example = "cache_inclusion_guessed", Allowed = FlagTexts.Names, Repeatable = true,
        },
        .. FiltersOfLedger.Select(name => new Parameter(name, ParameterKind.Text,
            $"Only rows of this {name}; repeat it for several.")
        {
            Example = name == "model" ? "gpt-5" : name == "provider" ? "openai" : "acme", Repeatable = true, MayBeEmpty = true,
        }),
    ]);

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>Flags on the ledger rows that stand.</summary>
    public sealed record Answer
    {
        /// <summary>Start of the range, included, UTC.</summary>
        public required DateTimeOffset From { get; init; }

        /// <summary>End of the range, not included, UTC.</summary>
        public required DateTimeOffset To { get; init; }

        /// <summary>What each flag is split by.</summary>
        public required IReadOnlyList<string> GroupBy { get; init; }

        /// <summary>By cost, highest first.</summary>
        public required IReadOnlyList<FlagRow> Rows { get; init; }

        /// <summary>True when the limit cut rows off.</summary>
        public required bool Truncated { get; init; }

        /// <summary>When the store was asked.</summary>
        public required DateTimeOffset AsOf { get; init; }
    }

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules(TimeProvider clock)
        {
            RuleFor(query => query.Values).Follows(Parameters);
            RuleFor(query => query.Values).IsARange(clock);
            RuleFor(query => query.Values).Custom((values, context) => context.AddFaults(
                RequestRules.FaultsOfGroups(values, GroupNames)));
        }
    }

    internal sealed class Handler(StoreReader store, TimeProvider clock) : IRequestHandler<Query, Answer>
    {
        public async Task<Answer> Handle(Query request, CancellationToken cancellationToken)
        {
            var asOf = clock.GetUtcNow();
            var range = TimeRange.Read(request.Values, asOf, TimeZoneInfo.Utc);
            var limit = request.Values.One("limit") is { } text ? int.Parse(text, CultureInfo.InvariantCulture)
                : ApiLimits.CostRowsDefault;
            var groups = request.Values.Split("groupBy");
            var rows = await store.ReadAsync(Build(request.Values, range, groups, limit), cancellationToken);
            return new Answer
            {
                From = range.From, To = range.To, GroupBy = groups, AsOf = asOf, Truncated = rows.Count > limit,
                Rows = [.. rows.Take(limit).Select(row => Read(row, groups))],
            };
        }

        private static FlagRow Read(StoreRow row, IReadOnlyList<string> groups) => new()
        {
            Flag = row.Text("flag"),
            Meaning = FlagTexts.For(row.Text("flag")),
            Group = groups.Select((name, i) => (name, Value: row.Text(string.Create(CultureInfo.InvariantCulture, $"g{i}"))))
                .ToDictionary(pair => pair.name, pair => pair.Value),
            Rows = row.Count("row_count_sum"),
            Calls = row.Count("calls_sum"),
            Cost = row.Money("cost_sum"),
            FirstSeen = row.Micros("first_micros"),
            LastSeen = row.Micros("last_micros"),
        };
    }

    internal static StoreQuery Build(RequestValues values, TimeRange range, IReadOnlyList<string> groups, int limit)
    {
        var query = new StoreQuery();
        List<string> conditions =
        [
            "notEmpty(flags)",
            $"event_time >= {query.BindTime("from", range.From)}", $"event_time < {query.BindTime("to", range.To)}",
        ];
        foreach (var name in FiltersOfLedger)
        {
            if (values.Has(name)) conditions.Add(query.In(OfLedger[name], name, values.All(name)));
        }
        var keys = groups.Select((name, i) => (Name: name, Key: string.Create(CultureInfo.InvariantCulture, $"g{i}"))).ToArray();
        var ofLedger = keys.Where(key => OfLedger.ContainsKey(key.Name)).ToArray();
        var ofSpans = keys.Where(key => OfSpans.Contains(key.Name)).ToArray();
        var where = string.Join(" AND ", conditions);
        var standing = $"""
            SELECT trace_id, span_id, cost_item, flags, toUnixTimestamp64Micro(event_time) AS seen,
                {string.Concat(ofLedger.Select(key => $"{OfLedger[key.Name]} AS {key.Key}, "))}
                sum(toInt64(sign)) AS row_count, sum(toInt64(calls)) AS row_calls, sum(cost) AS row_cost
            FROM cost_ledger
            WHERE {where}
            GROUP BY trace_id, span_id, cost_item, flags, seen{string.Concat(ofLedger.Select(key => $", {key.Key}"))}
            HAVING row_count != 0
            """;
        // The facts are restricted to the traces of the rows, by their key.
        var facts = ofSpans.Length == 0 ? "" : $"""

            LEFT ANY JOIN
            (
                SELECT trace_id, span AS span_id,
                    {string.Join(", ", ofSpans.Select(key => $"toString(argMax({key.Name}, revision)) AS {key.Key}"))}
                FROM trace_facts
                ARRAY JOIN span_ids AS span, services AS service, dialects AS dialect
                WHERE trace_id IN (SELECT trace_id FROM cost_ledger WHERE {where})
                GROUP BY trace_id, span
            ) AS facts ON rows.trace_id = facts.trace_id AND rows.span_id = facts.span_id
            """;
        var wanted = values.Has("flag") ? $"\nWHERE {query.In("flag", "flag", values.All("flag"))}" : "";
        var names = string.Concat(keys.Select(key => $", {key.Key}"));
        query.Sql = string.Create(CultureInfo.InvariantCulture, $"""
            SELECT flag{names}, sum(row_count) AS row_count_sum, sum(row_calls) AS calls_sum, sum(row_cost) AS cost_sum,
                min(seen) AS first_micros, max(seen) AS last_micros
            FROM
            (
                SELECT arrayJoin(rows.flags) AS flag, {string.Concat(keys.Select(key => $"{key.Key}, "))}row_count, row_calls,
                    row_cost, seen
                FROM ({standing}) AS rows{facts}
            ){wanted}
            GROUP BY flag{names}
            ORDER BY cost_sum DESC, row_count_sum DESC, flag{names}
            LIMIT {limit + 1}
            """);
        return query;
    }
}
