namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>agentgateway.</summary>
internal static class AgentGateway
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "agentgateway",
        Rank = 60,
        Recognises = static span => span.ScopeStarts("agentgateway"),
        CacheInclusion = static _ => Inclusion.Inclusive,
        Gateway = true,
    };
}
