using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Ingest.Repricing;

namespace CostAttribution.Ingest.Assembly;

/// <summary>How a re-check of a trace ended.</summary>
public enum RecheckOutcome : byte
{
    /// <summary>Not yet.</summary>
    Waiting = 0,

    /// <summary>Costed again from what the store has; the difference is posted.</summary>
    Done = 1,

    /// <summary>Spans are still arriving: it is costed again when it settles.</summary>
    StillOpen = 2,

    /// <summary>The store has no facts of it, or none that can be read: nothing says what would be right.</summary>
    NoFacts = 3,

    /// <summary>The spans that came with it could not be kept on disk: nothing was done.</summary>
    NotKept = 4,
}

/// <summary>
/// A request to load a trace from the store, cost it again with everything known by now and post the difference, copies and
/// stray reversals included. Filled by the assembler; read it when the batch it came in has completed.
/// </summary>
public sealed class TraceRecheck(TraceId traceId)
{
    public TraceId TraceId => traceId;

    /// <summary>Counts what would be posted, and posts nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Posts facts and run segment also when no row changes, because the stored ones are wrong.</summary>
    public bool Force { get; init; }

    /// <summary>Highest revision of the trace that the store holds anywhere; the next posting is above it.</summary>
    public int RevisionMin { get; init; }

    /// <summary>Runs of which the store has wrong sums for the trace; it may belong to one of them.</summary>
    public IReadOnlyList<string> RunIds { get; init; } = [];

    /// <summary>What the store knows about the trace's questions.</summary>
    public IReadOnlyList<OutsideWord> Words { get; init; } = [];

    /// <summary>Encoded batches of spans that are to come to the trace; kept on disk until they are posted.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> Brought { get; init; } = [];

    /// <summary>They are kept: whoever brought them need not.</summary>
    internal bool IsBrought { get; set; }

    /// <summary>
    /// Only prices are looked at: what stands is priced by another book, and nothing is costed again. Null for a whole re-check.
    /// </summary>
    internal PriceOrder? Prices { get; init; }

    /// <summary>What stood and what came in its place, by <see cref="Prices"/>; whole once the outcome is done.</summary>
    internal List<(LedgerEntry Old, LedgerEntry Priced)> Repriced { get; } = [];

    public RecheckOutcome Outcome { get; internal set; }

    /// <summary>Ledger rows of the difference.</summary>
    public int Rows { get; internal set; }

    /// <summary>What stands in memory is what the store holds: only the difference is news.</summary>
    internal bool IsUnchanged { get; set; }

    /// <summary>Whether facts and segment must be written although no row changes.</summary>
    internal bool MayWrite(int rows) => !DryRun && (rows > 0 || Force || !IsUnchanged);
}
