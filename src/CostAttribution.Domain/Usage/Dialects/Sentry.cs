using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Sentry's conventions.</summary>
internal static class Sentry
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "sentry",
        Rank = 360,
        Recognises = static span => span.Hinted(FingerprintHints.Sentry),
    };
}
