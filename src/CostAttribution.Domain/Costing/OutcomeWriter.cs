using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>Writes down what was decided about every span.</summary>
internal static class OutcomeWriter
{
    public static void Write(
        TraceTree tree, SpanFacts[] facts, SpanFlags[] entryFlags, IdentityTable identities, EvidenceResolver resolver,
            TraceCosts result)
    {
        SpanOutcome? last = null;
        var lastNode = -1;
        for (var place = 0; place < tree.Count; place++)
        {
            var node = tree.NodeByStart(place);
            var span = facts[node];
            var outcome = result.AddSpan();
            outcome.Position = tree.Position(node);
            outcome.SpanId = span.SpanId;
            outcome.Role = span.Role;
            outcome.Ownership = span.Ownership;
            outcome.SupersededBy = span.SupersededBy < 0 ? default : facts[span.SupersededBy].SpanId;
            outcome.Dialect = span.Dialect.Id;
            outcome.Flags = span.Flags | entryFlags[node];
            outcome.Reported = span.IsDifference ? span.Lifetime : span.Usage.Vector;
            outcome.Excess = span.Excess;
            if (last is not null && IsAlike(lastNode, node))
            {
                (outcome.CustomerId, outcome.CustomerEvidence) = (last.CustomerId, last.CustomerEvidence);
                (outcome.FeatureId, outcome.FeatureEvidence) = (last.FeatureId, last.FeatureEvidence);
                (outcome.SaidCustomer, outcome.SaidFeature) = (last.SaidCustomer, last.SaidFeature);
            }
            else
            {
                resolver.Subject = new RuleSubject(span.Resource.Service, span.Provider, span.ProviderProject, span.ProviderKey);
                (outcome.CustomerId, outcome.CustomerEvidence) = resolver.Resolve(node, -1, null, (int)Dimension.Customer);
                (outcome.FeatureId, outcome.FeatureEvidence) = resolver.Resolve(node, -1, null, (int)Dimension.Feature);
                outcome.SaidCustomer = resolver.FirstHand(node, (int)Dimension.Customer);
                outcome.SaidFeature = resolver.FirstHand(node, (int)Dimension.Feature);
                (last, lastNode) = (outcome, node);
            }
        }

        // Everything that evidence depends on is the same, and neither span carries a value of its own.
        bool IsAlike(int left, int right) =>
            identities.RowOf(left) == identities.RowOf(right) && !identities.HasOwnRow(left) && !identities.HasOwnRow(right)
            && ReferenceEquals(facts[left].Resource, facts[right].Resource)
                && resolver.LinkedNode(left) == resolver.LinkedNode(right)
            && facts[left].Provider == facts[right].Provider && facts[left].ProviderProject == facts[right].ProviderProject
            && facts[left].ProviderKey == facts[right].ProviderKey;
    }
}
