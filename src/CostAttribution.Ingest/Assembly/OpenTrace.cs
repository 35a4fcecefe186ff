using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Costing;
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

    /// <summary>When unposted usage may next be posted while the trace is open; null when none waits.</summary>
    public long? ProvisionalAt { get; set; }

    /// <summary>When that was last tried.</summary>
    public long TriedAt { get; set; } = long.MinValue / 2;

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

    /// <summary>It waits for the store to say what earlier processes knew of its sessions, its run or its links.</summary>
    public bool WaitsForOutside { get; set; }

    /// <summary>Some of its spans were in the journal before this process, and it has told nobody about itself since.</summary>
    public bool Replayed { get; set; }

    /// <summary>
    /// What the other traces may have in mind of what it last told them, by whichever process; whoever asks finds out.
    /// </summary>
    public TraceTopics Topics { get; set; } = TraceTopics.None;

    /// <summary>A span without parent is here.</summary>
    public bool HasRoot { get; private set; }

    /// <summary>The store must be asked something about it first.</summary>
    public bool AwaitsStore => WaitsForOutside || IsBeingLoaded;

    /// <summary>What the store holds of it is not known yet.</summary>
    public bool IsBeingLoaded => Load is LoadState.Wanted or LoadState.Asked or LoadState.Unreadable;

    /// <summary>
    /// Edition of the file from which some of its spans came and which stays until they are posted; else null.
    /// </summary>
    public long? TakenBackEdition { get; set; }

    /// <summary>The last costing was final; a late span clears it.</summary>
    public bool Settled { get; set; }

    /// <summary>When it settled.</summary>
    public long SettledAt { get; set; }

    /// <summary>
    /// Whether the store has it: the last costing found anything that costs, or it was handed over before its time.
    /// </summary>
    public bool CostRelevant { get; set; }

    public LoadState Load { get; set; }

    /// <summary>
    /// Instant of the due queue's entry that counts for this trace; <see cref="long.MaxValue"/> when there is none.
    /// </summary>
    public long QueuedFor { get; set; } = long.MaxValue;

    /// <summary>Entries that were computed and wait for their owner; they stand in the <see cref="OpenCostBook"/>.</summary>
    public IReadOnlyList<LedgerEntry> Waiting { get; set; } = [];

    /// <summary>Its part in the sums over all traces, as of the last time it was accounted.</summary>
    public AssemblyAccount.Share Accounted { get; set; }

    /// <summary>Rough bytes of the objects around the buffer.</summary>
    private const int OverheadBytes = 640;

    private const int LargeSpans = 10_000;

    // Null: not looked at since the last change.
    private bool? whole;

    public long Bytes => OverheadBytes + Spans.BufferBytes + Standing.ApproximateBytes;

    /// <summary>All spans as a batch of their own.</summary>
    public SpanBatch EncodeAll(SpanBatchBuilder builder) => Spans.Encode([.. Enumerable.Range(0, Spans.Count)], builder);

    /// <summary>Starts over with what the store holds of it.</summary>
    public void StartFrom(StoredTrace stored, SourceTable sources)
    {
        Spans.Dispose();
        Spans = new TraceSpans(Id);
        foreach (var facts in stored.Facts) Spans.AddAll(facts, sources);
        Standing = stored.Standing;
        Standing.KnownSpans = Spans.Count;
        Standing.Topics = TraceTopics.Stored(stored.Topics);
        Topics = TraceTopics.EverTold(stored.Topics, Topics);
        Context = stored.Context;
        CostRelevant = true;
    }

    /// <summary>Adds what was set aside of it.</summary>
    public void TakeBack(TakenBack taken, SourceTable sources)
    {
        foreach (var batch in taken.Batches) Spans.AddAll(batch, sources);
        TakenBackEdition = taken.Edition;
        Settled = false;
        Dirty = true;
        ForgetWhole();
    }

    /// <summary>Everything about it stands in the store.</summary>
    public void Rest(long now)
    {
        Settled = true;
        SettledAt = now;
        UnpostedFrom = null;
        UnpostedUsageSince = ProvisionalAt = null;
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

    /// <summary>The audit that waits for it, if any, is told how that ended.</summary>
    public void EndRecheck(RecheckOutcome outcome)
    {
        if (Recheck is { Outcome: RecheckOutcome.Waiting } recheck) recheck.Outcome = outcome;
        Recheck = null;
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
    public void Arrived(SpanRecord span, ulong position, long now, AssemblyOptions options)
    {
        HasRoot |= span.ParentSpanId.IsZero;
        Settled = false;
        Dirty = true;
        ForgetWhole();
        LastArrival = now;
        Hold(position, now);
        if (span.UsageKeyCount > 0)
        {
            UnpostedUsageSince ??= now;
            UsageArrived = true;
            ProvisionalAt = Math.Min(ProvisionalAt ?? long.MaxValue, now + (long)options.VisibleAfter.TotalMilliseconds);
        }
        else if (ProvisionalAt is { } at)
        {
            // It may be the owner that something waits for.
            ProvisionalAt = Math.Min(at, Math.Max(now, TriedAt) + MillisBetweenTries(options));
        }
    }

    /// <summary>The journal must keep this position until the trace is posted.</summary>
    public void Hold(ulong position, long now)
    {
        if (UnpostedFrom is null) HeldSince = now;
        UnpostedFrom = Math.Min(UnpostedFrom ?? ulong.MaxValue, position);
    }

    /// <summary>Some entries still wait after a provisional posting, or none.</summary>
    public void Waits(IReadOnlyList<LedgerEntry> entries, AssemblyOptions options, long now, DateTimeOffset wallNow)
    {
        TriedAt = now;
        UnpostedUsageSince = ProvisionalAt = null;
        if (entries.Count == 0) return;
        var wall = (ulong)Math.Max(0, (wallNow - DateTimeOffset.UnixEpoch).Ticks) * 100;
        ulong due = ulong.MaxValue, oldest = wall;
        foreach (var entry in entries)
        {
            due = Math.Min(due, PostingScope.DueAt(options, this, entry));
            oldest = Math.Min(oldest, PostingScope.ReceivedOf(this, entry));
        }
        UnpostedUsageSince = Math.Max(0, now - (long)((wall - oldest) / 1_000_000));
        var wait = due > wall ? (long)((due - wall + 999_999) / 1_000_000) : 0;
        ProvisionalAt = now + Math.Max(wait, MillisBetweenTries(options));
    }

    /// <summary>When this open trace may next have to be posted: always after <paramref name="now"/>.</summary>
    public long NextVisit(AssemblyOptions options, long now)
    {
        var next = LastArrival + (long)(whole == false ? options.IdleQuiet : options.SettledQuiet).TotalMilliseconds;
        return Math.Max(Math.Min(next, ProvisionalFrom(options) ?? long.MaxValue), now + 1);
    }

    /// <summary>
    /// When a provisional posting is due: a whole trace is given the time to settle first, for what is posted then is final.
    /// </summary>
    public long? ProvisionalFrom(AssemblyOptions options) =>
        ProvisionalAt is { } at && IsWhole() ? at + (long)options.SettledQuiet.TotalMilliseconds : ProvisionalAt;

    // Every try costs the whole trace.
    private long MillisBetweenTries(AssemblyOptions options) =>
        (long)options.VisibleAfter.TotalMilliseconds / (Spans.Count > LargeSpans ? 1 : 3);

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

    /// <summary>The store has it in a form that cannot be read: it waits to be set aside.</summary>
    Unreadable = 4,
}
