namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Logfire's integrations: inclusive since 2026-03-27.</summary>
internal static class Logfire
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "logfire",
        Recognises = static span => span.ScopeStarts("logfire"),
        CacheInclusion = static _ => Inclusion.Inclusive,
    };
}
