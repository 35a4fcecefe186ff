namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Envoy AI Gateway: OpenInference spans, inclusive.</summary>
internal static class EnvoyGateway
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "envoy",
        Rank = 50,
        Recognises = static span => span.ScopeName is "envoyproxy/ai-gateway" or "ai-gateway"
            || span.ScopeStarts("envoyproxy/ai-gateway/")
            || span.ScopeStarts("github.com/envoyproxy/ai-gateway") || span.ScopeName == "envoy",
        CacheInclusion = static _ => Inclusion.Inclusive,
        Gateway = true,
    };
}
