using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>LangWatch.</summary>
internal static class LangWatch
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "langwatch",
        Rank = 350,
        Recognises = static span => span.Hinted(FingerprintHints.LangWatch),
    };
}
