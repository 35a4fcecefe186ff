namespace CostAttribution.Api.Spans;

/// <summary>Traces an inherited customer or feature to the span it came from.</summary>
internal static class ValueSources
{
    public static readonly IReadOnlyDictionary<string, SpanLink> None = new Dictionary<string, SpanLink>();

    /// <summary>
    /// Dimension → the topmost of the unbroken line of spans above that carry the span's own value. Every span below it in the
    /// line may have it from there; a dimension whose parent does not carry the value is left out.
    /// </summary>
    public static IReadOnlyDictionary<string, SpanLink> Find(SpanFacts span, IEnumerable<SpanFacts> trace)
    {
        var byId = new Dictionary<string, SpanFacts>(StringComparer.Ordinal);
        foreach (var other in trace) byId.TryAdd(other.SpanId, other);

        var sources = new Dictionary<string, SpanLink>();
        Add(sources, "customer", span, byId, facts => facts.Customer);
        Add(sources, "feature", span, byId, facts => facts.Feature);
        return sources;
    }

    private static void Add(
        Dictionary<string, SpanLink> sources, string dimension, SpanFacts span, Dictionary<string, SpanFacts> byId,
            Func<SpanFacts, string> valueOf)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { span.SpanId };
        SpanFacts? source = null;
        for (var at = span; byId.TryGetValue(at.ParentSpanId, out var parent) && seen.Add(parent.SpanId); at = parent)
        {
            if (valueOf(parent) != valueOf(span) || valueOf(parent).Length == 0) break;
            source = parent;
        }
        if (source is not null) sources.Add(dimension, SpanLink.To(source.TraceId, source.SpanId));
    }
}
