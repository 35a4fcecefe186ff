using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>The LangSmith exporter: LangChain's usage metadata, details as Python text.</summary>
internal static class LangSmith
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "langsmith",
        Rank = 260,
        Recognises = static span => span.Hinted(FingerprintHints.LangSmith),
        // LangChain's Bedrock adapters have counted both ways.
        CacheInclusion = static question =>
            question.Provider == ProviderClass.Bedrock ? Inclusion.LikelyInclusive : Inclusion.Inclusive,
    };
}
