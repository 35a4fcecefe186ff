namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>OpenTelemetry's own GenAI helper and the instrumentations built on it: all counts in the totals.</summary>
internal static class UtilGenAi
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "util_genai",
        Rank = 440,
        Recognises = static span => span.ScopeStarts("opentelemetry.util.genai"),
        CacheInclusion = static _ => Inclusion.Inclusive,
    };
}
