namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Pydantic AI: inclusive for every provider.</summary>
internal static class PydanticAi
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "pydantic_ai",
        Rank = 210,
        Recognises = static span => span.ScopeStarts("pydantic-ai"),
        CacheInclusion = static _ => Inclusion.Inclusive,
    };
}
