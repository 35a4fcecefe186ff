using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>LiteLLM proxy, second version of its telemetry: counts normalised by LiteLLM.</summary>
internal static class LiteLlmV2
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "litellm_v2",
        Rank = 240,
        Recognises = static span => span.Hinted(FingerprintHints.LiteLlm),
        CacheInclusion = static _ => Inclusion.Inclusive,
        Gateway = true,
    };
}
