using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Finds a dimension's value for a span or a call in the order of evidence: own, ancestor, link, run, resource, session, rule.
/// Proper keys go through the whole order before fallback keys are looked at.
/// </summary>
internal sealed class EvidenceResolver
{
    private int[] linkedNode = [];
    private TraceSpans trace = null!;
    private TraceTree tree = null!;
    private SpanFacts[] facts = [];
    private IdentityTable identities = null!;
    private AttributionTable attribution = null!;
    private TraceContext context = TraceContext.Empty;
    private string rootRoute = "";

    /// <summary>What a call looks like to rules, set before its dimensions are resolved.</summary>
    public RuleSubject Subject { get; set; }

    public void Begin(TraceSpans trace, TraceTree tree, SpanFacts[] facts, IdentityTable identities,
        AttributionTable attribution, TraceContext context)
    {
        (this.trace, this.tree, this.facts, this.identities) = (trace, tree, facts, identities);
        (this.attribution, this.context) = (attribution, context);
        rootRoute = tree.Root >= 0 ? facts[tree.Root].HttpRoute : "";
        Scratch.Ensure(ref linkedNode, tree.Count);
        for (var node = 0; node < tree.Count; node++)
        {
            var parent = tree.Parent(node);
            linkedNode[node] = facts[node].LinkCount > 0 ? node : parent < 0 ? -1 : linkedNode[parent];
        }
    }

    /// <summary>Spans of calls looked at for values so far.</summary>
    public long MembersSeen { get; private set; }

    /// <summary>The nearest span, itself included, that has links; −1 when none has.</summary>
    public int LinkedNode(int node) => linkedNode[node];

    /// <param name="members">First span of the call the node owns, for values that only another report of the call carries; −1
    /// for none.</param>
    public (string Value, Evidence Evidence) Resolve(int node, int members, CallElection? calls, int dimension)
    {
        var proper = Near(node, members, calls, dimension * 2);
        if (proper.Evidence != Evidence.None) return proper;
        proper = Far(node, members, calls, dimension);
        if (proper.Evidence != Evidence.None) return proper;
        var fallback = Near(node, members, calls, dimension * 2 + 1);
        if (fallback.Evidence != Evidence.None) return fallback;
        if (facts[node].Resource.Dimensions[dimension * 2 + 1] is { Length: > 0 } resource) return (resource, Evidence.Resource);
        if (attribution.ByRule(dimension, Subject) is { Length: > 0 } ruled) return (ruled, Evidence.Rule);
        return dimension == (int)Dimension.Feature && rootRoute.Length > 0 ? (rootRoute, Evidence.Ancestor) : ("", Evidence.None);
    }

    /// <summary>
    /// What a span's own trace says of it, however much others say: on the span, above it, by its process. Unlike the outcome of
    /// <see cref="Resolve"/> it hangs on nothing that was heard, so that traces can tell it to each other in any order.
    /// </summary>
    public string FirstHand(int node, int dimension)
    {
        for (var slot = dimension * 2; slot <= dimension * 2 + 1; slot++)
        {
            if (identities.Nearest(node, slot).Value is { Length: > 0 } near) return near;
            if (facts[node].Resource.Dimensions[slot] is { Length: > 0 } resource) return resource;
        }
        return dimension == (int)Dimension.Feature ? rootRoute : "";
    }

    /// <summary>
    /// The session that others may name the customer of, for a span or a call; empty when its own trace names the customer by a
    /// proper key, which nothing heard of a session comes before.
    /// </summary>
    public string OpenSession(int node, int members, CallElection calls)
    {
        const int customer = (int)Dimension.Customer * 2;
        if (Near(node, members, calls, customer).Evidence != Evidence.None
            || facts[node].Resource.Dimensions[customer] is { Length: > 0 }) return "";
        return Near(node, members, calls, (int)Dimension.Session * 2).Value;
    }

    private (string Value, Evidence Evidence) Near(int node, int members, CallElection? calls, int slot)
    {
        var (value, source) = identities.Nearest(node, slot);
        if (source == node) return (value, Evidence.Own);
        for (var member = members; member >= 0; member = calls!.NextMember(member))
        {
            MembersSeen++;
            if (member == node || facts[member].Dialect.VendorPushed) continue;
            var (other, at) = identities.Nearest(member, slot);
            if (at == member) return (other, Evidence.Own);
            if (source < 0 && at >= 0) (value, source) = (other, at);
        }
        return source >= 0 ? (value, Evidence.Ancestor) : ("", Evidence.None);
    }

    private (string Value, Evidence Evidence) Far(int node, int members, CallElection? calls, int dimension)
    {
        if (ByLink(node, dimension) is { Length: > 0 } linked) return (linked, Evidence.Link);
        if (context.Final && InRun(dimension) is { Length: > 0 } unique) return (unique, Evidence.Run);
        if (facts[node].Resource.Dimensions[dimension * 2] is { Length: > 0 } resource) return (resource, Evidence.Resource);
        if (context.Final && dimension != (int)Dimension.Session && context.Sessions.Count > 0
            && Near(node, members, calls, (int)Dimension.Session * 2) is { Value.Length: > 0 } session
            && context.Sessions.TryGetValue(session.Value, out var values) && Of(values, dimension) is { Length: > 0 } known)
            return (known, Evidence.Session);
        return ("", Evidence.None);
    }

    private string ByLink(int node, int dimension)
    {
        var linked = linkedNode[node];
        // Of a linked span others tell no more than whose it is and what for.
        if (linked < 0 || dimension is not ((int)Dimension.Customer or (int)Dimension.Feature)) return "";
        var span = trace[tree.Position(linked)];
        for (var i = 0; i < span.LinkCount; i++)
        {
            var link = span.Link(i);
            // Of an own span nothing is asked, but earlier programs did: what they posted with the answer must come out again.
            var value = context.Links.TryGetValue(link, out var values) ? Of(values, dimension)
                : link.TraceId == trace.TraceId ? OfOwnSpan(link.SpanId, dimension) : "";
            if (value.Length > 0) return value;
        }
        return "";
    }

    private string OfOwnSpan(SpanId id, int dimension)
    {
        var position = trace.Find(id);
        return position < 0 ? "" : FirstHand(tree.NodeAt(position), dimension);
    }

    /// <summary>The one value found anywhere in the run; empty when there are several.</summary>
    private string InRun(int dimension)
    {
        var slot = dimension * 2;
        if (identities.HasSeveral(slot)) return "";
        var here = identities.Unique(slot);
        var elsewhere = Of(context.Run, dimension);
        if (here.Length == 0) return elsewhere;
        return elsewhere.Length == 0 || elsewhere == here ? here : "";
    }

    private string Of(IReadOnlyList<OutsideValue> values, int dimension)
    {
        var name = attribution.Dimensions[dimension];
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i].Dimension == name) return values[i].Value;
        }
        return "";
    }
}
