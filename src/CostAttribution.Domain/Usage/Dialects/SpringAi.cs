namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Spring AI: every value is text, provider counts as they are, and tool loops add up in 1.x.</summary>
internal static class SpringAi
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "spring_ai",
        Rank = 320,
        Recognises = static span => span.Has(SpanTraits.SpringKind)
            || (span.Has(SpanTraits.TextNumbers) && span.ScopeStarts("org.springframework.")),
        CacheInclusion = static question => Dialect.ExclusiveIf(question.IsRawExclusive),
        CumulativeLoops = true,
    };
}
