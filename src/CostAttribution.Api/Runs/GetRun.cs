using CostAttribution.Api.Problems;
using CostAttribution.Api.Reading;
using CostAttribution.Api.Requests;
using CostAttribution.Api.Spans;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Runs;

/// <summary>One slice: a run with its span tree.</summary>
public static class GetRun
{
    internal static readonly ParameterTable Parameters = new([]);

    internal sealed record Query(string RunId, RequestValues Values) : IRequest<Answer?>;

    /// <summary>A run, its figures and its spans.</summary>
    public sealed record Answer
    {
        /// <summary>The run's figures.</summary>
        public required RunSummary Run { get; init; }

        /// <summary>Spans in the tree.</summary>
        public required long SpanCount { get; init; }

        /// <summary>
        /// True when the run has more spans or ledger rows than are shown; the run's figures count them all the same.
        /// </summary>
        public required bool Truncated { get; init; }

        /// <summary>The roots, by start.</summary>
        public required IReadOnlyList<RunSpan> Spans { get; init; }
    }

    internal sealed class Rules : AbstractValidator<Query>
    {
        private const int RunIdCharsMax = 512;

        public Rules()
        {
            RuleFor(query => query.Values).Follows(Parameters);
            RuleFor(query => query.RunId).Custom((runId, context) =>
            {
                if (runId.Length is > 0 and <= RunIdCharsMax && !runId.Any(char.IsControl)) return;
                context.AddFaults([new Fault("runId",
                    $"is not a run id: 1 to {RunIdCharsMax} characters, no control characters") { Value = Fault.Shown(runId) }]);
            });
        }
    }

    internal sealed class Handler(StoreReader store) : IRequestHandler<Query, Answer?>
    {
        public async Task<Answer?> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await store.ReadAsync(RunSql(request.RunId), cancellationToken);
            if (found.Count == 0) return null;

            var reading = store.ReadAsync(LedgerSql(request.RunId), cancellationToken);
            var spans = (await store.ReadAsync(SpansSql(request.RunId), cancellationToken)).ConvertAll(SpanFacts.Read);
            var rows = (await reading).ConvertAll(LedgerRows.Read);

            var truncated = spans.Count > ApiLimits.RunSpansMax || rows.Count > ApiLimits.RunRowsMax;
            if (spans.Count > ApiLimits.RunSpansMax) spans.RemoveRange(ApiLimits.RunSpansMax,
                spans.Count - ApiLimits.RunSpansMax);
            if (rows.Count > ApiLimits.RunRowsMax)
            {
                // The last span may have more rows than were read: half of its corrections would show a wrong cost.
                var last = rows[^1];
                rows.RemoveAll(row => row.SpanId == last.SpanId && row.TraceId == last.TraceId);
            }
            return new Answer
            {
                Run = RunSummary.Read(found[0]),
                SpanCount = spans.Select(span => (span.TraceId, span.SpanId)).Union(rows.Select(row => (row.TraceId, row.SpanId)))
                    .LongCount(),
                Truncated = truncated,
                Spans = RunTree.Build(spans, rows),
            };
        }

        private static StoreQuery RunSql(string runId)
        {
            var query = new StoreQuery();
            query.Sql = $"""
                SELECT {RunSummary.Columns}
                FROM workflow_runs
                WHERE run_id = {query.BindText("run", runId)}
                """;
            return query;
        }

        private static StoreQuery LedgerSql(string runId)
        {
            var query = new StoreQuery();
            query.Sql = LedgerRows.Sql($"run_id = {query.BindText("run", runId)}", ApiLimits.RunRowsMax + 1);
            return query;
        }

        private static StoreQuery SpansSql(string runId)
        {
            var query = new StoreQuery();
            var traces = $"SELECT trace_id FROM run_segments WHERE run_id = {query.BindText("run", runId)}";
            query.Sql = SpanFacts.Sql($"trace_id IN ({traces})", ApiLimits.RunSpansMax + 1);
            return query;
        }
    }
}
