namespace CostAttribution.ClickHouse.Auditing;

/// <summary>How a finding of a check is mended.</summary>
public enum AuditRepair : byte
{
    /// <summary>An operator decides: nothing in the store says what would be right.</summary>
    None = 0,

    /// <summary>The rollup gets what it lacks.</summary>
    Rollup = 1,

    /// <summary>The trace is loaded, costed again, and the difference is posted.</summary>
    Trace = 2,

    /// <summary>The posting is sent again from its file.</summary>
    Posting = 3,
}

/// <summary>One thing that must hold in the store. Asks, never writes.</summary>
public abstract class AuditCheck
{
    /// <summary>Stable name, snake case.</summary>
    public abstract string Name { get; }

    /// <summary>What must hold, in words.</summary>
    public abstract string Asserts { get; }

    public abstract AuditRepair Repair { get; }

    /// <summary>It tells candidates, of which only costing a trace again can say whether something is wrong.</summary>
    public virtual bool TellsCandidates => false;

    /// <summary>It is about this process alone, not about what nodes have in common.</summary>
    public virtual bool IsLocal => false;

    /// <summary>
    /// What looks wrong in the scope, at most <see cref="AuditLimits.SuspectsMax"/> of it, while postings may run: each may be an
    /// insert that is half done.
    /// </summary>
    public abstract Task<AuditSuspects> FindAsync(AuditStore store, AuditScope scope, CancellationToken cancel);

    /// <summary>Those of the suspects that are wrong now; asked while no posting is in flight.</summary>
    public abstract Task<IReadOnlyList<AuditSuspect>> ConfirmAsync(AuditStore store, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel);
}

/// <summary>The answer of a check.</summary>
/// <param name="Suspects">What looks wrong.</param>
/// <param name="Total">How many there are in all; those not told were not looked at more closely.</param>
/// <param name="UpTo">
/// The last trace looked at when there are more than one audit takes; empty when all were looked at.
/// </param>
public sealed record AuditSuspects(IReadOnlyList<AuditSuspect> Suspects, long Total, string UpTo = "");
