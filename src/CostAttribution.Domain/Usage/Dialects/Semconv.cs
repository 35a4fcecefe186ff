namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Plain OpenTelemetry GenAI conventions, any release.</summary>
internal static class Semconv
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "semconv",
        Rank = 450,
        Recognises = static span => span.Has(SpanTraits.GenAi),
    };
}
