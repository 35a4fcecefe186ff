namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>opencode: plain GenAI conventions with the newest name for cache writes.</summary>
internal static class OpenCode
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "opencode",
        Rank = 430,
        Recognises = static span => span.ScopeStarts("opencode") && span.Has(SpanTraits.GenAi),
        CacheInclusion = static _ => Inclusion.Inclusive,
    };
}
