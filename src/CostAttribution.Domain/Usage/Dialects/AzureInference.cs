namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Azure AI Inference for Python: input and output alone.</summary>
internal static class AzureInference
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "azure_ai_inference",
        Rank = 420,
        Recognises = static span => span.Has(SpanTraits.AzureInferenceSystem),
        CacheInclusion = static _ => Inclusion.Inclusive,
        Hides = static question => question.Details,
    };
}
