namespace CostAttribution.Domain.Costing;

/// <summary>What costing leaves to the operator. Immutable.</summary>
public sealed record CostingPolicy
{
    public static CostingPolicy Default { get; } = new();

    /// <summary>A span that starts longer before its receipt gets the receive time as event time.</summary>
    public TimeSpan StartBeforeReceiptMax { get; init; } = TimeSpan.FromDays(31);

    /// <summary>A span that starts longer after its receipt gets the receive time as event time.</summary>
    public TimeSpan StartAfterReceiptMax { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Services whose tool loops report running totals (Spring AI 1.x): their calls are billed as differences.</summary>
    public IReadOnlySet<string> CumulativeLoopServices { get; init; } = new HashSet<string>();

    /// <summary>
    /// Canonical provider ids, resellers or dialect ids whose reported cost is taken instead of ours. A reported cost is also
    /// taken where there is no usage or no model name to price.
    /// </summary>
    public IReadOnlySet<string> TrustedReportedCosts { get; init; } = new HashSet<string>();
}
