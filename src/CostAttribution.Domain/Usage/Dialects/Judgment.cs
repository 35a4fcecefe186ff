namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Judgment's tracer: model, provider and cost under names of its own.</summary>
internal static class Judgment
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "judgment",
        Rank = 400,
        Recognises = static span => span.Has(SpanTraits.Judgment),
    };
}
