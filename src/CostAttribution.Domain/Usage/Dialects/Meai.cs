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
        Recognises = static span => span.ScopeName == "Experimental.Microsoft.Extensions.AI",
        CacheInclusion = static question => Dialect.ExclusiveIf(question.Provider == ProviderClass.Bedrock),
        HidesCacheWrites = true,
    };
}
