namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Claude Code: raw Anthropic counts under names without prefix.</summary>
internal static class ClaudeCode
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "claude_code",
        Rank = 30,
        Recognises = static span => span.ScopeStarts("com.anthropic.claude_code") || span.Has(SpanTraits.ClaudeCodeName),
        CacheInclusion = static _ => Inclusion.Exclusive,
        ReadsBareNames = true,
        LeafNames = ["claude_code.llm_request"],
    };
}
