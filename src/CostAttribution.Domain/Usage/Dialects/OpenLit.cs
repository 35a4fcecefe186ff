namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>OpenLIT: provider counts as they are, except through LangChain.</summary>
internal static class OpenLit
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "openlit",
        Rank = 200,
        Recognises = static span => span.ScopeStarts("openlit") || span.Has(SpanTraits.OpenLitSdk),
        CacheInclusion = static question => Dialect.ExclusiveIf(question.IsRawExclusive && !question.ScopeHolds("langchain")),
        // Usage that a stream did not bring is counted from its text.
        Hides = static question => question.Has(SpanTraits.Stream) ? HiddenParts.Estimates : HiddenParts.None,
    };
}
