namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Plain OpenTelemetry GenAI conventions, any release.</summary>
internal static class Semconv
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "semconv",
        Recognises = static span => span.Has(SpanTraits.GenAi),
    };
}
