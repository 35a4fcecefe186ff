using System.Globalization;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// Vercel AI SDK 4 to 6: provider counts passed through until version 6 normalises them and shows it by its details.
/// </summary>
internal static class VercelLegacy
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "vercel_legacy",
        Rank = 100,
        Recognises = static span => span.Has(SpanTraits.AiOperation),
        CacheInclusion = static question => question.IsRawExclusive ? Counting(question) : Inclusion.Inclusive,
        ReasoningInclusion = static question =>
            question.Provider != ProviderClass.Gemini || question.Raw.IsWhole ? Inclusion.Inclusive : Counting(question),
        // Objects are generated without details even by version 6, which other spans may show.
        Hides = static question => question.Reading.Has(NumberSlot.NoCache) ? HiddenParts.None : question.Details,
        LearnsFromOthers = SpanTraits.VercelDetails,
    };

    /// <summary>Version 6 counts everything into its totals, older ones pass raw counts through.</summary>
    private static Inclusion Counting(CountingQuestion question)
    {
        if (question.Has(SpanTraits.VercelDetails)) return Inclusion.Inclusive;
        return MajorVersion(question.Reading.Text(TextSlot.SdkAgent)) switch
        {
            0 => Inclusion.LikelyExclusive,
            >= 6 => Inclusion.Inclusive,
            _ => Inclusion.Exclusive,
        };
    }

    /// <summary>The SDK's part of the user agent it sends, such as <c>ai/6.0.326</c>; 0 when it is not there.</summary>
    private static int MajorVersion(string agent)
    {
        var at = agent.StartsWith("ai/", StringComparison.Ordinal) ? 0 : agent.IndexOf(" ai/", StringComparison.Ordinal) + 1;
        if (at == 0 && !agent.StartsWith("ai/", StringComparison.Ordinal)) return 0;
        var version = agent.AsSpan(at + 3);
        var end = version.IndexOf('.');
        return end > 0 && int.TryParse(version[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            ? major : 0;
    }
}
