namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>Semantic Kernel for .NET.</summary>
internal static class SemanticKernel
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "semantic_kernel",
        Rank = 310,
        Recognises = static span => span.ScopeStarts("Microsoft.SemanticKernel"),
        Hides = static question => question.Details,
    };
}
