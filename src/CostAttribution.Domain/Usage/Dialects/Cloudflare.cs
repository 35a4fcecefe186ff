namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>
/// Cloudflare AI Gateway: model, input, output and an estimated cost, no operation, no response id. The provider has a name that
/// no convention knows, which tells it.
/// </summary>
internal static class Cloudflare
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "cloudflare",
        Rank = 85,
        Recognises = static span => span.Has(SpanTraits.ModelProviderName),
        Hides = static question => question.Details,
        UsageMeansCall = true,
        Gateway = true,
    };
}
