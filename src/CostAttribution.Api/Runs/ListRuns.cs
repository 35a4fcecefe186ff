using System.Globalization;
using CostAttribution.Api.Problems;
using CostAttribution.Api.Reading;
using CostAttribution.Api.Requests;
using CostAttribution.Domain.Ledger;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Runs;

/// <summary>One slice: workflow runs by time, customer, status or cost, page by page.</summary>
public static class ListRuns
{
    private static readonly (string Name, string Column, string Description)[] TextFilters =
    [
        ("workflow", "workflow", "Only runs of this workflow; repeat it for several."),
        ("customer", "customer_id", "Only runs of this customer; empty = runs without one customer; repeat it for several."),
        ("feature", "feature_id", "Only runs of this feature; empty = unattributed; repeat it for several."),
        ("environment", "environment", "Only runs in this environment; repeat it for several."),
        ("team", "team", "Only runs of this team; empty = unattributed; repeat it for several."),
        ("agent", "agent", "Only runs of this agent; repeat it for several."),
    ];

    private static readonly string[] Statuses = [.. Enum.GetNames<RunStatus>().Select(name => name.ToLowerInvariant())];

    internal static readonly ParameterTable Parameters = new(
    [
        TimeRange.FromParameter,
        TimeRange.ToParameter,
        .. TextFilters.Select(filter => new Parameter(filter.Name, ParameterKind.Text, filter.Description)
        {
            Example = filter.Name == "customer" ? "acme" : null,
            Repeatable = true,
            MayBeEmpty = true,
        }),
        new Parameter("status", ParameterKind.Text, "Only runs with this status; repeat it for several.")
        {
            Example = "failed",
            Allowed = Statuses,
            Repeatable = true,
        },
        new Parameter("minCost", ParameterKind.Amount, "Only runs that cost at least this much, in USD.") { Example = "0.25" },
        new Parameter("sort", ParameterKind.Text, "Order; a leading minus means highest first.")
        {
            Example = "-cost",
            Default = RunSort.DefaultName,
            Allowed = [.. RunSort.All.Select(sort => sort.Name)],
        },
        new Parameter("limit", ParameterKind.Count, "Runs per page.")
        {
            Example = "20",
            Default = ApiLimits.RunsDefault.ToString(CultureInfo.InvariantCulture),
            Max = ApiLimits.RunsMax,
        },
        new Parameter("cursor", ParameterKind.Opaque,
            "The nextCursor of the page before; all other parameters but limit must stay as they were."),
    ]);

    internal sealed record Query(RequestValues Values) : IRequest<Answer>;

    /// <summary>One page of runs.</summary>
    public sealed record Answer
    {
        /// <summary>Start of the range of startedAt, included.</summary>
        public required DateTimeOffset From { get; init; }

        /// <summary>End of the range of startedAt, not included.</summary>
        public required DateTimeOffset To { get; init; }

        /// <summary>The order in force.</summary>
        public required string Sort { get; init; }

        /// <summary>The page.</summary>
        public required IReadOnlyList<RunSummary> Runs { get; init; }

        /// <summary>Send it as cursor for the next page; null on the last one.</summary>
        public required string? NextCursor { get; init; }
    }

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules(TimeProvider clock)
        {
            RuleFor(query => query.Values).Follows(Parameters);
            RuleFor(query => query.Values).IsARange(clock);
            RuleFor(query => query.Values).Custom((values, context) =>
            {
                if (values.One("cursor") is not { Length: > 0 } cursor || !IsKnownSort(values.One("sort"))) return;
                if (RunCursor.TryDecode(cursor, values, out _)) return;
                context.AddFaults([new Fault("cursor",
                    "was not given out for this question: send it with the same parameters as the page before, or leave it out "
                    + "to begin anew")]);
            });
        }

        private static bool IsKnownSort(string? name) => name is null || RunSort.All.Any(sort => sort.Name == name);
    }

    internal sealed class Handler(StoreReader store, TimeProvider clock) : IRequestHandler<Query, Answer>
    {
        public async Task<Answer> Handle(Query request, CancellationToken cancellationToken)
        {
            var values = request.Values;
            var sort = RunSort.Find(values.One("sort"));
            var limit = values.One("limit") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : ApiLimits.RunsDefault;
            var cursor = values.One("cursor") is { } given && RunCursor.TryDecode(given, values, out var decoded) ? decoded
                : null;
            var range = cursor is null ? TimeRange.Read(values, clock.GetUtcNow(), TimeZoneInfo.Utc)
                : new TimeRange(cursor.From, cursor.To);

            var rows = await store.ReadAsync(Sql(values, range, sort, cursor, limit), cancellationToken);
            RunSummary[] runs = [.. rows.Take(limit).Select(RunSummary.Read)];
            return new Answer
            {
                From = range.From,
                To = range.To,
                Sort = sort.Name,
                Runs = runs,
                NextCursor = rows.Count <= limit
                    ? null
                    : new RunCursor(RunCursor.DigestOf(values), range.From, range.To, sort.KeyOf(runs[^1]), runs[^1].RunId)
                        .Encode(),
            };
        }

        private static StoreQuery Sql(RequestValues values, TimeRange range, RunSort sort, RunCursor? cursor, int limit)
        {
            var query = new StoreQuery();
            var from = query.BindTime("from", range.From);
            var to = query.BindTime("to", range.To);
            var conditions = new List<string>
            {
                // A run starts with one of its segments: this spares the view all runs without a segment in the range.
                $"run_id IN (SELECT run_id FROM run_segments WHERE started_at >= {from} AND started_at < {to})",
                $"started_at >= {from}",
                $"started_at < {to}",
            };
            if (values.All("customer") is { Count: > 0 } customers && !customers.Contains(""))
            {
                // So has a run with a customer a segment with that customer.
                conditions.Add(
                    $"run_id IN (SELECT run_id FROM run_segments WHERE "
                    + $"{query.In("customer_id", "segment_customer", customers)})");
            }
            foreach (var (name, column, _) in TextFilters)
            {
                if (values.Has(name)) conditions.Add(query.In(column, name, values.All(name)));
            }
            if (values.Has("status")) conditions.Add(query.In("toString(status)", "status", values.All("status")));
            if (values.One("minCost") is { } minCost) conditions.Add(
                $"cost >= {query.Bind("min_cost", "Decimal(38, 12)", minCost)}");
            if (cursor is not null)
            {
                var key = query.Bind("key", sort.StoreType, cursor.Key);
                var after = query.BindText("after", cursor.RunId);
                conditions.Add(
                    $"({sort.Column} {(sort.Descending ? '<' : '>')} {key} OR ({sort.Column} = {key} AND run_id > {after}))");
            }
            query.Sql = string.Create(CultureInfo.InvariantCulture, $"""
                SELECT {RunSummary.Columns}
                FROM workflow_runs
                WHERE {string.Join("\n    AND ", conditions)}
                ORDER BY {sort.Column}{(sort.Descending ? " DESC" : "")}, run_id
                LIMIT {limit + 1}
                """);
            return query;
        }
    }
}
