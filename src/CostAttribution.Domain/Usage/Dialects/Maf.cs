namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// Microsoft Agent Framework. Its Python Anthropic client passes raw counts, which is not known of its Bedrock client; in .NET
/// the spans are those of Microsoft.Extensions.AI under another name.
/// </summary>
internal static class Maf
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "maf",
        Rank = 290,
        Recognises = static span => span.ScopeName is "Experimental.Microsoft.Agents.AI" or "agent_framework",
        CacheInclusion = static question => (IsPython(question), question.Provider) switch
        {
            (true, ProviderClass.Anthropic) => Inclusion.Exclusive,
            (true, ProviderClass.Bedrock) => Inclusion.Unknown,
            (false, ProviderClass.Anthropic) => Inclusion.LikelyInclusive,
            (false, ProviderClass.Bedrock) => Inclusion.LikelyExclusive,
            _ => Inclusion.Inclusive,
        },
        Hides = static question => !IsPython(question) && question.Provider == ProviderClass.Anthropic
            ? HiddenParts.CacheWrite : HiddenParts.None,
    };

    private static bool IsPython(CountingQuestion question) => question.Scope.Name == "agent_framework";
}
