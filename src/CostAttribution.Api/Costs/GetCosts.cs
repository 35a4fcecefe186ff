using System.Globalization;
using CostAttribution.Api.Pipeline;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Reading;
using CostAttribution.Api.Requests;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Costs;

/// <summary>One slice: what did it cost, by any dimensions, in any range.</summary>
public static class GetCosts
{
    internal static readonly ParameterTable Parameters = new(
    [
        new Parameter("groupBy", ParameterKind.List,
            "Dimensions to split by, separated by commas; dim.<name> for configured ones. Without it only the total is answered.")
        {
            Example = "customer,feature",
            Allowed = CostDimensions.GroupByNames,
            Repeatable = true,
        },
        TimeRange.FromParameter,
        TimeRange.ToParameter,
        new Parameter("timeZone", ParameterKind.Zone,
            "IANA zone in which hours, days and months begin, and in which dates without a time are read.")
        {
            Example = "Europe/Berlin",
            Default = "UTC",
        },
        new Parameter("limit", ParameterKind.Count,
            "Rows answered at most, the costliest first; truncated says whether there were more.")
        {
            Example = "100",
            Default = ApiLimits.CostRowsDefault.ToString(CultureInfo.InvariantCulture),
            Max = ApiLimits.CostRowsMax,
        },
        .. CostDimensions.Filters,
    ]);

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>Costs by group, and their total.</summary>
    public sealed record Answer
    {
        /// <summary>Start of the range, included, UTC.</summary>
        public required DateTimeOffset From { get; init; }

        /// <summary>End of the range, not included, UTC.</summary>
        public required DateTimeOffset To { get; init; }

        /// <summary>Zone of hours, days and months.</summary>
        public required string TimeZone { get; init; }

        /// <summary>The dimensions of the rows.</summary>
        public required IReadOnlyList<string> GroupBy { get; init; }

        /// <summary>Groups by cost, highest first, then by their dimensions. Empty without groupBy.</summary>
        public required IReadOnlyList<CostRow> Rows { get; init; }

        /// <summary>True when the limit cut rows off; the total counts them all the same.</summary>
        public required bool Truncated { get; init; }

        /// <summary>The sum over everything selected.</summary>
        public required CostTotal Total { get; init; }
    }

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules(TimeProvider clock)
        {
            RuleFor(query => query.Values).Follows(Parameters);
            RuleFor(query => query.Values).IsARange(clock);
            RuleFor(query => query.Values)
                .Custom((values, context) => context.AddFaults(FaultsOfGroupBy(values.Split("groupBy"))));
            RuleFor(query => query.Values).Custom((values, context) => context.AddFaults(values.Names
                .Where(name => name.StartsWith(CostDimensions.ConfiguredPrefix, StringComparison.Ordinal)
                    && name.Length > CostDimensions.ConfiguredPrefix.Length)
                .Where(name => !CostDimensions.IsConfigured(name))
                .Select(name =>
                    new Fault(Fault.Shown(name),
                    $"is not the name of a configured dimension: at most {CostDimensions.ConfiguredNameCharsMax} characters "
                    + $"after 'dim.', none of them control characters"))));
        }

        private static IEnumerable<Fault> FaultsOfGroupBy(IReadOnlyList<string> names)
        {
            if (names.Count > ApiLimits.GroupByMax) yield return new Fault("groupBy",
                $"has {names.Count} dimensions; the limit is {ApiLimits.GroupByMax}");
            foreach (var name in names.Distinct())
            {
                if (name.Length == 0) continue;
                if (CostDimensions.Find(name) is not null || CostDimensions.IsPeriod(name)
                    || CostDimensions.IsConfigured(name)) continue;
                yield return new Fault("groupBy", $"names no dimension with '{Fault.Shown(name)}'")
                {
                    Value = Fault.Shown(name),
                    DidYouMean = Suggestion.For(name, CostDimensions.GroupByNames),
                    Allowed = CostDimensions.GroupByNames,
                };
            }
            if (names.Count > 1 && names.Contains("")) yield return new Fault("groupBy", "has an empty name between its commas");
            foreach (var group in names.Where(name => name.Length > 0).GroupBy(name => name).Where(group => group.Count() > 1))
            {
                yield return new Fault("groupBy", $"names '{Fault.Shown(group.Key)}' {group.Count()} times; name it once");
            }
        }
    }

    internal sealed class Handler(StoreReader store, IOpenCosts openCosts, TimeProvider clock) : IRequestHandler<Query, Answer>
    {
        public async Task<Answer> Handle(Query request, CancellationToken cancellationToken)
        {
            var asOf = clock.GetUtcNow();
            var question = Read(request.Values, asOf);
            var rows = await store.ReadAsync(CostSql.Build(question), cancellationToken);

            var total = rows.FindIndex(row => row.Flag("is_total"));
            var sums = total < 0 ? new CostTotal(new CostFigures()) : Total(rows[total]);
            if (total >= 0) rows.RemoveAt(total);
            var truncated = rows.Count > question.Limit;
            if (truncated) rows.RemoveRange(question.Limit, rows.Count - question.Limit);
            return new Answer
            {
                From = question.Range.From,
                To = question.Range.To,
                TimeZone = question.Zone.Id,
                GroupBy = question.GroupBy,
                Rows = [.. rows.Select(row => new CostRow(Dimensions(question, row), CostFigures.Read(row)))],
                Truncated = truncated,
                Total = sums with
                {
                    OpenCost = openCosts.Read().Sum(question.Range.From, question.Range.To, question.Filters),
                    AsOf = asOf,
                },
            };
        }

        private static CostTotal Total(StoreRow row) =>
            new(CostFigures.Read(row)) { UnattributedCost = row.Money("unattributed_cost_sum") };

        internal static CostQuestion Read(RequestValues values, DateTimeOffset now)
        {
            var zone = Zones.TryFind(values.One("timeZone") ?? "UTC", out var found) ? found : TimeZoneInfo.Utc;
            return new CostQuestion
            {
                Range = TimeRange.Read(values, now, zone),
                Zone = zone,
                GroupBy = values.Split("groupBy"),
                Filters = values.Names
                    .Where(name => CostDimensions.Find(name) is not null || CostDimensions.IsConfigured(name))
                    .ToDictionary(name => name, values.All, StringComparer.Ordinal),
                Limit = values.One("limit") is { } limit ? int.Parse(limit, CultureInfo.InvariantCulture)
                    : ApiLimits.CostRowsDefault,
            };
        }

        private static KeyValuePair<string, string>[] Dimensions(CostQuestion question, StoreRow row) =>
            [.. question.GroupBy.Select((name, i) => new KeyValuePair<string,
                string>(name, ValueOf(question, name, row, string.Create(CultureInfo.InvariantCulture, $"d{i}"))))];

        private static string ValueOf(CostQuestion question, string name, StoreRow row, string column)
        {
            if (name != "hour") return row.Text(column);
            var hour = DateTimeOffset.FromUnixTimeSeconds(row.Count(column));
            return question.Zone == TimeZoneInfo.Utc
                ? TimeText.Format(hour)
                : TimeZoneInfo.ConvertTime(hour, question.Zone)
                    .ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
        }
    }
}
