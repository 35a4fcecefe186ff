namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>The Anthropic SDKs' own spans: input normalised to include the cache, cache writes split by time to live.</summary>
internal static class AnthropicSdk
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "anthropic_sdk",
        Rank = 10,
        Recognises = static span => span.ScopeStarts("com.anthropic.sdk."),
        CacheInclusion = static _ => Inclusion.Inclusive,
    };
}
