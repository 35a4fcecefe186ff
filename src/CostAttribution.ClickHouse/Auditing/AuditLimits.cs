namespace CostAttribution.ClickHouse.Auditing;

/// <summary>What one audit may take of the store, and how much it may tell.</summary>
public sealed record AuditLimits
{
    /// <summary>Time after which the store stops one question.</summary>
    public TimeSpan QueryTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Memory that one question may take, in bytes; from half of it on it works on disk.</summary>
    public long QueryMemoryBytesMax { get; init; } = 1L << 30;

    /// <summary>Suspects that one check examines more closely; more are counted and left to the next audit.</summary>
    public int SuspectsMax { get; init; } = 2000;

    /// <summary>Traces of which one check looks for more than one question can tell; others are left to the next audit.</summary>
    public int TracesLookedAtMax { get; init; } = 20_000;

    /// <summary>Ledger rows whose traces one question takes together.</summary>
    public long RowsPerPass { get; init; } = 10_000_000;
}
