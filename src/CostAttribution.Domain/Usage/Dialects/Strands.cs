namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Strands Agents: provider counts as they are, agent totals over the agent's lifetime.</summary>
internal static class Strands
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "strands",
        Rank = 140,
        Recognises = static span => span.Has(SpanTraits.StrandsProvider),
        CacheInclusion = static question => Dialect.ExclusiveIf(question.IsRawExclusive),
        LifetimeTotals = true,
    };
}
