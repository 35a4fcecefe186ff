namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Envoy AI Gateway: OpenInference spans, inclusive.</summary>
internal static class EnvoyGateway
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "envoy",
        Recognises = static span => span.ScopeStarts("envoy") || span.ScopeHolds("ai-gateway"),
        CacheInclusion = static _ => Inclusion.Inclusive,
        Gateway = true,
    };
}
