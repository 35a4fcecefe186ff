using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>LiteLLM proxy, first version of its telemetry.</summary>
internal static class LiteLlmV1
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "litellm_v1",
        Rank = 250,
        Recognises = static span => span.ScopeStarts("litellm")
            || span.Hinted(FingerprintHints.LiteLlmKeyMetadata)
            || span.Has(SpanTraits.LiteLlmName),
        CacheInclusion = static _ => Inclusion.Inclusive,
        // Input and output alone; the second version has the rest.
        Hides = static question => question.Details,
        Gateway = true,
    };
}
