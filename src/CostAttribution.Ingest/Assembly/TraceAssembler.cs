using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Joins spans into traces and decides when a trace is costed. Synchronous and single-threaded: time comes in through the
/// clock, spans through <see cref="Accept"/>, and postings leave through the <see cref="TracePoster"/>; what needs the store
/// (<see cref="TakeWanted"/>) is asked for by the stage around it.
/// <code>
///            span                whole and quiet 2 s, or idle 60 s
///  (new) ───────────▶ open ─────────────────────────────────────▶ settled ── kept 60 s ──▶ evicted
///                      ▲  │ usage waits 15 s: provisional posting    │                        │
///                      └──┘                                          │ late span              │ late span: loaded
///                      ◀─────────────────────────────────────────────┴────────────────────────┘ from the store
/// </code>
/// </summary>
internal sealed partial class TraceAssembler : IDisposable
{
    private const long ObserveMillis = 1000;

    private readonly AssemblyOptions options;
    private readonly TimeProvider clock;
    private readonly CostingStage costing;
    private readonly TracePoster poster;
    private readonly AssemblyMetrics metrics;
    private readonly OpenCostBook openCosts;
    private readonly Dictionary<TraceId, OpenTrace> traces = [];
    private readonly DueQueue due = new();
    private readonly Queue<TraceId> wanted = new();
    private readonly List<TraceId> concerned = [];
    private readonly LinkSeeker links;
    private readonly Func<TraceId, bool> tellFromMemory;
    private readonly SourceTable sources = new();
    private readonly PostedTraceFilter posted;
    private readonly EarlierPostings earlier;
    private readonly long origin;
    private long bytes;
    private long observedAt = -ObserveMillis;

    /// <param name="options">Waits and limits.</param>
    /// <param name="clock">Source of all time.</param>
    /// <param name="costing">Costs a trace.</param>
    /// <param name="poster">Takes what is to be posted.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="openCosts">Shows what waits for its owner.</param>
    /// <param name="storeIsEmpty">No earlier process posted anything: spans from before this start need no look-up.</param>
    public TraceAssembler(AssemblyOptions options, TimeProvider clock, CostingStage costing, TracePoster poster,
        AssemblyMetrics metrics, OpenCostBook openCosts, bool storeIsEmpty)
    {
        this.options = options;
        this.clock = clock;
        this.costing = costing;
        links = new LinkSeeker(costing.Outside);
        tellFromMemory = TellFromMemory;
        this.poster = poster;
        this.metrics = metrics;
        this.openCosts = openCosts;
        posted = new PostedTraceFilter(options.PostedFilterBitsLog2, options.PostedRemembered, clock);
        earlier = new EarlierPostings(clock, storeIsEmpty);
        origin = clock.GetTimestamp();
    }

    /// <summary>Traces in memory, open or kept.</summary>
    public int TraceCount => traces.Count;

    /// <summary>Lowest journal position that an open trace needs; <see cref="ulong.MaxValue"/> for none.</summary>
    public ulong HeldFrom
    {
        get
        {
            var held = ulong.MaxValue;
            foreach (var trace in traces.Values) held = Math.Min(held, trace.UnpostedFrom ?? ulong.MaxValue);
            return held;
        }
    }

    private long Now => (long)clock.GetElapsedTime(origin).TotalMilliseconds;

    /// <summary>
    /// Takes in one batch that stands in the journal at <paramref name="position"/>. With <paramref name="replayed"/> every
    /// trace in it may have been posted by an earlier process.
    /// </summary>
    public void Accept(SpanBatch batch, ulong position, bool replayed)
    {
        var now = Now;
        foreach (var span in batch.Spans) AcceptSpan(batch, span, position, replayed, now);
        metrics.SpansAssembled(batch.SpanCount);
        RelievePressure();
    }

    /// <summary>
    /// Costs and posts the traces whose time has come, until <paramref name="rowsMax"/> rows have gathered. True when more are
    /// due.
    /// </summary>
    public bool Advance(int rowsMax = int.MaxValue)
    {
        var now = Now;
        var more = false;
        while (due.IsDue(now))
        {
            if (more = poster.Buffer.RowCount >= rowsMax) break;
            if (due.TryTake(out var trace)) Visit(trace, now);
        }
        if (!more) Observe(now);
        return more;
    }

    /// <summary>
    /// Moves up to <paramref name="max"/> ids of traces that the store must be asked about into <paramref name="ids"/>.
    /// </summary>
    public void TakeWanted(List<TraceId> ids, int max)
    {
        while (ids.Count < max && wanted.TryDequeue(out var id))
        {
            if (!traces.TryGetValue(id, out var trace) || trace.Load != LoadState.Wanted) continue;
            trace.Load = LoadState.Asked;
            ids.Add(id);
        }
    }

    /// <summary>Moves linked spans whose owner only the store may know into <paramref name="spans"/>.</summary>
    public void TakeWantedLinks(List<(TraceId TraceId, SpanId SpanId)> spans, int max) => links.Take(spans, max);

    /// <summary>The store's answer about a linked span: traces that asked for it are costed again.</summary>
    public void LinkLoaded(TraceId traceId, SpanId spanId, string customer, string feature)
    {
        concerned.Clear();
        costing.Outside.TellLink(traceId, spanId, customer, feature, concerned);
        foreach (var id in concerned) Reconsider(id);
    }

    /// <summary>The store's answer about a trace: its facts and standing entries, or that it has none.</summary>
    public void Loaded(TraceId id, StoredTrace? stored)
    {
        if (!traces.TryGetValue(id, out var trace) || trace.Load != LoadState.Asked) return;
        trace.Load = LoadState.Loaded;
        if (trace.Recheck is not null && EndsWithoutFacts(trace, stored)) return;
        if (stored is not null)
        {
            Merge(trace, stored);
            posted.Add(id);
            metrics.TraceLoaded();
        }
        Account(trace);
        due.Enqueue(trace, Now);
    }

    /// <summary>
    /// Hands the older half of the settled traces without cost, which hold the journal, to the store, until
    /// <paramref name="rowsMax"/> rows have gathered; called when the journal is filling up.
    /// </summary>
    public void SpillCostless(int rowsMax)
    {
        var costless = traces.Values.Where(trace => trace is { Settled: true, CostRelevant: false })
            .OrderBy(trace => trace.SettledAt).ToArray();
        foreach (var trace in costless.Take((costless.Length + 1) / 2))
        {
            if (poster.Buffer.RowCount >= rowsMax) return;
            Spill(trace);
        }
    }

    /// <summary>
    /// Settles traces that never come to rest, as they are: what they hold of the journal goes to the store, and what still comes
    /// is a correction. Called when the journal is filling up, so that one endless trace cannot stop all senders.
    /// </summary>
    public void SettleRestless()
    {
        var now = Now;
        var since = now - (long)options.UnattributedWait.TotalMilliseconds;
        foreach (var trace in traces.Values.Where(trace => !trace.Settled && trace.HeldSince <= since).ToArray())
        {
            if (trace.Load is LoadState.Wanted or LoadState.Asked) continue;
            metrics.Count(AssemblyReason.PressureEviction);
            Settle(trace, now, incomplete: !trace.IsWhole());
        }
    }

    /// <summary>The store could not answer; the trace will be asked about again.</summary>
    public void NotLoaded(TraceId id)
    {
        if (!traces.TryGetValue(id, out var trace) || trace.Load != LoadState.Asked) return;
        trace.Load = LoadState.Wanted;
        wanted.Enqueue(id);
    }

    public void Dispose()
    {
        foreach (var trace in traces.Values) trace.Dispose();
        traces.Clear();
    }

    private void AcceptSpan(SpanBatch batch, SpanRecord span, ulong position, bool replayed, long now)
    {
        var id = span.TraceId;
        if (!traces.TryGetValue(id, out var trace))
        {
            trace = new OpenTrace(id, now);
            traces.Add(id, trace);
            if (replayed || posted.MayContain(id) || earlier.MayContain(span))
            {
                trace.Load = LoadState.Wanted;
                wanted.Enqueue(id);
            }
        }
        if (trace.Spans.Count >= options.SpansPerTraceMax && span.UsageKeyCount == 0)
        {
            metrics.Count(AssemblyReason.TraceOverLimit);
            return;
        }

        var outcome = trace.Spans.Add(batch, span, sources);
        if (outcome == AddOutcome.Duplicate)
        {
            metrics.Count(AssemblyReason.DuplicateSpan);
            // Not yet durable in the store: the journal keeps the first copy through UnpostedFrom.
            return;
        }
        if (span.Flags != SpanRecordFlags.None) metrics.Count(span.Flags);
        if (trace.Settled) metrics.Count(AssemblyReason.LateSpan);
        trace.Arrived(span.UsageKeyCount > 0, position, now);
        Account(trace);
        due.Enqueue(trace, now + (long)Math.Min(options.SettledQuiet.TotalMilliseconds, options.VisibleAfter.TotalMilliseconds));
    }

    // Walks all traces, so not on every turn.
    private void Observe(long now)
    {
        if (now < observedAt + ObserveMillis) return;
        observedAt = now;
        long openSpans = 0, oldest = now;
        foreach (var trace in traces.Values)
        {
            if (trace.Settled) continue;
            openSpans += trace.Spans.Count;
            oldest = Math.Min(oldest, trace.UnpostedUsageSince ?? now);
        }
        metrics.Observe(traces.Count, bytes, openSpans, now - oldest);
    }

    // What arrived is laid over what the store has: a mere repetition changes nothing and is not costed again.
    private void Merge(OpenTrace trace, StoredTrace stored)
    {
        using var arrived = trace.EncodeAll(poster.Builder);
        trace.ResetSpans();
        foreach (var facts in stored.Facts) trace.Spans.AddAll(facts, sources);
        var changed = trace.ContextChanged && trace.Recheck is null;
        foreach (var span in arrived.Spans)
        {
            if (trace.Spans.Add(arrived, span, sources) != AddOutcome.Duplicate) changed = true;
            else if (trace.Recheck is null) metrics.Count(AssemblyReason.DuplicateSpan);
        }
        trace.Standing = stored.Standing;
        trace.Context = stored.Context;
        trace.CostRelevant = true;
        trace.ForgetWhole();
        trace.Dirty = changed || trace.Recheck is not null;
        if (trace.Recheck is { } recheck) Prepare(trace, recheck, stored.Standing, changed);
        if (trace.Dirty || !stored.Standing.PostedAsSettled) return;
        trace.Settled = true;
        trace.SettledAt = Now;
        trace.UnpostedFrom = null;
        trace.UnpostedUsageSince = null;
    }

    private void Visit(OpenTrace trace, long now)
    {
        // An answer of the store re-queues the trace.
        if (trace.Load is LoadState.Wanted or LoadState.Asked) return;

        if (trace.Settled)
        {
            var until = trace.SettledAt + trace.KeptMillis(options);
            if (now >= until) Evict(trace);
            else due.Enqueue(trace, until);
            return;
        }

        var quiet = now - trace.LastArrival;
        if (quiet >= options.SettledQuiet.TotalMilliseconds && trace.IsWhole())
        {
            Settle(trace, now, incomplete: false);
        }
        else if (quiet >= options.IdleQuiet.TotalMilliseconds)
        {
            if (trace.Load == LoadState.NotNeeded && trace.Standing.FactsRevision == 0)
            {
                // The missing parents may stand in the store, from another node or an earlier time.
                trace.Load = LoadState.Wanted;
                wanted.Enqueue(trace.Id);
                return;
            }
            metrics.Count(AssemblyReason.IdleIncomplete);
            Settle(trace, now, incomplete: true);
        }
        else
        {
            if (trace.UnpostedUsageSince is { } since)
            {
                var waited = now - since;
                var ownerlessToo = waited >= options.UnattributedWait.TotalMilliseconds;
                if (ownerlessToo || (!trace.WaitsForOwner && waited >= options.VisibleAfter.TotalMilliseconds))
                    PostProvisionally(trace, ownerlessToo);
            }
            due.Enqueue(trace, trace.NextVisit(options, now));
        }
    }

    private void Settle(OpenTrace trace, long now, bool incomplete)
    {
        trace.Settled = true;
        trace.SettledAt = now;
        if (trace.Dirty || !trace.Standing.PostedAsSettled) Post(trace, PostingScope.Everything, settled: true, incomplete);
        if (trace.Recheck is { } recheck && EndsWithoutPosting(trace, recheck)) return;
        if (trace is { CostRelevant: true, UnpostedFrom: { } position })
        {
            // What costs is now in the posting buffer, which holds the journal until the store has it. A trace without cost is in
            // the journal alone, and stays there for as long as it is remembered.
            poster.Hold(position);
            trace.UnpostedFrom = null;
        }
        trace.UnpostedUsageSince = null;
        Account(trace);
        due.Enqueue(trace, now + trace.KeptMillis(options));
    }

    private void PostProvisionally(OpenTrace trace, bool ownerlessToo)
    {
        Post(trace, ownerlessToo ? PostingScope.Everything : PostingScope.Owned, settled: false, incomplete: false);
        trace.WaitsForOwner = trace.Waiting.Count > 0;
        if (!trace.WaitsForOwner) trace.UnpostedUsageSince = null;
        metrics.Count(AssemblyReason.ProvisionalPosting);
    }

    private void Post(OpenTrace trace, PostingScope scope, bool settled, bool incomplete, bool spilled = false)
    {
        // What was once posted as final is not taken back while late spans keep the trace open.
        var costs = costing.Cost(trace, final: settled || trace.Standing.WasSettled, incomplete);
        trace.CostRelevant = costs.CostRelevant || trace.Standing.EntryCount > 0 || trace.Standing.FactsRevision > 0
            || spilled;
        openCosts.Remove(trace.Waiting);
        if (trace.CostRelevant)
        {
            trace.Waiting = poster.Post(trace, costs, scope, settled, withRun: !spilled);
            openCosts.Add(trace.Waiting);
            posted.Add(trace.Id);
        }
        // A provisional posting leaves work for the final one.
        if (!settled || trace.Recheck is { DryRun: true }) return;
        trace.Dirty = trace.UsageArrived = trace.ContextChanged = false;
        links.Note(costs.OpenLinks);
        PublishLastCosted(trace.Id);
        links.Seek(tellFromMemory);
    }

    private void PublishLastCosted(TraceId trace)
    {
        concerned.Clear();
        costing.Publish(trace, concerned);
        foreach (var id in concerned) Reconsider(id);
    }

    // An open trace tells what it knows when it settles. One that waits for the store may turn out to be a mere repetition, which
    // is not costed again and so tells nothing.
    private bool TellFromMemory(TraceId id)
    {
        if (!traces.TryGetValue(id, out var trace) || trace.Load is LoadState.Wanted or LoadState.Asked) return false;
        if (!trace.Settled) return true;
        costing.Cost(trace, final: true, trace.Context.Incomplete);
        PublishLastCosted(id);
        return true;
    }

    // Another trace answered a question of this one: cost it again, from the store if it is no longer here.
    private void Reconsider(TraceId id)
    {
        if (!traces.TryGetValue(id, out var trace))
        {
            trace = new OpenTrace(id, Now) { Load = LoadState.Wanted };
            traces.Add(id, trace);
            wanted.Enqueue(id);
        }
        trace.Dirty = true;
        trace.ContextChanged = true;
        if (!trace.Settled) return;
        trace.Settled = false;
        trace.LastArrival = Now;
        due.Enqueue(trace, Now + (long)options.SettledQuiet.TotalMilliseconds);
    }

    private void Account(OpenTrace trace)
    {
        var size = trace.Bytes;
        bytes += size - trace.AccountedBytes;
        trace.AccountedBytes = size;
    }

    private void RelievePressure()
    {
        if (bytes <= options.OpenTraceBytesMax && traces.Count <= options.OpenTracesMax) return;
        var left = due.Count;
        while ((bytes > options.OpenTraceBytesMax || traces.Count > options.OpenTracesMax) && left-- > 0)
        {
            if (!due.TryTake(out var trace)) continue;
            // One that waits for the store is re-queued by the answer.
            if (trace.Load is LoadState.Wanted or LoadState.Asked) continue;
            if (!trace.Settled)
            {
                metrics.Count(AssemblyReason.PressureEviction);
                Settle(trace, Now, incomplete: !trace.IsWhole());
            }
            if (trace.CostRelevant) Evict(trace);
            else Spill(trace);
        }
    }

    // A call that comes later still has to find its customer: what costs nothing goes to the store before it is given up early.
    private void Spill(OpenTrace trace)
    {
        metrics.Count(AssemblyReason.CostlessSpilled);
        Post(trace, PostingScope.Everything, settled: true, trace.Context.Incomplete, spilled: true);
        if (trace.UnpostedFrom is { } position) poster.Hold(position);
        Evict(trace);
    }

    private void Evict(OpenTrace trace)
    {
        if (!traces.Remove(trace.Id)) return;
        EndRecheck(trace, RecheckOutcome.StillOpen);
        openCosts.Remove(trace.Waiting);
        DueQueue.Forget(trace);
        bytes -= trace.AccountedBytes;
        trace.Dispose();
    }
}
