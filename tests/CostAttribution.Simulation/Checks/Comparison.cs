using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
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
/// What traces tell each other is taken from the stored context, because a process forgets it with a crash; in a run without
/// restart the entries must also be those of a costing that knows all the others say (<see cref="OutsideWords"/>). Spans that do not cost may be
/// missing where the design gives them up: under pressure, or when the first call comes after <c>CostlessKept</c>.
/// </summary>
internal sealed class Comparison(SimulationPlan plan, StoreTables tables, Senders senders) : IDisposable
{
    // Shorter than CostlessKept, since the clock of a trace starts when it was read, not when it was received.
    private static readonly TimeSpan CostlessSurelyKept = TimeSpan.FromHours(5);

    private readonly TraceReference reference = new();

    /// <summary>What is apart between ledger and rollup cancels out within each hour and customer.</summary>
    public void CheckTotals()
    {
        if (tables.HoursApartByCustomer(tables.Hours).Any()) throw new SimulationFailure("cost_hourly and the ledger differ for some customer");
    }

    public void Check(int restarts, TraceId? poisoned)
    {
        var findings = new Findings();
        var standing = LedgerRules.Check(tables.Ledger, findings);
        var words = new OutsideWords();
        var byTrace = standing.Values.ToLookup(entry => entry.TraceId);
        var facts = tables.Facts.ToLookup(row => row.Stored.TraceId);
        foreach (var trace in senders.Traces.Where(trace => trace.Id != poisoned))
            CheckTrace(trace, [.. facts[trace.Id].OrderBy(row => row.Stored.Revision)], [.. byTrace[trace.Id]], words, findings);
        var known = senders.Traces.Select(trace => trace.Id).ToHashSet();
        foreach (var id in facts.Select(group => group.Key).Concat(byTrace.Select(group => group.Key)).Distinct())
            findings.Expect(known.Contains(id), () => $"trace {id} is in the store and nobody sent it");
        if ((restarts == 0 || words.AreAllStored) && !plan.Pressure && poisoned is null && words.IsCertain && findings.Count == 0)
        {
            foreach (var trace in senders.Traces.Where(trace => facts.Contains(trace.Id)))
                CheckInformed(trace, [.. facts[trace.Id].OrderBy(row => row.Stored.Revision)], [.. byTrace[trace.Id]], words, findings);
        }
        CheckRollup(findings);
        CheckSegments(standing.Values.Where(entry => entry.TraceId != poisoned), poisoned, findings);
        if (findings.Count > 0) throw new SimulationFailure(findings.ToString());
    }

    public void Dispose() => reference.Dispose();

    private void CheckTrace(WorldTrace trace, FactsRow[] facts, LedgerEntry[] standing, OutsideWords words, Findings findings)
    {
        foreach (var revision in facts.GroupBy(row => row.Stored.Revision).Where(group => group.Count() > 1))
            findings.Add($"trace {trace.Ordinal} has {revision.Count()} facts of revision {revision.Key}");
        findings.Expect(facts.Length == 0 || facts[^1].Stored.Settled, () => $"trace {trace.Ordinal} \"{trace.Story}\" never settled");
        var context = facts.Length == 0 ? TraceContext.Empty : TraceContextCodec.Decode(facts[^1].Stored.Context.Span, facts[^1].Stored.RunId);
        var expected = reference.Cost(trace, facts, MayLackCostless(trace), context, findings);
        words.Add(trace, expected, isStored: facts.Length > 0, isWhole: !reference.Lacked);
        if (facts.Length == 0)
        {
            findings.Expect(!expected.CostRelevant, () => $"trace {trace.Ordinal} \"{trace.Story}\" was acknowledged and is not in the store");
            findings.Expect(standing.Length == 0, () => $"trace {trace.Ordinal} has ledger rows and no facts");
            return;
        }
        CheckEntries(trace, expected, standing, findings);
        CheckOutcomes(trace, expected, facts, findings);
    }

    private void CheckInformed(WorldTrace trace, FactsRow[] facts, LedgerEntry[] standing, OutsideWords words, Findings findings)
    {
        var mayLack = MayLackCostless(trace);
        var questions = reference.Cost(trace, facts, mayLack, TraceContext.Empty, findings);
        var context = words.ContextOf(trace, questions, TraceContextCodec.Decode(facts[^1].Stored.Context.Span, facts[^1].Stored.RunId));
        CheckEntries(trace, reference.Cost(trace, facts, mayLack, context, findings), standing, findings);
    }

    private static void CheckEntries(WorldTrace trace, TraceCosts expected, LedgerEntry[] standing, Findings findings)
    {
        var actual = standing.ToDictionary(LedgerKey.Of);
        foreach (var entry in expected.Entries)
        {
            if (!actual.Remove(LedgerKey.Of(entry), out var found))
            {
                findings.Add($"trace {trace.Ordinal} \"{trace.Story}\": span {entry.SpanId} of {entry.Cost.Cost} has no entry");
                continue;
            }
            var difference = EntryText.Difference(entry, found, wholeFlags: false);
            findings.Expect(difference.Length == 0, () => $"trace {trace.Ordinal} \"{trace.Story}\", span {entry.SpanId}: {difference}");
        }
        foreach (var left in actual.Values) findings.Add($"trace {trace.Ordinal} \"{trace.Story}\": {LedgerRules.Name(left)} should not stand");
    }

    private static void CheckOutcomes(WorldTrace trace, TraceCosts expected, FactsRow[] facts, Findings findings)
    {
        var stored = StoreAnswers.NewestSpans(facts).ToDictionary(found => found.Span.SpanId, found => found.Span);
        foreach (var outcome in expected.Spans)
        {
            if (!stored.TryGetValue(outcome.SpanId, out var span)) continue;
            var superseded = outcome.SupersededBy.IsZero ? "" : outcome.SupersededBy.ToString();
            findings.Expect((span.Ownership, span.SupersededBy, span.Customer, span.Feature)
                == (outcome.Ownership, superseded, outcome.CustomerId, outcome.FeatureId),
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
