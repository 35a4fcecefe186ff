namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// Google ADK: the call span counts candidates without thoughts; the provider's record on it has them when content capture
/// is on.
/// </summary>
internal static class GoogleAdk
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "google_adk",
        Recognises = static span => span.ScopeStarts("gcp.vertex.agent"),
        CacheInclusion = static _ => Inclusion.Inclusive,
        ReasoningBesideOutput = static _ => true,
        MayMissReasoning = true,
        LeafNames = ["call_llm"],
    };
}
