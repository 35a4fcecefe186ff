namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// Arize OpenInference: inclusive, except the Claude Agent SDK's agent span and Bedrock's Converse API with raw counts.
/// </summary>
internal static class OpenInference
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "openinference",
        Rank = 110,
        Recognises = static span => span.Has(SpanTraits.OpenInferenceKind) || span.ScopeHolds("openinference"),
        CacheInclusion = Counting,
        // Streams of the Anthropic instrumentor lacked the cache until 1.1.1, others its writes and reads before 0.1.14.
        Hides = static question => question.Provider == ProviderClass.Anthropic && question.ScopeHolds("anthropic")
            && question.ScopeHolds("openinference.instrumentation") && question.IsVersion(1, 1, 1) == false
            ? HiddenParts.Cache : HiddenParts.None,
    };

    private static Inclusion Counting(CountingQuestion question)
    {
        if (question.ScopeHolds("claude_agent_sdk") || question.ScopeHolds("claude-agent-sdk")) return Inclusion.Exclusive;
        // Frameworks over Bedrock pass on what their adapter counted.
        if (!question.ScopeHolds("bedrock"))
            return question.Provider == ProviderClass.Bedrock ? Inclusion.LikelyInclusive : Inclusion.Inclusive;
        // One instrumentor, two APIs: Converse passes raw counts, InvokeModel adds the cache. The span is named after the API.
        if (question.SpanName.StartsWith("bedrock.converse", StringComparison.Ordinal)) return Inclusion.Exclusive;
        return question.SpanName.StartsWith("bedrock.invoke_model", StringComparison.Ordinal)
            ? Inclusion.Inclusive : Inclusion.Unknown;
    }
}
