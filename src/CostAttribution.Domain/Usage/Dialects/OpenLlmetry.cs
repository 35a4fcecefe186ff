using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// OpenLLMetry. Python normalises Anthropic, not Bedrock; the published JavaScript packages pass raw counts up to 0.27.0
/// although they use the new names.
/// </summary>
internal static class OpenLlmetry
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "openllmetry",
        Rank = 180,
        Recognises = static span => (IsTraceloopPython(span.Scope) && span.Has(SpanTraits.GenAi))
            || span.ScopeStarts("@traceloop/")
            || span.Has(SpanTraits.LlmRequestType | SpanTraits.UnderscoreCache),
        CacheInclusion = Counting,
        // The published packages show the cache of Anthropic only, and count the text of streams that came without usage.
        Hides = static question => !IsOldJavaScript(question) || question.Provider == ProviderClass.Anthropic ? HiddenParts.None
            : question.ScopeHolds("openai") ? question.Details | HiddenParts.Estimates : question.Details,
    };

    public static Dialect CrewAi { get; } = Dialect with
    {
        Id = "openllmetry_crewai",
        Rank = 170,
        Recognises = static span => span.ScopeName == "opentelemetry.instrumentation.crewai",
        LifetimeTotals = true,
    };

    private static Inclusion Counting(CountingQuestion question)
    {
        // LangChain's Bedrock adapters have counted both ways.
        if (question.ScopeHolds("langchain"))
            return question.Provider == ProviderClass.Bedrock ? Inclusion.LikelyInclusive : Inclusion.Inclusive;
        if (!IsJavaScript(question)) return Dialect.ExclusiveIf(question.Provider == ProviderClass.Bedrock);
        return Dialect.ExclusiveIf(question.IsRawExclusive && IsOldJavaScript(question));
    }

    private static bool IsJavaScript(CountingQuestion question) =>
        question.Scope.Name.StartsWith("@traceloop/", StringComparison.Ordinal);

    private static bool IsOldJavaScript(CountingQuestion question) =>
        IsJavaScript(question) && question.IsVersion(0, 27, 1) != true;

    // botocore's contrib instrumentation has the same prefix and is a dialect of its own.
    private static bool IsTraceloopPython(ScopeInfo scope) =>
        scope.Name.StartsWith("opentelemetry.instrumentation.", StringComparison.Ordinal)
            && !scope.Name.Contains("botocore", StringComparison.Ordinal);
}
