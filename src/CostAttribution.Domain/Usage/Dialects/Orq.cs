using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>orq.ai, a gateway that documents inclusive counts.</summary>
internal static class Orq
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "orq",
        Rank = 370,
        Recognises = static span => span.Hinted(FingerprintHints.Orq),
        CacheInclusion = static _ => Inclusion.Inclusive,
        Gateway = true,
    };
}
