namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Spans that the Claude API pushes from its own servers.</summary>
internal static class ClaudeApi
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "claude_api",
        Rank = 20,
        Recognises = static span => span.ScopeStarts("com.anthropic.claude-platform")
            || span.Has(SpanTraits.ClaudePlatformService),
        CacheInclusion = static _ => Inclusion.Inclusive,
        VendorPushed = true,
    };
}
