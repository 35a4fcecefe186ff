namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>The OpenAI .NET SDK.</summary>
internal static class OpenAiDotNet
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "openai_dotnet",
        Rank = 300,
        Recognises = static span => span.ScopeStarts("OpenAI."),
        CacheInclusion = static _ => Inclusion.Inclusive,
        Hides = static question => question.Details,
    };
}
