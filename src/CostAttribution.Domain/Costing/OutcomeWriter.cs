using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>Writes down what was decided about every span.</summary>
internal static class OutcomeWriter
{
    public static void Write(TraceTree tree, SpanFacts[] facts, SpanFlags[] entryFlags, EvidenceResolver resolver, TraceCosts result)
    {
        for (var place = 0; place < tree.Count; place++)
        {
            var node = tree.NodeByStart(place);
            var span = facts[node];
            var outcome = new SpanOutcome
            {
                Position = tree.Position(node),
                SpanId = span.SpanId,
                Role = span.Role,
                Ownership = span.Ownership,
                SupersededBy = span.SupersededBy < 0 ? default : facts[span.SupersededBy].SpanId,
                Dialect = span.Dialect.Id,
                Flags = span.Flags | entryFlags[node],
                Reported = span.Usage.Vector,
                Excess = span.Excess,
            };
            resolver.Subject = new RuleSubject(span.Resource.Service, span.Provider, span.ProviderProject, span.ProviderKey, resolver.IngestKey);
            (outcome.CustomerId, outcome.CustomerEvidence) = resolver.Resolve(node, -1, null, (int)Dimension.Customer);
            (outcome.FeatureId, outcome.FeatureEvidence) = resolver.Resolve(node, -1, null, (int)Dimension.Feature);
            result.Spans.Add(outcome);
        }
    }
}
