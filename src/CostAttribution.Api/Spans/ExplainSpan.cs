using CostAttribution.Api.Reading;
using CostAttribution.Api.Requests;
using CostAttribution.Domain.Pricing;
using FluentValidation;
using MediatR;

namespace CostAttribution.Api.Spans;

/// <summary>One slice: every ledger row of a span, with the reason for each number.</summary>
public static class ExplainSpan
{
    internal static readonly ParameterTable Parameters = new([]);

    internal sealed record Query(string TraceId, string SpanId, RequestValues Values) : IRequest<Answer?>;

    /// <summary>What a span cost and why.</summary>
    public sealed record Answer
    {
        /// <summary>Trace, 32 hexadecimal digits.</summary>
        public required string TraceId { get; init; }

        /// <summary>Span, 16 hexadecimal digits.</summary>
        public required string SpanId { get; init; }

        /// <summary>The run it belongs to; empty when it has no ledger row.</summary>
        public required string RunId { get; init; }

        /// <summary>Name of the span; empty when only its ledger rows are known.</summary>
        public required string Name { get; init; }

        /// <summary>Service that sent it.</summary>
        public required string Service { get; init; }

        /// <summary>Instrumentation scope.</summary>
        public required string Scope { get; init; }

        /// <summary>
        /// leaf (a provider call), container, tool, non_billable or other; empty when only its ledger rows are known.
        /// </summary>
        public required string Role { get; init; }

        /// <summary>owner, duplicate, aggregate, aggregate_fallback or none.</summary>
        public required string Ownership { get; init; }

        /// <summary>The span that owns the call this one repeats; null when none does.</summary>
        public required SpanLink? SupersededBy { get; init; }

        /// <summary>Usage the span reported although it is not billed here, by unit.</summary>
        public required IReadOnlyDictionary<string, long> Reported { get; init; }

        /// <summary>On a container: what it reported beyond the calls billed below it, by unit; listed, not billed.</summary>
        public required IReadOnlyDictionary<string, long> Excess { get; init; }

        /// <summary>
        /// How the cost was found; superseded when it is billed on another span, none when there is nothing to bill.
        /// </summary>
        public required string PriceStatus { get; init; }

        /// <summary>What stands now: the sum of all rows, USD.</summary>
        public required Money Cost { get; init; }

        /// <summary>The reasons, in the order of the work: ownership, usage, attribution, price.</summary>
        public required IReadOnlyList<Reason> Reasons { get; init; }

        /// <summary>Quantity times price of what stands now.</summary>
        public required IReadOnlyList<PricedComponent> Components { get; init; }

        /// <summary>Guesses and oddities, each in plain words.</summary>
        public required IReadOnlyList<ExplainedFlag> Flags { get; init; }

        /// <summary>Every row ever posted for the span, in order, corrections included.</summary>
        public required IReadOnlyList<ExplainedRow> Rows { get; init; }

        /// <summary>True when the span has more rows than are shown; cost then is the sum of those shown.</summary>
        public required bool Truncated { get; init; }
    }

    internal sealed class Rules : AbstractValidator<Query>
    {
        public Rules()
        {
            RuleFor(query => query.Values).Follows(Parameters);
            RuleFor(query => query.TraceId).IsATraceId();
            RuleFor(query => query.SpanId).IsASpanId();
        }
    }

    internal sealed class Handler(StoreReader store) : IRequestHandler<Query, Answer?>
    {
        public async Task<Answer?> Handle(Query request, CancellationToken cancellationToken)
        {
            var traceId = request.TraceId.ToLowerInvariant();
            var spanId = request.SpanId.ToLowerInvariant();
            var reading = store.ReadAsync(RowsSql(traceId, spanId), cancellationToken);
            var facts = (await store.ReadAsync(FactsSql(traceId, spanId), cancellationToken)).ConvertAll(SpanFacts.Read)
                .FirstOrDefault();
            var rows = LedgerRows.InOrder((await reading).ConvertAll(LedgerRows.Read));
            if (facts is null && rows.Count == 0) return null;

            var truncated = rows.Count > ApiLimits.SpanRowsMax;
            if (truncated) rows.RemoveRange(ApiLimits.SpanRowsMax, rows.Count - ApiLimits.SpanRowsMax);
            var standing = LedgerRows.Standing(rows);
            var sources = standing.Any(HasAncestorEvidence) && facts is not null
                ? ValueSources.Find(facts,
                    (await store.ReadAsync(TraceSql(traceId), cancellationToken)).ConvertAll(SpanFacts.Read))
                : ValueSources.None;
            return Explain(traceId, spanId, facts, rows, standing, sources) with { Truncated = truncated };
        }

        private static bool HasAncestorEvidence(LedgerRow row) =>
            row.Attribution.CustomerEvidence == "ancestor" || row.Attribution.FeatureEvidence == "ancestor";

        private static Answer Explain(string traceId, string spanId, SpanFacts? facts, List<LedgerRow> rows,
            List<LedgerRow> standing,
            IReadOnlyDictionary<string, SpanLink> sources)
        {
            var supersededBy = facts is { SupersededBy.Length: > 0 } ? SpanLink.To(traceId, facts.SupersededBy) : null;
            return new Answer
            {
                TraceId = traceId,
                SpanId = spanId,
                RunId = rows.Count > 0 ? rows[^1].RunId : "",
                Name = facts?.Name ?? "",
                Service = facts?.Service ?? "",
                Scope = facts?.Scope ?? "",
                Role = facts?.Role ?? "",
                Ownership = facts?.Ownership ?? rows[^1].Ownership,
                SupersededBy = supersededBy,
                Reported = facts?.Reported ?? new Dictionary<string, long>(),
                Excess = facts?.Excess ?? new Dictionary<string, long>(),
                PriceStatus = standing.Count > 0 ? standing[0].PriceStatus : supersededBy is null ? "none" : "superseded",
                Cost = LedgerRows.Sum(rows, row => row.Cost),
                Reasons = [.. SpanReasons.Of(facts, standing, sources)],
                Components = [.. standing.SelectMany(PricedComponent.Of)],
                Flags = [.. (facts?.Flags ?? []).Concat(standing.SelectMany(row => row.Flags)).Distinct()
                    .Select(flag => new ExplainedFlag(flag, FlagTexts.For(flag)))],
                Rows = [.. rows.Select(row => new ExplainedRow(SpanReasons.WhyOf(row), row))],
                Truncated = false,
            };
        }

        private static StoreQuery RowsSql(string traceId, string spanId)
        {
            var query = new StoreQuery();
            query.Sql = LedgerRows.Sql(Condition(query, traceId, spanId), ApiLimits.SpanRowsMax + 1);
            return query;
        }

        private static StoreQuery FactsSql(string traceId, string spanId)
        {
            var query = new StoreQuery();
            query.Sql = SpanFacts.Sql(Condition(query, traceId, spanId), 1);
            return query;
        }

        private static StoreQuery TraceSql(string traceId)
        {
            var query = new StoreQuery();
            query.Sql = SpanFacts.Sql($"trace_id = {query.BindText("trace", traceId)}", ApiLimits.AncestorSpansMax);
            return query;
        }

        private static string Condition(StoreQuery query, string traceId, string spanId) =>
            $"trace_id = {query.BindText("trace", traceId)} AND span_id = {query.BindText("span", spanId)}";
    }
}
