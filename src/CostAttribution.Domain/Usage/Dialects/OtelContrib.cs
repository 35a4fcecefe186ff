namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// OpenTelemetry's contributed instrumentations of OpenAI and Google clients. The one of Anthropic has the name that
/// Traceloop's has and counts alike.
/// </summary>
internal static class OtelContrib
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "otel_contrib",
        Rank = 160,
        Recognises = static span => span.Has(SpanTraits.GenAi) && (IsOpenAi(span.Scope.Name)
            || span.ScopeName is "opentelemetry.instrumentation.google_genai"),
        CacheInclusion = static _ => Inclusion.Inclusive,
        // OpenAI's details are not exported.
        Hides = static question => IsOpenAi(question.Scope.Name) ? question.Details : HiddenParts.None,
    };

    private static bool IsOpenAi(string scope) =>
        scope is "opentelemetry.instrumentation.openai_v2" or "@opentelemetry/instrumentation-openai";
}
