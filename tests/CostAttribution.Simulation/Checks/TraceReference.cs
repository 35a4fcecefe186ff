using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Costing;
using CostAttribution.Simulation.Store;
using CostAttribution.Simulation.World;

namespace CostAttribution.Simulation.Checks;

/// <summary>
/// What one trace should have come to: its spans as the senders have them, put together at once and in order, costed in one go.
/// Taken from the store are only which copies of spans nobody vouches for it kept, when each span came in, and what other traces
/// had told (the context in the facts).
/// </summary>
internal sealed class TraceReference : IDisposable
{
    private static readonly AttributeKeyTable Keys = AttributionTable.Default.Keys;

    private readonly ReferenceCopies copies = new();
    private readonly List<(WorldSpan Span, SpanCopy Copy)> counted = [];
    private readonly TraceCosting costing = new();

    /// <summary>Whether the last costing went without spans that were given up: what they said may be known all the same.</summary>
    public bool Lacked { get; private set; }

    /// <summary>The spans that the last costing was made of, and which copy of each.</summary>
    public IReadOnlyList<(WorldSpan Span, SpanCopy Copy)> Counted => counted;

    /// <summary>
    /// Costs the trace from its acknowledged spans and those that <paramref name="facts"/> hold besides. Reports spans that are
    /// missing, unless they may be given up with <paramref name="mayLack"/> or went with a record that rotted, unknown, or not as they
    /// were sent.
    /// </summary>
    public TraceCosts Cost(WorldTrace trace, IReadOnlyList<FactsRow> facts, bool mayLack, TraceContext context, CostingPair pair,
        Findings findings)
    {
        using var stored = Merge(trace.Id, facts, findings);
        using var reference = new TraceSpans(trace.Id);
        counted.Clear();
        Lacked = false;
        foreach (var span in trace.Spans)
        {
            var position = stored.Find(span.SpanId);
            var isStored = position >= 0;
            if (facts.Count > 0 && span.AcknowledgedAt is not null && !isStored)
            {
                Lacked = true;
                if (span.Rotten || (mayLack && !span.IsCall)) continue;
                findings.Add($"span {span} of \"{trace.Story}\" was acknowledged and is not in the facts");
            }
            if (!isStored && span.Rotten)
            {
                Lacked = true;
                continue;
            }
            if (!isStored && (span.Acknowledged.Count == 0 || (span.AcknowledgedAt is null && mayLack && facts.Count > 0))) continue;
            var received = isStored ? stored[position].ReceivedNanos : span.ReceivedAt.Min();
            findings.Expect(span.ReceivedAt.Contains(received), () => $"span {span} is stored as received when nobody sent it");
            var copy = CopyOf(span, isStored ? stored : null, mayLack, findings);
            copies.Add(reference, span, copy, received);
            counted.Add((span, copy));
        }
        foreach (var id in Ids(stored).Where(id => !trace.Spans.Exists(span => span.SpanId == id)))
            findings.Add($"span {id} of trace {trace.Ordinal} is stored and nobody sent it");

        var costs = new TraceCosts();
        costing.Cost(reference, context with { Final = true, Incomplete = !IsWhole(reference) }, pair.Rates, pair.Attribution, costs);
        return costs;
    }

    public void Dispose() => copies.Dispose();

    // The best of the copies that were acknowledged and of the one that is stored.
    private SpanCopy CopyOf(WorldSpan span, TraceSpans? stored, bool mayLack, Findings findings)
    {
        var held = stored is null ? null : copies.Held(span, stored);
        findings.Expect(stored is null || held is not null, () => $"span {span} is not stored as anybody sent it");
        var candidates = span.Acknowledged.ToHashSet();
        if (held is { } copy) candidates.Add(copy);
        if (candidates.Count == 0) return SpanCopy.Whole;
        var best = copies.Best(span, [.. candidates.Order()], findings);
        if (held is null || held == best) return best;
        Lacked = true;
        if (span.Rotten || (mayLack && !span.IsCall)) return held.Value;
        findings.Add($"span {span} is stored as {held} though {best} was acknowledged");
        return best;
    }

    private static TraceSpans Merge(TraceId id, IReadOnlyList<FactsRow> facts, Findings findings)
    {
        var spans = new TraceSpans(id);
        var sources = new SourceTable();
        foreach (var row in facts)
        {
            var named = row.Spans.Select(span => span.SpanId).ToHashSet();
            if (row.Stored.Blob.IsEmpty)
            {
                findings.Expect(named.Count == 0, () => $"facts of {id} name spans that they do not hold");
                continue;
            }
            using var batch = SpanBatch.Decode(row.Stored.Blob.Span, Keys);
            var held = new HashSet<SpanId>();
            foreach (var span in batch.Spans) held.Add(span.SpanId);
            findings.Expect(held.SetEquals(named), () => $"facts of {id} name other spans than they hold");
            spans.AddAll(batch, sources);
        }
        return spans;
    }

    private static IEnumerable<SpanId> Ids(TraceSpans spans) => Enumerable.Range(0, spans.Count).Select(i => spans[i].SpanId);

    private static bool IsWhole(TraceSpans spans)
    {
        var roots = 0;
        for (var i = 0; i < spans.Count; i++)
        {
            var parent = spans[i].ParentSpanId;
            if (parent.IsZero) roots++;
            else if (spans.Find(parent) < 0) return false;
        }
        return roots > 0;
    }
}
