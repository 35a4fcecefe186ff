using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Mastra, built on the Vercel AI SDK.</summary>
internal static class Mastra
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "mastra",
        Rank = 340,
        Recognises = static span => span.Hinted(FingerprintHints.Mastra),
    };
}
