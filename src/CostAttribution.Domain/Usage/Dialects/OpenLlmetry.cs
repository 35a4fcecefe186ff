using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// OpenLLMetry. Python normalises Anthropic, not Bedrock; the published JavaScript packages pass raw counts up to 0.27.0
/// although they use the new names.
/// </summary>
internal static class OpenLlmetry
{
    private static readonly Version LastExclusiveJs = new(0, 27, 0);

    public static Dialect Dialect { get; } = new()
    {
        Id = "openllmetry",
        Recognises = static span => IsTraceloopPython(span.Scope) || span.ScopeStarts("@traceloop/")
            || span.Has(SpanTraits.LlmRequestType | SpanTraits.UnderscoreCache),
        CacheInclusion = static question => Dialect.ExclusiveIf(IsExclusive(question)),
    };

    public static Dialect CrewAi { get; } = Dialect with
    {
        Id = "openllmetry_crewai",
        Recognises = static span => span.ScopeName == "opentelemetry.instrumentation.crewai",
        LifetimeTotals = true,
    };

    private static bool IsExclusive(CountingQuestion question)
    {
        if (question.ScopeHolds("langchain")) return false;
        if (!question.Scope.Name.StartsWith("@traceloop/",
            StringComparison.Ordinal)) return question.Provider == ProviderClass.Bedrock;
        return question.IsRawExclusive && IsOldJs(question.Scope.Version);
    }

    private static bool IsOldJs(string version)
    {
        var numbers = version.AsSpan();
        if (numbers.IndexOfAny('-', '+') is var suffix and >= 0) numbers = numbers[..suffix];
        return !Version.TryParse(numbers, out var parsed) || parsed <= LastExclusiveJs;
    }

    // botocore's contrib instrumentation has the same prefix and is a dialect of its own.
    private static bool IsTraceloopPython(ScopeInfo scope) =>
        scope.Name.StartsWith("opentelemetry.instrumentation.", StringComparison.Ordinal)
            && !scope.Name.Contains("botocore", StringComparison.Ordinal);
}
