using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Firebase Genkit: the model's answer with its usage as JSON text; counts as the model plugin got them.</summary>
internal static class Genkit
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "genkit",
        Rank = 390,
        Recognises = static span => span.Hinted(FingerprintHints.Genkit),
        CacheInclusion = static question =>
            question.IsRawExclusive ? Inclusion.LikelyExclusive : Inclusion.Inclusive,
        // Google's record has thoughts beside the candidates, and the plugin passes both on.
        ReasoningInclusion = static question =>
            question.Provider == ProviderClass.Gemini ? Inclusion.LikelyExclusive : Inclusion.Unknown,
    };
}
