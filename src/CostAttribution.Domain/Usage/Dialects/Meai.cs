namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// Microsoft.Extensions.AI: inclusive by its contract; Anthropic cache writes are inside the input and not exported.
/// Community adapters for Bedrock pass raw counts.
/// </summary>
internal static class Meai
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "meai",
        Rank = 280,
        Recognises = static span => span.ScopeName == "Experimental.Microsoft.Extensions.AI",
        CacheInclusion = static question => question.Provider switch
        {
            // The maker's own adapter adds the cache, others pass raw counts; spans do not say which is in use.
            ProviderClass.Anthropic => Inclusion.LikelyInclusive,
            ProviderClass.Bedrock => Inclusion.LikelyExclusive,
            _ => Inclusion.Inclusive,
        },
        Hides = static question => question.Provider == ProviderClass.Anthropic ? HiddenParts.CacheWrite : HiddenParts.None,
    };
}
