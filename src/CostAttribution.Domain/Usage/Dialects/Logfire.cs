namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Logfire's integrations: inclusive since 4.31.0 (2026-03-27), Anthropic raw before.</summary>
internal static class Logfire
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "logfire",
        Rank = 220,
        Recognises = static span => span.ScopeStarts("logfire"),
        CacheInclusion = static question => question.Provider != ProviderClass.Anthropic ? Inclusion.Inclusive
            : question.IsVersion(4, 31, 0) switch
            {
                true => Inclusion.Inclusive,
                false => Inclusion.Exclusive,
                null => Inclusion.LikelyInclusive,
            },
    };
}
