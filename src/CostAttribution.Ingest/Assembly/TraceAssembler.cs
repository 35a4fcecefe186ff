using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Joins spans into traces and decides when a trace is costed. Synchronous and single-threaded: time comes in through the
/// clock, spans through <see cref="Accept"/>, and postings leave through the <see cref="TracePoster"/>; what only the store can
/// say (<see cref="Ask"/>, <see cref="Answer"/>) is asked of it by the stage around it.
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
    private readonly TraceTable traces;
    private readonly Queue<TraceId> wanted = new();
    private readonly OutsideDesk outside;
    private readonly SourceTable sources = new();
    private readonly PostedHorizon posted;
    private readonly long origin;
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
        this.poster = poster;
        this.metrics = metrics;
        this.openCosts = openCosts;
        traces = new TraceTable(options, openCosts);
        posted = new PostedHorizon(options, clock, storeIsEmpty);
        outside = new OutsideDesk(costing, traces, posted, Reconsider);
        Aside = new AsideDesk(traces);
        origin = clock.GetTimestamp();
    }

    /// <summary>Traces that cannot be read back.</summary>
    public AsideDesk Aside { get; }

    /// <summary>Traces in memory, open or kept.</summary>
    public int TraceCount => traces.Count;

    /// <summary>Memory that they take, in bytes, as accounted; <see cref="MeasureBytes"/> walks them all.</summary>
    public long Bytes => traces.Account.Bytes;

    public long MeasureBytes() => traces.MeasureBytes();

    /// <summary>
    /// Whether more spans may come. False while memory is full of traces that cannot be posted before the store has answered.
    /// </summary>
    public bool HasRoom => traces.HasRoom;

    /// <summary>Lowest journal position that an open trace needs; <see cref="ulong.MaxValue"/> for none.</summary>
    public ulong HeldFrom => Math.Min(traces.Account.HeldFrom, outside.HeldFrom);

    /// <summary>Whether only the store still knows who asked about some linked span.</summary>
    public bool HasForgottenAskers => costing.Outside.HasForgotten;

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
        while (traces.Due.IsDue(now))
        {
            if (more = poster.Buffer.RowCount >= rowsMax) break;
            if (traces.Due.TryTake(out var trace)) Visit(trace, now);
        }
        if (more || now < observedAt + ObserveMillis) return more;
        observedAt = now;
        RelievePressure();
        var waited = traces.Account.UnpostedSince is { } since ? now - since : 0;
        metrics.Observe(traces.Count, traces.Account.Bytes, traces.Account.OpenSpans, waited);
        return more;
    }

    /// <summary>Adds what the store must be asked, up to <paramref name="max"/> of each kind.</summary>
    public void Ask(StoreQuestions questions, int max)
    {
        while (questions.Traces.Count < max && wanted.TryDequeue(out var id))
        {
            if (!traces.TryGet(id, out var trace) || trace.Load != LoadState.Wanted) continue;
            trace.Load = LoadState.Asked;
            questions.Traces.Add(id);
        }
        outside.Ask(questions, max);
    }

    /// <summary>Takes in what the store said; without an answer, everything is asked again.</summary>
    public void Answer(LoadAnswer answer)
    {
        if (!answer.Answered)
        {
            foreach (var id in answer.Asked.Traces) NotLoaded(id);
            outside.NotAnswered(answer.Asked);
            return;
        }
        outside.TakeAskers(answer);
        foreach (var id in answer.Asked.Traces)
        {
            if (answer.Unreadable.TryGetValue(id, out var why)) Aside.CannotBeRead(id, why);
            else Loaded(id, answer.Traces.GetValueOrDefault(id), answer.TakenBack.GetValueOrDefault(id));
            RelievePressure();
        }
        outside.TakeAnswer(answer);
        foreach (var trace in outside.EndWaiting()) traces.Due.Enqueue(trace, Now);
    }

    /// <summary>
    /// Hands the older half of the settled traces without cost, which hold the journal, to the store, until
    /// <paramref name="rowsMax"/> rows have gathered; called when the journal is filling up.
    /// </summary>
    public void SpillCostless(int rowsMax)
    {
        var costless = traces.Costless();
        foreach (var trace in costless.Take((costless.Length + 1) / 2))
        {
            if (poster.Buffer.RowCount >= rowsMax) return;
            if (MayBePosted(trace)) Spill(trace);
        }
    }

    /// <summary>
    /// Settles traces that never come to rest, as they are: what they hold of the journal goes to the store, and what still
    /// comes is a correction. Called when the journal is filling up, so that one endless trace cannot stop all senders. Those
    /// that have held the journal longest come first, until <paramref name="rowsMax"/> rows have gathered.
    /// </summary>
    public void SettleRestless(int rowsMax = int.MaxValue)
    {
        var now = Now;
        foreach (var trace in traces.HoldingSince(now - (long)options.UnattributedWait.TotalMilliseconds))
        {
            if (poster.Buffer.RowCount >= rowsMax) return;
            if (!MayBePosted(trace)) continue;
            metrics.Count(AssemblyReason.PressureEviction);
            Settle(trace, now, incomplete: !trace.IsWhole());
        }
    }

    public void Dispose() => traces.Dispose();

    private void AcceptSpan(SpanBatch batch, SpanRecord span, ulong position, bool replayed, long now)
    {
        var id = span.TraceId;
        if (!traces.TryGet(id, out var trace))
        {
            trace = traces.Add(id, now);
            if (replayed || posted.MayBePosted(id, span.StartNanos, span.ReceivedNanos)
                || costing.Outside.MayHaveForgottenAskers(id) || Aside.IsSetAside(id)) Want(trace);
        }
        else if (trace is { Load: LoadState.NotNeeded, Standing.FactsRevision: 0 }
            && posted.IsBeyond(span.StartNanos, span.ReceivedNanos))
        {
            Want(trace);
        }
        trace.Replayed |= replayed;
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
        trace.Arrived(span, position, now, options);
        Disturb(trace);
        traces.Account.Update(trace);
        var settles = now + (long)options.SettledQuiet.TotalMilliseconds;
        traces.Due.Enqueue(trace, Math.Min(settles, trace.ProvisionalAt ?? long.MaxValue));
    }

    private void Want(OpenTrace trace)
    {
        trace.Load = LoadState.Wanted;
        wanted.Enqueue(trace.Id);
    }

    private void NotLoaded(TraceId id)
    {
        if (traces.TryGet(id, out var trace) && trace.Load == LoadState.Asked) Want(trace);
    }

    private void Loaded(TraceId id, StoredTrace? stored, TakenBack? takenBack)
    {
        if (!traces.TryGet(id, out var trace) || trace.Load != LoadState.Asked) return;
        trace.Load = LoadState.Loaded;
        if (takenBack is not null) trace.TakeBack(takenBack, sources);
        if (trace.Recheck is not null && takenBack is null && EndsWithoutFacts(trace, stored)) return;
        if (stored is not null)
        {
            var recalled = Merge(trace, stored);
            posted.Add(id);
            metrics.TraceLoaded();
            if (EndsRepriced(trace, recalled)) return;
        }
        else if (trace.Spans.Count == 0)
        {
            // It was to be costed again and is nowhere: it never cost anything.
            traces.Evict(trace);
            return;
        }
        traces.Account.Update(trace);
        traces.Due.Enqueue(trace, Now);
    }

    // What arrived is laid over what the store has: a mere repetition changes nothing and is not posted again.
    private TraceCosts? Merge(OpenTrace trace, StoredTrace stored)
    {
        TraceCosts? recalled = null;
        using var arrived = trace.EncodeAll(poster.Builder);
        trace.StartFrom(stored, sources);
        // An audit may want written again what the store has wrong, and after half a posting nobody knows what that is.
        if (trace.Recheck is null or { Prices: not null } && !stored.WasCutOff)
            poster.Recall(trace, recalled = costing.Recall(trace));
        // One that comes from the journal again may not have told the others yet.
        var changed = trace.ContextChanged || trace.Replayed;
        foreach (var span in arrived.Spans)
        {
            if (trace.Spans.Add(arrived, span, sources) != AddOutcome.Duplicate) changed = true;
            else if (trace.Recheck is null) metrics.Count(AssemblyReason.DuplicateSpan);
        }
        trace.ForgetWhole();
        trace.Dirty = changed || trace.Recheck is { Prices: null } || trace.TakenBackEdition is not null;
        // It may have come to rest before it was asked for.
        if (trace.Dirty) trace.Settled = false;
        if (trace.Recheck is { } recheck) Prepare(trace, recheck, stored.Standing, changed);
        if (!trace.Dirty && stored.Standing.PostedAsSettled) trace.Rest(Now);
        return recalled;
    }

    private void Visit(OpenTrace trace, long now)
    {
        // An answer of the store re-queues the trace.
        if (trace.AwaitsStore) return;

        if (trace.Settled)
        {
            var until = trace.SettledAt + trace.KeptMillis(options);
            if (now >= until) traces.Evict(trace);
            else traces.Due.Enqueue(trace, until);
            return;
        }

        var quiet = now - trace.LastArrival;
        if (quiet >= options.SettledQuiet.TotalMilliseconds && trace.IsWhole())
        {
            Settle(trace, now, incomplete: false);
        }
        else if (quiet >= options.IdleQuiet.TotalMilliseconds)
        {
            if (trace is { Load: LoadState.NotNeeded, Standing.FactsRevision: 0 })
            {
                // The missing parents may stand in the store, from another node or an earlier time.
                Want(trace);
                return;
            }
            metrics.Count(AssemblyReason.IdleIncomplete);
            Settle(trace, now, incomplete: true);
        }
        else
        {
            if (now >= trace.ProvisionalFrom(options) && MayBePosted(trace)) PostProvisionally(trace, now);
            if (!trace.AwaitsStore) traces.Due.Enqueue(trace, trace.NextVisit(options, now));
        }
    }

    // Without its root, nothing says that the trace began after the horizon.
    private bool MayBePosted(OpenTrace trace)
    {
        if (trace.AwaitsStore) return false;
        if (trace.Load != LoadState.NotNeeded || trace.Standing.FactsRevision > 0 || trace.HasRoot || posted.KnowsAll)
            return true;
        Want(trace);
        return false;
    }

    private void Settle(OpenTrace trace, long now, bool incomplete)
    {
        var posts = trace.Dirty || !trace.Standing.PostedAsSettled;
        var costs = posts ? outside.Cost(trace, final: true, incomplete) : null;
        if (posts && outside.MustWait(trace)) return;
        trace.Settled = true;
        trace.SettledAt = now;
        if (costs is not null)
        {
            Post(trace, costs, PostingScope.Everything, settled: true);
            if (trace.Recheck is not { DryRun: true })
            {
                trace.Dirty = trace.UsageArrived = trace.ContextChanged = false;
                outside.Publish(trace);
            }
        }
        if (trace.TakenBackEdition is { } edition && trace.Recheck is not { DryRun: true })
        {
            poster.Buffer.Hold.TakenBack.Add((trace.Id, edition));
            trace.TakenBackEdition = null;
        }
        if (trace.Recheck is { } recheck && EndsWithoutPosting(trace, recheck)) return;
        if (trace is { Settled: true, CostRelevant: true, UnpostedFrom: { } position })
        {
            // What costs is now in the posting buffer, which holds the journal until the store has it. A trace without cost is
            // in the journal alone, and stays there for as long as it is remembered.
            poster.Hold(position);
            trace.UnpostedFrom = null;
        }
        trace.UnpostedUsageSince = trace.ProvisionalAt = null;
        traces.Account.Update(trace);
        traces.Due.Enqueue(trace, now + trace.KeptMillis(options));
    }

    private void PostProvisionally(OpenTrace trace, long now)
    {
        var wallNow = clock.GetUtcNow();
        // What was once posted as final is not taken back while late spans keep the trace open.
        Post(trace, outside.Cost(trace, final: trace.Standing.WasSettled, incomplete: false),
            PostingScope.Provisional(options, wallNow), settled: false);
        trace.Waits(trace.Waiting, options, now, wallNow);
        traces.Account.Update(trace);
        metrics.Count(AssemblyReason.ProvisionalPosting);
    }

    private void Post(OpenTrace trace, TraceCosts costs, PostingScope scope, bool settled, bool spilled = false)
    {
        if (costing.LackedSnapshot) metrics.Count(AssemblyReason.SnapshotMissing);
        trace.CostRelevant = costs.CostRelevant || spilled || trace.Standing.EntryCount > 0 || trace.Standing.FactsRevision > 0;
        openCosts.Remove(trace.Waiting);
        trace.Waiting = [];
        if (!trace.CostRelevant) return;
        trace.Waiting = poster.Post(trace, costs, scope, settled ? costing.Topics : null);
        openCosts.Add(trace.Waiting);
        posted.Add(trace.Id);
    }

    // Another trace answered a question of this one: cost it again, from the store if it is no longer here. The journal keeps
    // the other's spans until then, for they are what the correction follows from.
    private void Reconsider(TraceId id, ulong? position)
    {
        var now = Now;
        if (!traces.TryGet(id, out var trace))
        {
            trace = traces.Add(id, now);
            Want(trace);
        }
        trace.Dirty = true;
        trace.ContextChanged = true;
        Disturb(trace);
        if (position is { } held) trace.Hold(held, now);
        if (trace.Settled)
        {
            trace.Settled = false;
            trace.LastArrival = now;
            traces.Due.Enqueue(trace, now + (long)options.SettledQuiet.TotalMilliseconds);
        }
        traces.Account.Update(trace);
    }

    private void RelievePressure()
    {
        if (!traces.IsOverLimit) return;
        var left = traces.Due.Count;
        while (traces.IsOverLimit && left-- > 0)
        {
            // One that waits for the store is re-queued by the answer.
            if (!traces.Due.TryTake(out var trace) || trace.AwaitsStore) continue;
            if (!(trace.Settled && trace.CostRelevant) && !MayBePosted(trace)) continue;
            if (!trace.Settled)
            {
                metrics.Count(AssemblyReason.PressureEviction);
                Settle(trace, Now, incomplete: !trace.IsWhole());
                // What it told others may have come back as an answer to itself: it is not at rest.
                if (trace.AwaitsStore || !trace.Settled) continue;
            }
            if (trace.CostRelevant) traces.Evict(trace);
            else Spill(trace);
        }
    }

    // A call that comes later still has to find its customer: what costs nothing goes to the store before it is given up early.
    private void Spill(OpenTrace trace)
    {
        if (trace.Spans.Count > 0)
        {
            metrics.Count(AssemblyReason.CostlessSpilled);
            Post(trace, outside.Cost(trace, final: true, trace.Context.Incomplete), PostingScope.Everything, settled: true,
                spilled: true);
        }
        if (trace.UnpostedFrom is { } position) poster.Hold(position);
        trace.UnpostedFrom = null;
        traces.Evict(trace);
    }
}
