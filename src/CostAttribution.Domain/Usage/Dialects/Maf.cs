namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Microsoft Agent Framework; its Python Anthropic client passes raw counts.</summary>
internal static class Maf
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "maf",
        Rank = 290,
        Recognises = static span => span.ScopeName is "Experimental.Microsoft.Agents.AI" or "agent_framework",
        CacheInclusion = static question => Dialect.ExclusiveIf(
            question.Provider == ProviderClass.Anthropic && question.Scope.Name == "agent_framework"),
    };
}
