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
        Rank = 330,
        Recognises = static span => span.ScopeStarts("gcp.vertex.agent"),
        CacheInclusion = static _ => Inclusion.Inclusive,
        // The newer convention counts thoughts in the output; only the classic record has them beside it.
        ReasoningInclusion = static question =>
            question.Raw.ReasoningFromRecord ? Inclusion.LikelyExclusive : Inclusion.Inclusive,
        // With content capture off the record is empty and the thoughts are nowhere.
        Hides = static question => question.Raw.HasTotal ? HiddenParts.None : HiddenParts.Thoughts,
        LeafNames = ["call_llm"],
    };
}
