using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage.Dialects;

/// <summary>The Langfuse SDK: usage as a map of disjoint price lines.</summary>
internal static class Langfuse
{
    public static Dialect Dialect { get; } = new()
    {
        Id = "langfuse_sdk",
        Rank = 230,
        Recognises = static span => span.ScopeStarts("langfuse-sdk") || span.Hinted(FingerprintHints.LangfuseObservation)
            || span.Has(SpanTraits.LangfuseObservation),
    };
}
