namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// Arize OpenInference: inclusive, except the Claude Agent SDK's agent span with raw counts. Bedrock Converse is raw too,
/// but its total gives it away.
/// </summary>
internal static class OpenInference
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "openinference",
        Recognises = static span => span.Has(SpanTraits.OpenInferenceKind) || span.ScopeHolds("openinference"),
        CacheInclusion = static question => Dialect.ExclusiveIf(
            question.ScopeHolds("claude_agent_sdk") || question.ScopeHolds("claude-agent-sdk")),
    };
}
