namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>AgentOps.</summary>
internal static class AgentOps
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "agentops",
        Rank = 410,
        Recognises = static span => span.ScopeStarts("agentops"),
    };
}
