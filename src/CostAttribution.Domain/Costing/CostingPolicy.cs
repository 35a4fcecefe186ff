namespace CostAttribution.Domain.Costing;

/// <summary>
/// Bounds on what costing believes of a sender's clock, and on the spans of a trace. Immutable; not versioned, so they do not
/// change while rows stand.
/// </summary>
public sealed record CostingPolicy
{
    public static CostingPolicy Default { get; } = new();

    /// <summary>A span that starts longer before its receipt gets the receive time as event time.</summary>
    public TimeSpan StartBeforeReceiptMax { get; init; } = TimeSpan.FromDays(31);

    /// <summary>A span that starts longer after its receipt gets the receive time as event time.</summary>
    public TimeSpan StartAfterReceiptMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From so many spans on, spans without usage were left out of a trace.</summary>
    public int SpansPerTraceMax { get; init; } = 500_000;
}
