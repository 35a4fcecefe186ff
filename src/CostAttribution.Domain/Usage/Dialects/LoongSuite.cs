namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Alibaba's LoongSuite: kinds of spans under a name of its own.</summary>
internal static class LoongSuite
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "loongsuite",
        Rank = 150,
        Recognises = static span => span.Has(SpanTraits.LoongSuiteKind),
    };
}
