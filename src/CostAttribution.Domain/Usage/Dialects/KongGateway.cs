namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Kong AI Gateway: GenAI attributes on its tracing spans.</summary>
internal static class KongGateway
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "kong",
        Rank = 80,
        Recognises = static span => span.ScopeStarts("kong") && span.Has(SpanTraits.GenAi),
        Gateway = true,
    };
}
