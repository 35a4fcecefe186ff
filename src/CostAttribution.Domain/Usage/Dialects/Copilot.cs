using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>GitHub Copilot's agents.</summary>
internal static class Copilot
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "copilot",
        Rank = 380,
        Recognises = static span => span.Hinted(FingerprintHints.Copilot) || span.Has(SpanTraits.CopilotService),
        CacheInclusion = static _ => Inclusion.Inclusive,
    };
}
