using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// What a trace would like to know from outside, and what it can tell others. Both follow from its spans alone: were they to hang
/// on answers it has, the outcome would hang on the order in which those came.
/// </summary>
internal static class OutsideNeeds
{
    /// <summary>Properties of a session; a feature or an agent is not one.</summary>
    private static readonly Dimension[] OfSession =
        [Dimension.Customer, Dimension.User, Dimension.Plan, Dimension.Audience, Dimension.Team, Dimension.Product];

    private static readonly Dimension[] OfRun = [Dimension.Customer, Dimension.Feature];

    public static void Collect(TraceSpans trace, TraceTree tree, SpanFacts[] facts, CallElection calls,
        ContainerElection containers, IdentityTable identities, AttributionTable attribution,
        EvidenceResolver resolver, TraceCosts result, List<CostItem> items)
    {
        if (result.ExplicitRunId.Length > 0)
        {
            foreach (var dimension in OfRun) AddRunValue(dimension, identities, attribution, result);
        }
        foreach (var call in calls.Calls) AddQuestions(call.Owner, call.FirstMember);
        foreach (var container in containers.Billed) AddQuestions(container.Node, -1);
        foreach (var item in items) AddQuestions(item.Node, calls.CallOf(item.Node)?.FirstMember ?? -1);

        for (var node = 0; node < tree.Count; node++)
        {
            var parent = tree.Parent(node);
            if (facts[node].Dialect.VendorPushed || (parent >= 0 && identities.RowOf(node) == identities.RowOf(parent))) continue;
            var session = identities.Nearest(node, (int)Dimension.Session * 2).Value;
            if (session.Length == 0) continue;
            foreach (var dimension in OfSession) AddSessionValue(session, dimension,
                identities.Nearest(node, (int)dimension * 2).Value, attribution, result);
        }

        void AddQuestions(int node, int members)
        {
            AddLinks(node, trace, tree, identities, resolver, result);
            if (resolver.OpenSession(node, members, calls) is { Length: > 0 } session) result.OpenSessions.Add(session);
        }
    }

    private static void AddLinks(int node, TraceSpans trace, TraceTree tree, IdentityTable identities, EvidenceResolver resolver,
        TraceCosts result)
    {
        var linked = resolver.LinkedNode(node);
        if (linked < 0 || identities.Nearest(node, (int)Dimension.Customer * 2).Node >= 0) return;
        var span = trace[tree.Position(linked)];
        for (var i = 0; i < span.LinkCount; i++)
        {
            var link = span.Link(i);
            if (link.TraceId != trace.TraceId) result.OpenLinks.Add(link);
        }
    }

    // Values of proper keys on spans, as the resolver takes them from its own trace: what was itself inferred is no evidence.
    private static void AddRunValue(Dimension dimension, IdentityTable identities, AttributionTable attribution,
        TraceCosts result)
    {
        var slot = (int)dimension * 2;
        var value = identities.Unique(slot);
        if (value.Length == 0 && !identities.HasSeveral(slot)) return;
        result.RunValues.Add(new OutsideValue(attribution.Dimensions[(int)dimension], value));
    }

    private static void AddSessionValue(string session, Dimension dimension, string value, AttributionTable attribution,
        TraceCosts result)
    {
        if (value.Length > 0) result.AddSessionValue(session, new OutsideValue(attribution.Dimensions[(int)dimension], value));
    }
}
