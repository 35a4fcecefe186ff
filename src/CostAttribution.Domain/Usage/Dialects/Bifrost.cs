namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Bifrost, a gateway with one span for every attempt.</summary>
internal static class Bifrost
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "bifrost",
        Rank = 70,
        Recognises = static span => span.ScopeStarts("bifrost") && span.Has(SpanTraits.GenAi),
        Gateway = true,
    };
}
