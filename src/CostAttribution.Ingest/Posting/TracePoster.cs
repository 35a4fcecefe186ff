using CostAttribution.ClickHouse.Facts;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Costing;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Turns a costed trace into a <see cref="TracePosting"/>: only what is new or changed against what already stands. Not
/// thread-safe: belongs to one assembler.
/// </summary>
internal sealed class TracePoster(SpanBatchBuilder builder) : IDisposable
{
    private static readonly string[] RoleNames = ["other", "leaf", "container", "tool", "non_billable"];

    private readonly Utf8Interner interner = new();
    private readonly FactsHash hash = new();
    private readonly List<LedgerEntry> wanted = [];
    private readonly List<LedgerEntry> rows = [];
    private readonly List<int> positions = [];
    private readonly List<UnitQuantity> units = [];

    /// <summary>Scratch for encoding the spans of a trace.</summary>
    public SpanBatchBuilder Builder => builder;

    /// <summary>What waits to be sent.</summary>
    public PostingBuffer Buffer { get; private set; } = new();

    /// <summary>Hands over the gathered postings and starts anew.</summary>
    public PostingBuffer TakeBuffer()
    {
        var taken = Buffer;
        Buffer = new PostingBuffer();
        return taken;
    }

    /// <summary>Keeps the journal from <paramref name="position"/> until everything gathered so far is in the store.</summary>
    public void Hold(ulong position) => Buffer.Hold.Journal(position);

    /// <summary>Gathers what is new or changed and returns the entries that wait, by <paramref name="scope"/>.</summary>
    /// <param name="trace">Of which it is.</param>
    /// <param name="costs">What it costs.</param>
    /// <param name="scope">What may be posted.</param>
    /// <param name="told">What it asks and tells, which is for final postings only; null for a provisional one.</param>
    public IReadOnlyList<LedgerEntry> Post(OpenTrace trace, TraceCosts costs, PostingScope scope, TraceTopics? told)
    {
        var settled = told is not null;
        var standing = trace.Standing;
        var waiting = Select(trace, costs, scope);
        rows.Clear();
        standing.Expect(wanted.Count);
        LedgerDifference.Append(standing, wanted, ReasonForNew(trace), ReasonForChange(trace), rows, trace.Spans);
        // Spans have come: what they change is posted as ever, and what then stands is priced.
        if (trace.Recheck is { Prices: { } order } asked) order.Append(standing, rows, asked.Repriced);
        if (trace.Recheck is { } recheck)
        {
            recheck.Rows = rows.Count;
            if (!recheck.MayWrite(rows.Count)) return waiting;
        }
        // Before the trace has settled, facts without a row would only be written to be written again.
        if (!settled && rows.Count == 0) return waiting;

        var facts = NewFacts(trace, costs);
        var segmentHash = HashOfSegment(trace, costs, settled);
        var topics = told ?? standing.Topics;
        var topicRows = topics.RowsSince(standing.Topics, trace.Id);
        if (rows.Count + facts.Count + topicRows.Count == 0 && segmentHash == standing.SegmentHash
            && settled == standing.PostedAsSettled)
            return waiting;

        // What costs nothing is no run that people look at, whether the store has its spans or not.
        var withRun = IsRun(standing, costs);
        var leftRunId = standing.HasRun && (!withRun || standing.RunId != costs.Segment.RunId) ? standing.RunId : "";
        standing.HasRun = withRun;
        standing.RunId = costs.Segment.RunId;
        standing.FactsRevision++;
        standing.SegmentHash = segmentHash;
        standing.Topics = topics;
        standing.PostedAsSettled = settled;
        standing.WasSettled |= settled;
        if (settled) standing.KnownSpans = trace.Spans.Count;
        Buffer.Add(new TracePosting
        {
            TraceId = trace.Id,
            Revision = standing.FactsRevision,
            Settled = settled,
            Rows = [.. rows],
            Spans = facts,
            EncodedSpans = EncodeSpans(trace),
            Context = trace.Context,
            Segment = costs.Segment,
            WithRun = withRun,
            LeftRunId = leftRunId,
            Topics = topicRows,
        });
        return waiting;
    }

    /// <summary>
    /// Gathers new prices of what stands of a loaded trace, and the sums of its run; nothing else is written. True when any price
    /// differs.
    /// </summary>
    /// <param name="trace">At rest, as the store has it.</param>
    /// <param name="costs">What its last posting was made of.</param>
    /// <param name="recheck">Asks for it.</param>
    public bool Reprice(OpenTrace trace, TraceCosts costs, TraceRecheck recheck)
    {
        var standing = trace.Standing;
        rows.Clear();
        recheck.Prices!.Append(standing, rows, recheck.Repriced);
        recheck.Rows = rows.Count;
        if (rows.Count == 0) return false;
        standing.FactsRevision++;
        standing.SegmentHash = HashOfSegment(trace, costs, settled: true);
        Buffer.Add(new TracePosting
        {
            TraceId = trace.Id, Revision = standing.FactsRevision, Settled = true, Rows = [.. rows], Spans = [],
            EncodedSpans = default, Context = trace.Context, Segment = costs.Segment, WithRun = true, LeftRunId = "", Topics = [],
        });
        return true;
    }

    /// <summary>
    /// Notes what the store holds of a loaded trace, from the costs that its last posting was made of, so that only what changes
    /// is written again.
    /// </summary>
    public void Recall(OpenTrace trace, TraceCosts costs)
    {
        var standing = trace.Standing;
        foreach (var outcome in costs.Spans)
        {
            // By which rates and rules the facts of an entry that was still waiting were written, nothing says.
            if (!standing.PostedAsSettled && !standing.Entries.ContainsKey((outcome.SpanId, ""))) continue;
            standing.NoteFacts(outcome.Position, hash.Of(outcome, ContentOf(trace, outcome)), trace.Spans.Count);
        }
        standing.SegmentHash = HashOfSegment(trace, costs, standing.PostedAsSettled);
        standing.HasRun |= IsRun(standing, costs);
    }

    public void Dispose() => builder.Dispose();

    private static bool IsRun(StandingTrace standing, TraceCosts costs) => costs.CostRelevant || standing.EntryCount > 0;

    // Zero for no segment.
    private ulong HashOfSegment(OpenTrace trace, TraceCosts costs, bool settled)
    {
        if (!IsRun(trace.Standing, costs)) return 0;
        Total(costs.Segment, trace.Standing.Entries.Values);
        if (!settled) costs.Segment.Status = RunStatus.Open;
        return hash.Of(costs.Segment);
    }

    private ReadOnlyMemory<byte> EncodeSpans(OpenTrace trace)
    {
        if (positions.Count == 0) return default;
        using var batch = trace.Spans.Encode(positions, builder);
        return Buffer.Keep(batch.Encoded.Span);
    }

    // What stands goes on standing while the trace is open: only new entries wait.
    private LedgerEntry[] Select(OpenTrace trace, TraceCosts costs, PostingScope scope)
    {
        wanted.Clear();
        foreach (var entry in costs.Entries)
        {
            if (scope.HoldsAll || trace.Standing.Entries.ContainsKey((entry.SpanId, entry.CostItem)) || scope.Holds(trace, entry))
                wanted.Add(entry);
        }
        return wanted.Count == costs.Entries.Count ? [] : [.. costs.Entries.Except(wanted)];
    }

    // A trace to which spans are still coming changes because of them.
    private static bool IsAudited(OpenTrace trace) => trace.Recheck is { Outcome: RecheckOutcome.Waiting, Prices: null };

    private static PostingReason ReasonForNew(OpenTrace trace) =>
        IsAudited(trace) ? PostingReason.Audit : trace.Standing.PostedAsSettled ? PostingReason.LateSpan : PostingReason.First;

    private static PostingReason ReasonForChange(OpenTrace trace) => IsAudited(trace) ? PostingReason.Audit
        : trace.ContextChanged ? PostingReason.Context : trace.UsageArrived ? PostingReason.LateSpan : PostingReason.LateParent;

    private List<SpanFactsRow> NewFacts(OpenTrace trace, TraceCosts costs)
    {
        positions.Clear();
        var facts = new List<SpanFactsRow>(costs.Spans.Count);
        foreach (var outcome in costs.Spans)
        {
            var span = trace.Spans[outcome.Position];
            var content = hash.Of(outcome, ContentOf(trace, outcome));
            if (!trace.Standing.NoteFacts(outcome.Position, content, trace.Spans.Count)) continue;
            positions.Add(outcome.Position);
            facts.Add(new SpanFactsRow
            {
                SpanId = span.SpanId,
                ParentSpanId = span.ParentSpanId,
                Name = interner.Get(span.Name),
                Service = trace.Spans.ResourceOf(span).ServiceName,
                Scope = trace.Spans.ScopeOf(span).Name,
                StartTimeMicros = Micros(span.StartNanos),
                EndTimeMicros = Micros(span.EndNanos == 0 ? span.StartNanos : span.EndNanos),
                Role = RoleNames[(int)outcome.Role],
                Ownership = outcome.Ownership,
                SupersededBy = outcome.SupersededBy,
                Dialect = outcome.Dialect,
                Flags = outcome.Flags,
                Customer = outcome.CustomerId,
                Feature = outcome.FeatureId,
                SaidCustomer = outcome.SaidCustomer,
                SaidFeature = outcome.SaidFeature,
                Excess = Units(outcome.Excess),
                Reported = Units(outcome.Reported),
            });
        }
        return facts;
    }

    private static ulong ContentOf(OpenTrace trace, SpanOutcome outcome) =>
        trace.Spans.ContentHashOf(trace.Spans[outcome.Position]);

    private UnitQuantity[] Units(in UsageVector usage)
    {
        if (usage.IsZero) return [];
        units.Clear();
        Add(UsageUnits.InputTokens, usage.InputTokens);
        Add(UsageUnits.CacheReadTokens, usage.CacheReadTokens);
        Add(UsageUnits.CacheWriteTokens, usage.CacheWriteTokens);
        Add(UsageUnits.CacheWrite1hTokens, usage.CacheWrite1hTokens);
        Add(UsageUnits.OutputTokens, usage.OutputTokens);
        Add(UsageUnits.ReasoningTokens, usage.ReasoningTokens);
        units.AddRange(usage.OtherUnits ?? []);
        return [.. units];

        void Add(string unit, long quantity)
        {
            if (quantity != 0) units.Add(new UnitQuantity(unit, quantity));
        }
    }

    // The store's DateTime64(6) ends in 2299; a sender's nonsense beyond it is shown as the last instant.
    private static long Micros(ulong nanos) => (long)Math.Min(nanos / 1000, 10_413_791_999_999_999UL);

    private static void Total(RunSegment segment, IEnumerable<LedgerEntry> standing)
    {
        segment.Calls = segment.FailedCalls = segment.InputTokens = segment.CacheReadTokens = segment.CacheWriteTokens = 0;
        segment.CacheWrite1hTokens = segment.OutputTokens = segment.ReasoningTokens = 0;
        segment.UnpricedCalls = segment.UsageMissingCalls = 0;
        segment.Cost = segment.ListCost = segment.RetryCost = Money.Zero;
        foreach (var entry in standing)
        {
            segment.Calls += entry.Calls;
            segment.FailedCalls += entry.FailedCalls;
            segment.InputTokens += entry.Usage.InputTokens;
            segment.CacheReadTokens += entry.Usage.CacheReadTokens;
            segment.CacheWriteTokens += entry.Usage.CacheWriteTokens;
            segment.CacheWrite1hTokens += entry.Usage.CacheWrite1hTokens;
            segment.OutputTokens += entry.Usage.OutputTokens;
            segment.ReasoningTokens += entry.Usage.ReasoningTokens;
            segment.Cost += entry.Cost.Cost;
            segment.ListCost += entry.Cost.ListCost;
            segment.RetryCost += entry.RetryCost;
            if (entry.Cost.Status is PriceStatus.UnpricedModel or PriceStatus.UnpricedUnit) segment.UnpricedCalls += entry.Calls;
            if ((entry.Flags & SpanFlags.UsageMissing) != 0) segment.UsageMissingCalls += entry.Calls;
        }
    }
}
