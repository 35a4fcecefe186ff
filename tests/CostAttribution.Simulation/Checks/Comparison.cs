using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Simulation.Running;
using CostAttribution.Simulation.Store;
using CostAttribution.Simulation.World;

namespace CostAttribution.Simulation.Checks;

/// <summary>
/// Holds the store against what the senders were told. At rest these must be equal, to the picodollar and in every column:
/// <list type="bullet">
/// <item>the standing ledger entries of a trace, and <see cref="TraceReference"/>: a costing, in order and in one go, of exactly the
/// spans that were acknowledged. Spans that a sender gave up count when the facts hold them.</item>
/// <item>the facts: every acknowledged span and no other, decided about as the reference decides; the trace settled.</item>
/// <item><c>cost_hourly</c> and the ledger, per group and measure; the newest run segments and the ledger.</item>
/// <item>the rules of <see cref="LedgerRules"/> over all rows ever written.</item>
/// </list>
/// In a run whose rates change each entry is held against a costing by the rates and rules that it says it was posted with, none may
/// change them while it stands, and what came in since the last change must have the newest. Held against the context that is stored
/// the entries show that nothing was lost on the way; that the context itself is right, and so are the owners, is held against what
/// all traces of the world say (<see cref="SpokenWorld"/>), wherever that is certain. Spans that do not cost may be missing where the
/// design gives them up: under pressure, or when the first call comes after <c>CostlessKept</c>.
/// </summary>
internal sealed class Comparison(SimulationPlan plan, StoreTables tables, Senders senders) : IDisposable
{
    // Shorter than CostlessKept, since the clock of a trace starts when it was read, not when it was received.
    private static readonly TimeSpan CostlessSurelyKept = TimeSpan.FromHours(5);

    private readonly TraceReference reference = new();
    private readonly IReadOnlyList<CostingPair> pairs = plan.Reprices ? Prices.Pairs : [Prices.Pairs[0]];

    /// <summary>Traces whose owners were held against what all others say.</summary>
    public int Informed { get; private set; }

    /// <summary>Traces for which it is not certain what others say.</summary>
    public int LeftOpen { get; private set; }

    /// <summary>What is apart between ledger and rollup cancels out within each hour and customer.</summary>
    public void CheckTotals()
    {
        if (tables.HoursApartByCustomer(tables.Hours).Any()) throw new SimulationFailure("cost_hourly and the ledger differ for some customer");
    }

    /// <param name="restarts">So far.</param>
    /// <param name="poisoned">A trace that the store refuses.</param>
    /// <param name="newest">The rates that are used for all that came in since then; null while that is not certain.</param>
    public void Check(int restarts, TraceId? poisoned, (CostingPair Pair, DateTimeOffset Since)? newest)
    {
        var findings = new Findings();
        var standing = LedgerRules.Check(tables.Ledger, findings);
        var words = new SpokenWorld();
        var byTrace = standing.Values.ToLookup(entry => entry.TraceId);
        var facts = tables.Facts.ToLookup(row => row.Stored.TraceId);
        foreach (var trace in senders.Traces.Where(trace => trace.Id != poisoned))
            CheckTrace(trace, [.. facts[trace.Id].OrderBy(row => row.Stored.Revision)], [.. byTrace[trace.Id]], words, restarts, findings);
        foreach (var trace in senders.Traces.Where(trace => trace.Id == poisoned)) words.LeaveOpen(trace);
        var known = senders.Traces.Select(trace => trace.Id).ToHashSet();
        foreach (var id in facts.Select(group => group.Key).Concat(byTrace.Select(group => group.Key)).Distinct())
            findings.Expect(known.Contains(id), () => $"trace {id} is in the store and nobody sent it");
        if (newest is { } latest) CheckVersions(byTrace, latest.Pair, latest.Since, findings);
        if (findings.Count == 0)
        {
            foreach (var trace in senders.Traces.Where(trace => trace.Id != poisoned && facts.Contains(trace.Id)))
                CheckInformed(trace, [.. facts[trace.Id].OrderBy(row => row.Stored.Revision)], [.. byTrace[trace.Id]], words, findings);
        }
        CheckRollup(findings);
        CheckSegments(standing.Values.Where(entry => entry.TraceId != poisoned), poisoned, findings);
        if (findings.Count > 0) throw new SimulationFailure(findings.ToString());
    }

    public void Dispose() => reference.Dispose();

    private void CheckTrace(WorldTrace trace, FactsRow[] facts, LedgerEntry[] standing, SpokenWorld words, int restarts,
        Findings findings)
    {
        foreach (var revision in facts.GroupBy(row => row.Stored.Revision).Where(group => group.Count() > 1))
            findings.Add($"trace {trace.Ordinal} has {revision.Count()} facts of revision {revision.Key}");
        if (facts.Length > 0 && !facts[^1].Stored.Settled && trace.Spans.Exists(span => span.Rotten))
        {
            // The rest of it went with the journal: what was posted provisionally is all there will ever be.
            words.LeaveOpen(trace);
            return;
        }
        findings.Expect(facts.Length == 0 || facts[^1].Stored.Settled, () => $"trace {trace.Ordinal} \"{trace.Story}\" never settled");
        var context = facts.Length == 0 ? TraceContext.Empty : TraceContextCodec.Decode(facts[^1].Stored.Context.Span, facts[^1].Stored.RunId);
        var mayLack = MayLackCostless(trace);
        var expected = reference.Cost(trace, facts, mayLack, context, pairs[0], findings);
        // What a trace without cost says is known to its process alone, and to the next while the journal keeps it.
        var isKnown = facts.Length > 0 || restarts == 0;
        var isSure = isKnown && !reference.Lacked && !trace.Spans.Exists(span => span.IsOfUnknownFate);
        words.Add(trace, reference.Counted, isSure, isStored: facts.Length > 0);
        if (facts.Length == 0)
        {
            findings.Expect(!expected.CostRelevant, () => $"trace {trace.Ordinal} \"{trace.Story}\" was acknowledged and is not in the store");
            findings.Expect(standing.Length == 0, () => $"trace {trace.Ordinal} has ledger rows and no facts");
            return;
        }
        // What differs by rates is told once.
        TraceCosts[] byPair = [expected, .. pairs.Skip(1).Select(pair => reference.Cost(trace, facts, mayLack, context, pair, new Findings()))];
        CheckEntries(trace, byPair, standing, findings);
        CheckOutcomes(trace, byPair, standing, facts, findings);
    }

    private void CheckVersions(ILookup<TraceId, LedgerEntry> standing, CostingPair newest, DateTimeOffset since, Findings findings)
    {
        var nanos = (ulong)(since - DateTimeOffset.UnixEpoch).Ticks * 100;
        foreach (var trace in senders.Traces.Where(trace => trace.Spans.TrueForAll(span => span.ReceivedAt.All(at => at > nanos))))
        {
            foreach (var entry in standing[trace.Id])
                findings.Expect(KeyOf(entry) == newest.Key, () => $"trace {trace.Ordinal} came after the rates changed and has the old");
        }
    }

    private static PairKey KeyOf(LedgerEntry entry) => new(entry.RateBookVersion, entry.AttributionVersion);

    private int PairOf(LedgerEntry entry) => pairs.ToList().FindIndex(pair => pair.Key == KeyOf(entry));

    private void CheckInformed(WorldTrace trace, FactsRow[] facts, LedgerEntry[] standing, SpokenWorld words, Findings findings)
    {
        // Rules that change map the words of each trace by its own.
        if (plan.Reprices || words.ContextOf(trace, standing) is not { } context)
        {
            LeftOpen++;
            return;
        }
        Informed++;
        foreach (var entry in standing)
        {
            var (customer, feature) = (words.OwnerOf(trace, entry, context, "customer"), words.OwnerOf(trace, entry, context, "feature"));
            findings.Expect((entry.CustomerId, entry.FeatureId) == (customer, feature), () => $"trace {trace.Ordinal} \"{trace.Story}\", "
                + $"span {entry.SpanId}: belongs to '{customer}' and '{feature}', not to '{entry.CustomerId}' and '{entry.FeatureId}'");
            if (words.AddedBy(trace, entry.SpanId.Value) is { } added)
            {
                findings.Expect((entry.Usage.InputTokens, entry.Usage.OutputTokens) == added,
                    () => $"trace {trace.Ordinal} \"{trace.Story}\", span {entry.SpanId}: its agent has used {added} more, not "
                        + $"({entry.Usage.InputTokens}, {entry.Usage.OutputTokens})");
            }
            var isElsewhere = words.IsBilledElsewhere(trace, entry.SpanId.Value);
            findings.Expect(isElsewhere == ((entry.Flags & SpanFlags.CrossTraceDuplicate) != 0) && (!isElsewhere || entry.Usage.IsZero),
                () => $"trace {trace.Ordinal} \"{trace.Story}\", span {entry.SpanId}: {(isElsewhere ? "another trace bills it" : "no other trace bills it")}");
        }
        CheckEntries(trace, [reference.Cost(trace, facts, MayLackCostless(trace), context, pairs[0], findings)], standing, findings);
    }

    // Who owns a call does not depend on rates or rules, so that all costings have entries for the same.
    private void CheckEntries(WorldTrace trace, TraceCosts[] byPair, LedgerEntry[] standing, Findings findings)
    {
        var actual = standing.ToDictionary(LedgerKey.Of);
        foreach (var any in byPair[0].Entries)
        {
            var entry = any;
            if (!actual.Remove(LedgerKey.Of(entry), out var found))
            {
                findings.Add($"trace {trace.Ordinal} \"{trace.Story}\": span {entry.SpanId} of {entry.Cost.Cost} has no entry");
                continue;
            }
            if (byPair.Length > 1 && PairOf(found) is >= 0 and var pair)
                entry = byPair[pair].Entries.Find(twin => LedgerKey.Of(twin) == LedgerKey.Of(any)) ?? any;
            var difference = EntryText.Difference(entry, found, wholeFlags: false);
            findings.Expect(difference.Length == 0, () => $"trace {trace.Ordinal} \"{trace.Story}\", span {entry.SpanId}: {difference}");
        }
        foreach (var left in actual.Values) findings.Add($"trace {trace.Ordinal} \"{trace.Story}\": {LedgerRules.Name(left)} should not stand");
    }

    // A span with an entry follows the rules of that entry, any other those of some entry of its trace.
    private void CheckOutcomes(WorldTrace trace, TraceCosts[] byPair, LedgerEntry[] standing, FactsRow[] facts, Findings findings)
    {
        var ruledBy = standing.ToLookup(entry => entry.SpanId);
        var stored = StoreAnswers.NewestSpans(facts).ToDictionary(found => found.Span.SpanId, found => found.Span);
        for (var i = 0; i < byPair[0].Spans.Count; i++)
        {
            var outcome = byPair[0].Spans[i];
            if (!stored.TryGetValue(outcome.SpanId, out var span)) continue;
            var superseded = outcome.SupersededBy.IsZero ? "" : outcome.SupersededBy.ToString();
            var allowed = ruledBy[outcome.SpanId].Select(PairOf).FirstOrDefault(-1) is >= 0 and var pair && pair < byPair.Length
                ? [byPair[pair]] : byPair;
            findings.Expect(allowed.Any(costs => (span.Ownership, span.SupersededBy, span.Customer, span.Feature)
                == (outcome.Ownership, superseded, costs.Spans[i].CustomerId, costs.Spans[i].FeatureId)),
                () => $"trace {trace.Ordinal} \"{trace.Story}\": the facts say of span {outcome.SpanId} {span}, not "
                    + $"{outcome.Ownership} '{superseded}' {outcome.CustomerId} {outcome.FeatureId}");
        }
    }

    private bool MayLackCostless(WorldTrace trace)
    {
        if (plan.Pressure) return true;
        var calls = trace.Spans.Where(span => span is { IsCall: true, AcknowledgedAt: not null }).ToArray();
        var first = trace.Spans.SelectMany(span => span.ReceivedAt).DefaultIfEmpty().Min();
        if (calls.Length == 0) return true;
        var firstCall = calls.Min(span => span.AcknowledgedAt!.Value);
        return firstCall - DateTimeOffset.UnixEpoch.AddTicks((long)(first / 100)) > CostlessSurelyKept;
    }

    private void CheckRollup(Findings findings)
    {
        var negative = tables.Hourly.SelectMany(part => part.Rows).Select(row => row with { Measures = [.. row.Measures.Select(value => -value)] });
        foreach (var row in Rollup.Sum(Rollup.Of(tables.Ledger).Concat(negative)))
        {
            for (var i = 0; i < row.Measures.Count; i++)
            {
                var (name, apart) = (BlockRows.MeasureNames[i], row.Measures[i]);
                findings.Expect(apart == 0, () => $"cost_hourly lacks {apart} of {name} in {row.Group.Replace('\u001f', ' ')}");
            }
        }
    }

    private void CheckSegments(IEnumerable<LedgerEntry> standing, TraceId? poisoned, Findings findings)
    {
        var sums = new Dictionary<(string, TraceId), Int128[]>();
        foreach (var entry in standing)
        {
            var key = (entry.RunId, entry.TraceId);
            if (!sums.TryGetValue(key, out var sum)) sums[key] = sum = new Int128[SegmentRow.SegmentNames.Length];
            var quantities = Quantities(entry);
            for (var i = 0; i < sum.Length; i++) sum[i] += quantities[i];
        }
        foreach (var group in tables.Segments.Where(row => row.TraceId != poisoned).GroupBy(row => (row.RunId, row.TraceId)))
        {
            var newest = group.MaxBy(row => row.Revision)!;
            findings.Expect(group.Count(row => row.Revision == newest.Revision) == 1, () => $"two segments of run {newest.RunId} are the newest");
            var sum = sums.Remove(group.Key, out var found) ? found : new Int128[SegmentRow.SegmentNames.Length];
            for (var i = 0; i < sum.Length; i++)
            {
                var (name, says, stands) = (SegmentRow.SegmentNames[i], newest.Quantities[i], sum[i]);
                findings.Expect(says == stands, () => $"run {newest.RunId} of trace {newest.TraceId} says {says} {name}, the ledger {stands}");
            }
        }
        foreach (var (run, trace) in sums.Keys) findings.Add($"run {run} of trace {trace} has ledger rows and no segment");
    }

    private static Int128[] Quantities(LedgerEntry entry) =>
        [entry.Calls, entry.FailedCalls, entry.Usage.InputTokens, entry.Usage.CacheReadTokens, entry.Usage.CacheWriteTokens,
            entry.Usage.CacheWrite1hTokens, entry.Usage.OutputTokens, entry.Usage.ReasoningTokens, entry.Cost.Cost.PicoUsd,
            entry.Cost.ListCost.PicoUsd, entry.RetryCost.PicoUsd];
}
