using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// A trace in memory: its spans, its clocks and what already stands in the ledger for it. All instants are milliseconds of
/// the worker's monotonic clock. Owned by one <see cref="TraceAssembler"/>.
/// </summary>
internal sealed class OpenTrace(TraceId id, long now) : IDisposable
{
    public TraceId Id { get; } = id;
    public TraceSpans Spans { get; private set; } = new(id);
    public StandingTrace Standing { get; set; } = new();
    public TraceContext Context { get; set; } = TraceContext.Empty;

    /// <summary>When the last span that changed something arrived.</summary>
    public long LastArrival { get; set; } = now;

    /// <summary>When the oldest usage that is not posted yet arrived; null when all is posted.</summary>
    public long? UnpostedUsageSince { get; set; }

    /// <summary>Provisional posting has run for the waiting usage: what still waits lacks an owner.</summary>
    public bool WaitsForOwner { get; set; }

    /// <summary>
    /// Journal position of the oldest record with spans that the store may not hold; null when the store holds all.
    /// </summary>
    public ulong? UnpostedFrom { get; set; }

    /// <summary>Since when <see cref="UnpostedFrom"/> holds the journal.</summary>
    public long HeldSince { get; set; } = now;

    /// <summary>Something changed since the last costing.</summary>
    public bool Dirty { get; set; }

    /// <summary>
    /// A span with usage arrived since the last costing: a correction is then due to a late span, else to a late parent.
    /// </summary>
    public bool UsageArrived { get; set; }

    /// <summary>Another trace answered a question of this one since the last costing.</summary>
    public bool ContextChanged { get; set; }

    /// <summary>An audit asks for this trace to be loaded and costed again; null when none does.</summary>
    public TraceRecheck? Recheck { get; set; }

    /// <summary>The last costing was final; a late span clears it.</summary>
    public bool Settled { get; set; }

    /// <summary>When it settled.</summary>
    public long SettledAt { get; set; }

    /// <summary>Whether the last costing found anything that costs.</summary>
    public bool CostRelevant { get; set; }

    public LoadState Load { get; set; }

    /// <summary>
    /// Instant of the due queue's entry that counts for this trace; <see cref="long.MaxValue"/> when there is none.
    /// </summary>
    public long QueuedFor { get; set; } = long.MaxValue;

    /// <summary>Entries that were computed and wait for their owner; they stand in the <see cref="OpenCostBook"/>.</summary>
    public IReadOnlyList<LedgerEntry> Waiting { get; set; } = [];

    /// <summary>Bytes last accounted to the memory limit.</summary>
    public long AccountedBytes { get; set; }

    /// <summary>Rough bytes of the objects around the buffer.</summary>
    private const int OverheadBytes = 640;

    // Null: not looked at since the last change.
    private bool? whole;

    public long Bytes => OverheadBytes + Spans.BufferBytes + Standing.ApproximateBytes;

    /// <summary>All spans as a batch of their own.</summary>
    public SpanBatch EncodeAll(SpanBatchBuilder builder) => Spans.Encode([.. Enumerable.Range(0, Spans.Count)], builder);

    /// <summary>Starts over without spans.</summary>
    public void ResetSpans()
    {
        Spans.Dispose();
        Spans = new TraceSpans(Id);
    }

    /// <summary>Whether the root is here and every parent resolves; remembered until <see cref="ForgetWhole"/>.</summary>
    public bool IsWhole()
    {
        if (whole is { } known) return known;
        whole = false;
        var roots = 0;
        for (var i = 0; i < Spans.Count; i++)
        {
            var parent = Spans[i].ParentSpanId;
            if (parent.IsZero) roots++;
            else if (Spans.Find(parent) < 0) return false;
        }
        whole = roots > 0;
        return roots > 0;
    }

    /// <summary>The spans changed.</summary>
    public void ForgetWhole() => whole = null;

    /// <summary>What was posted of it does not stand: the store is to be asked what does.</summary>
    public void ForgetPosted()
    {
        Waiting = [];
        Standing = new StandingTrace();
        Dirty = true;
        Load = LoadState.Wanted;
    }

    /// <summary>A span that changed something arrived in the journal record at <paramref name="position"/>.</summary>
    public void Arrived(bool withUsage, ulong position, long now)
    {
        Settled = false;
        Dirty = true;
        ForgetWhole();
        LastArrival = now;
        if (UnpostedFrom is null) HeldSince = now;
        UnpostedFrom = Math.Min(UnpostedFrom ?? ulong.MaxValue, position);
        if (!withUsage) return;
        UnpostedUsageSince ??= now;
        UsageArrived = true;
        WaitsForOwner = false;
    }

    /// <summary>When this open trace may next have to be posted: always after <paramref name="now"/>.</summary>
    public long NextVisit(AssemblyOptions options, long now)
    {
        var next = LastArrival + (long)(whole == false ? options.IdleQuiet : options.SettledQuiet).TotalMilliseconds;
        if (UnpostedUsageSince is { } since)
        {
            var wait = WaitsForOwner ? options.UnattributedWait : options.VisibleAfter;
            next = Math.Min(next, since + (long)wait.TotalMilliseconds);
        }
        return Math.Max(next, now + 1);
    }

    /// <summary>How long it is kept once settled.</summary>
    public long KeptMillis(AssemblyOptions options) =>
        (long)(CostRelevant ? options.SettledKept : options.CostlessKept).TotalMilliseconds;

    public void Dispose() => Spans.Dispose();
}

/// <summary>Whether the store must be asked what it knows of a trace.</summary>
internal enum LoadState : byte
{
    /// <summary>Certainly new, or already loaded.</summary>
    NotNeeded = 0,

    /// <summary>May have been posted before; waits for the answer.</summary>
    Wanted = 1,
    Asked = 2,
    Loaded = 3,
}
