namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// Vercel AI SDK 4 to 6: provider counts passed through until version 6 normalises them and shows it by its details.
/// </summary>
internal static class VercelLegacy
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "vercel_legacy",
        Recognises = static span => span.Has(SpanTraits.AiOperation),
        CacheInclusion = static question => Dialect.ExclusiveIf(!IsNormalised(question) && question.IsRawExclusive),
        ReasoningBesideOutput = static question => !IsNormalised(question) && question.Provider == ProviderClass.Gemini,
    };

    private static bool IsNormalised(CountingQuestion question) => (question.Traits & SpanTraits.VercelDetails) != 0;
}
