namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Vercel AI SDK 7 and its OpenTelemetry package: counts normalised by the SDK.</summary>
internal static class VercelV7
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "vercel_v7",
        Rank = 90,
        Recognises = static span => span.ScopeName == "gen_ai" || span.Has(SpanTraits.AgentStepOperation),
        CacheInclusion = static _ => Inclusion.Inclusive,
    };
}
