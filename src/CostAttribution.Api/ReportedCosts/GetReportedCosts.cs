using System.Globalization;
using CostAttribution.Api.Reading;
using CostAttribution.Api.Requests;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.ReportedCosts;

/// <summary>One slice: the costs that providers and gateways report, beside ours.</summary>
public static class GetReportedCosts
{
    private static readonly Dictionary<string, string> Groups = new()
    {
        ["provider"] = "provider", ["seller"] = "seller", ["model"] = "model", ["day"] = "toString(toDate(event_time, 'UTC'))",
        ["customer"] = "customer_id", ["environment"] = "environment",
    };

    private static readonly string[] GroupsDefault = ["provider", "seller", "model", "day"];

    // The card that a row names priced all of it; what was taken instead kept it beside.
    private const string Compared = "rate_id != '' AND unpriced_unit = '' AND "
        + "price_status IN ('priced', 'free', 'provider_reported')";

    internal static readonly ParameterTable Parameters = new(
    [
        new Parameter("groupBy", ParameterKind.List, "What to split by, separated by commas.")
        {
            Example = "provider,model", Default = string.Join(',', GroupsDefault), Allowed = [.. Groups.Keys], Repeatable = true,
        },
        TimeRange.FromParameter,
        TimeRange.ToParameter,
        new Parameter("limit", ParameterKind.Count, "Rows answered at most, the largest deviations first.")
        {
            Example = "100",
            Default = ApiLimits.CostRowsDefault.ToString(CultureInfo.InvariantCulture),
            Max = ApiLimits.CostRowsMax,
        },
        .. Filters.Select(name => new Parameter(name, ParameterKind.Text, $"Only calls of this {name}; repeat it for several.")
        {
            Example = name == "model" ? "gpt-5" : name == "provider" ? "openai" : "acme", Repeatable = true, MayBeEmpty = true,
        }),
    ]);

    private static IEnumerable<string> Filters => Groups.Keys.Where(name => name != "day");

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>Reported and own costs by group, and in all.</summary>
    public sealed record Answer
    {
        /// <summary>Start of the range, included, UTC.</summary>
        public required DateTimeOffset From { get; init; }

        /// <summary>End of the range, not included, UTC.</summary>
        public required DateTimeOffset To { get; init; }

        /// <summary>What the rows are split by.</summary>
        public required IReadOnlyList<string> GroupBy { get; init; }

        /// <summary>By the size of the deviation, largest first.</summary>
        public required IReadOnlyList<ReportedCostRow> Rows { get; init; }

        /// <summary>True when the limit cut rows off; the total counts them all the same.</summary>
        public required bool Truncated { get; init; }

        /// <summary>Over everything selected.</summary>
        public required ReportedCostFigures Total { get; init; }

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
                RequestRules.FaultsOfGroups(values, [.. Groups.Keys])));
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
            IReadOnlyList<string> groups = request.Values.Has("groupBy") ? request.Values.Split("groupBy") : GroupsDefault;
            var rows = await store.ReadAsync(Build(request.Values, range, groups, limit), cancellationToken);
            var total = rows.FindIndex(row => row.Flag("is_total"));
            var sum = total < 0 ? new ReportedCostFigures() : ReportedCostFigures.Read(rows[total]);
            if (total >= 0) rows.RemoveAt(total);
            return new Answer
            {
                From = range.From, To = range.To, GroupBy = groups, AsOf = asOf, Total = sum, Truncated = rows.Count > limit,
                Rows = [.. rows.Take(limit).Select(row => new ReportedCostRow(groups.Select((name, i) =>
                    (name, Value: row.Text($"g{i.ToString(CultureInfo.InvariantCulture)}")))
                    .ToDictionary(pair => pair.name, pair => pair.Value), ReportedCostFigures.Read(row)))],
            };
        }
    }

    internal static StoreQuery Build(RequestValues values, TimeRange range, IReadOnlyList<string> groups, int limit)
    {
        var query = new StoreQuery();
        List<string> conditions =
        [
            "isNotNull(provider_reported_cost)",
            $"event_time >= {query.BindTime("from", range.From)}", $"event_time < {query.BindTime("to", range.To)}",
        ];
        foreach (var name in Filters)
        {
            if (values.Has(name)) conditions.Add(query.In(Groups[name], name, values.All(name)));
        }
        var keys = groups.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"g{i}")).ToArray();
        var columns = string.Concat(groups.Select((name, i) => $"{Groups[name]} AS {keys[i]}, "));
        query.Sql = string.Create(CultureInfo.InvariantCulture, $"""
            SELECT grouping({keys[0]}) AS is_total, {string.Join(", ", keys)},
                sum(row_calls) AS all_calls, sumIf(row_calls, compared) AS compared_calls,
                sumIf(row_ours, compared) AS ours, sumIf(row_theirs, compared) AS theirs,
                sumIf(row_calls, deviates) AS deviating_calls, sumIf(row_calls, taken_over) AS taken_calls,
                sumIf(row_theirs, taken_over) AS taken, sumIf(row_theirs, NOT compared) AS uncompared
            FROM
            (
                SELECT {columns}toInt64(calls) AS row_calls, sign AS row_sign,
                    if(price_status = 'provider_reported', list_cost, cost) AS row_ours,
                    assumeNotNull(provider_reported_cost) AS row_theirs, {Compared} AS compared,
                    has(flags, 'reported_cost_deviates') AS deviates, price_status = 'provider_reported' AS taken_over
                FROM cost_ledger
                WHERE {string.Join("\n        AND ", conditions)}
            )
            GROUP BY GROUPING SETS (({string.Join(", ", keys)}), ())
            HAVING is_total = 1 OR sum(row_sign) != 0
            ORDER BY is_total DESC, abs(theirs - ours) DESC, {string.Join(", ", keys)}
            LIMIT {limit + 2}
            """);
        return query;
    }
}
