namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>OpenRouter Broadcast: pushed by the broker.</summary>
internal static class OpenRouter
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "openrouter",
        Rank = 40,
        Recognises = static span => span.Has(SpanTraits.OpenRouterService),
        CacheInclusion = static _ => Inclusion.Inclusive,
        VendorPushed = true,
        Gateway = true,
    };
}
