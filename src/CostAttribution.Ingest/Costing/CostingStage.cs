using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Costing;

/// <summary>
/// Costs one trace with everything known outside it. What already stands is costed with the rate book and the attribution
/// table it was posted with, what is new with the current ones; which spans own what does not depend on either. Not
/// thread-safe: belongs to one assembler.
/// </summary>
internal sealed partial class CostingStage(CostingSnapshots snapshots, int topicsMax, bool storeIsEmpty,
    CostingPolicy? policy = null)
{
    private readonly TraceCosting costing = new(policy ?? CostingPolicy.Default);
    private readonly TraceCosts costs = new();
    private TraceTopics? topics;
    private readonly List<(PairKey Key, TraceCosts Costs)> byOtherPair = [];
    private readonly Stack<TraceCosts> spare = new();
    private readonly Dictionary<SpanId, KeptPair> heirs = [];
    private readonly Dictionary<SpanId, int> placeOfSpan = [];
    private KeptPair current = new(snapshots.Current);

    public OutsideKnowledge Outside { get; } = new(topicsMax, storeIsEmpty);

    /// <summary>
    /// The last costing corrected rows whose rates or rules were not kept: today's were used, and prices copied where the usage
    /// is unchanged.
    /// </summary>
    public bool LackedSnapshot { get; private set; }

    /// <summary>The last costing left questions that the store must be asked first.</summary>
    public bool MustWait { get; private set; }

    /// <summary>
    /// The costs of <paramref name="trace"/> as it stands now; valid until the next call. Costs it once more when what other
    /// traces answer to its questions is not what the first pass took for their answers.
    /// </summary>
    public TraceCosts Cost(OpenTrace trace, bool final, bool incomplete)
    {
        topics = null;
        var basis = Begin(trace, out var several);
        var context = trace.Context with { Final = final, Incomplete = incomplete };
        Run(trace, context, basis, costs);
        MustWait = false;
        var informed = Outside.Answer(trace.Id, context, costs, out var mustWait);
        MustWait = mustWait;
        // What it asks does not hang on what it hears, so that no further round is needed.
        if (!ReferenceEquals(informed, context)) Run(trace, context = informed, basis, costs);
        trace.Context = context;
        Finish(trace, context, basis, several);
        return costs;
    }

    /// <summary>
    /// The costs that the last posting of a loaded trace was made of, with the context it had then; asks and tells nobody.
    /// </summary>
    public TraceCosts Recall(OpenTrace trace)
    {
        topics = null;
        var basis = Begin(trace, out var several);
        var context = trace.Context = trace.Context with { Final = trace.Standing.WasSettled };
        Run(trace, context, basis, costs);
        Finish(trace, context, basis, several);
        return costs;
    }

    /// <summary>What the trace last costed asks and tells.</summary>
    public TraceTopics Topics => topics ??= TraceTopics.Of(costs);

    /// <summary>Makes known what the trace last costed knows; names the traces that should be costed again.</summary>
    public void Publish(OpenTrace trace, ICollection<TraceId> concerned)
    {
        var says = Topics;
        Outside.Publish(trace.Id, costs, trace.Topics, says, trace.Replayed, trace.UnpostedFrom, concerned);
        trace.Topics = says;
        trace.Replayed = false;
    }

    private KeptPair Begin(OpenTrace trace, out bool several)
    {
        if (snapshots.Current.Key != current.Key) current = new KeptPair(snapshots.Current);
        LackedSnapshot = false;
        return BasisOf(trace.Standing, out several);
    }

    private void Finish(OpenTrace trace, TraceContext context, KeptPair basis, bool several)
    {
        if (several || basis.Key != current.Key) TakeEachFromItsOwn(trace, context, basis);
        if (costs.Entries.Count > 0) trace.Standing.Hold(current);
    }

    // What the spans themselves say, and what the trace tells others, follows the rules of its earliest standing entry: new
    // rules change nothing about a trace that stands.
    private KeptPair BasisOf(StandingTrace standing, out bool several)
    {
        several = false;
        if (standing.EntryCount == 0) return current;
        LedgerEntry? earliest = null;
        foreach (var entry in standing.Entries.Values)
        {
            if (earliest is null)
            {
                earliest = entry;
                continue;
            }
            several |= KeyOf(entry) != KeyOf(earliest);
            if (TraceCosts.InOrder(entry, earliest) < 0) earliest = entry;
        }
        return PairOf(standing, earliest!);
    }

    private KeptPair PairOf(StandingTrace standing, LedgerEntry entry)
    {
        var key = KeyOf(entry);
        if (key == current.Key) return current;
        foreach (var pair in standing.Pairs)
        {
            if (pair.Key == key) return pair;
        }
        return new KeptPair(key, null, null);
    }

    private static PairKey KeyOf(LedgerEntry entry) => new(entry.RateBookVersion, entry.AttributionVersion);

    private void TakeEachFromItsOwn(OpenTrace trace, TraceContext context, KeptPair basis)
    {
        FindHeirs(trace.Standing);
        var taken = false;
        for (var i = 0; i < costs.Entries.Count; i++)
        {
            var entry = costs.Entries[i];
            if (entry.CostItem.Length > 0) continue;
            var pair = trace.Standing.Entries.TryGetValue((entry.SpanId, entry.CostItem), out var old)
                ? PairOf(trace.Standing, old) : heirs.GetValueOrDefault(entry.SpanId, current);
            if (pair.Key != basis.Key)
            {
                var other = CostsWith(trace, context, pair);
                // Who owns a call depends on neither rates nor rules.
                if (TwinOf(entry, other) is not { } twin)
                    throw new InvalidOperationException("who owns a call depends on rates or attribution rules");
                costs.Entries[i] = entry = twin;
                TakeOutcome(other, entry.SpanId);
                taken = true;
            }
            if (pair.IsWhole) continue;
            entry.Flags |= SpanFlags.SnapshotMissing;
            LackedSnapshot = true;
        }
        taken |= TakeItems(trace, context, basis);
        if (taken) costs.Segment.TakeOwners(costs.Entries);
        foreach (var (_, other) in byOtherPair) spare.Push(other);
        byOtherPair.Clear();
        heirs.Clear();
        placeOfSpan.Clear();
    }

    // A call keeps its versions when another of its spans comes to stand for it.
    private void FindHeirs(StandingTrace standing)
    {
        foreach (var span in costs.Spans)
        {
            if (span.SupersededBy != default && standing.Entries.TryGetValue((span.SpanId, ""), out var old))
                heirs.TryAdd(span.SupersededBy, PairOf(standing, old));
        }
    }

    private TraceCosts CostsWith(OpenTrace trace, TraceContext context, KeptPair pair)
    {
        foreach (var (key, known) in byOtherPair)
        {
            if (key == pair.Key) return known;
        }
        var result = spare.TryPop(out var pooled) ? pooled : new TraceCosts();
        Run(trace, context, pair, result);
        byOtherPair.Add((pair.Key, result));
        return result;
    }

    // Both list all spans, ordered alike.
    private void TakeOutcome(TraceCosts from, SpanId span)
    {
        if (placeOfSpan.Count == 0)
        {
            for (var i = 0; i < costs.Spans.Count; i++) placeOfSpan.Add(costs.Spans[i].SpanId, i);
        }
        var place = placeOfSpan[span];
        costs.Spans[place] = from.Spans[place];
    }

    private void Run(OpenTrace trace, TraceContext context, KeptPair pair, TraceCosts result) =>
        costing.Cost(trace.Spans, context, pair.Rates ?? current.Rates!, pair.Attribution ?? current.Attribution!, result);
}
