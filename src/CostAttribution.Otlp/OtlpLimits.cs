using CostAttribution.Domain.Tracing;

namespace CostAttribution.Otlp;

/// <summary>Bounds on one OTLP request.</summary>
public sealed record OtlpLimits
{
    public static OtlpLimits Default { get; } = new();

    /// <summary>Spans in one request, kept and rejected together. A request with more is refused whole.</summary>
    public int SpansPerRequestMax { get; init; } = 200_000;

    /// <summary>What is kept of each span.</summary>
    public TracingLimits Tracing { get; init; } = TracingLimits.Default;
}
