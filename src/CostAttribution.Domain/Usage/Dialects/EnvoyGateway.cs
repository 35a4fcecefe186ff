namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Envoy AI Gateway: OpenInference spans, inclusive.</summary>
internal static class EnvoyGateway
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "envoy",
        Rank = 50,
        Recognises = static span => span.ScopeStarts("envoy") || span.ScopeHolds("ai-gateway"),
        CacheInclusion = static _ => Inclusion.Inclusive,
        Gateway = true,
    };
}
