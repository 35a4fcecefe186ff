using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;
using CostAttribution.Simulation.Running;
using CostAttribution.Simulation.World;
using CostAttribution.Workload.Otlp;

namespace CostAttribution.Simulation.Checks;

/// <summary>
/// Which copy of a span counts, among those that somebody was told OK for: one that has ended before one that has not; of two that
/// say the same the one whose resource says more. Where both differ, the product chooses; it must choose alike in any order.
/// </summary>
internal sealed class ReferenceCopies : IDisposable
{
    private readonly OtlpTraceReader reader = new(AttributionTable.Default.Keys, OtlpLimits.Default);
    private readonly OtlpTraceWriter writer = new(4096);
    private readonly Dictionary<(WorldSpan, SpanCopy), ulong> hashes = [];
    private readonly SourceTable sources = new();

    /// <summary>Adds one copy as it came in at <paramref name="received"/>.</summary>
    public void Add(TraceSpans spans, WorldSpan span, SpanCopy copy, ulong received)
    {
        var decoded = reader.ReadProtobuf(WorldSpan.ToRequest(writer, [(span, copy)]), received);
        using var batch = decoded.Batch ?? throw new SimulationFailure("the reference's request is refused");
        spans.AddAll(batch, sources);
    }

    /// <summary>The copy that is held; null when it is none that was sent.</summary>
    public SpanCopy? Held(WorldSpan span, TraceSpans spans)
    {
        var hash = spans.ContentHashOf(spans[spans.Find(span.SpanId)]);
        foreach (var copy in span.Copies)
        {
            if (HashOf(span, copy) == hash) return copy;
        }
        return null;
    }

    public SpanCopy Best(WorldSpan span, IReadOnlyCollection<SpanCopy> copies, Findings findings)
    {
        if (copies.Count == 1) return copies.Single();
        var best = Best(span, copies);
        findings.Expect(Best(span, copies.Reverse()) == best, () => $"which copy of span {span} counts depends on which came first");
        findings.Expect(best != SpanCopy.Draft, () => $"the unfinished copy of span {span} counts more than the finished");
        findings.Expect(best != SpanCopy.Whole || !copies.Contains(SpanCopy.Enriched) || span.Exporter.Customer.Length > 0
            || span.Enriched!.Customer.Length == 0,
            () => $"the copy of span {span} whose resource says less counts");
        return best;
    }

    public void Dispose() => reader.Dispose();

    private SpanCopy Best(WorldSpan span, IEnumerable<SpanCopy> copies)
    {
        using var all = new TraceSpans(span.Trace.Id);
        foreach (var copy in copies) Add(all, span, copy, 1);
        return Held(span, all)!.Value;
    }

    private ulong HashOf(WorldSpan span, SpanCopy copy)
    {
        if (hashes.TryGetValue((span, copy), out var known)) return known;
        using var alone = new TraceSpans(span.Trace.Id);
        Add(alone, span, copy, 1);
        return hashes[(span, copy)] = alone.ContentHashOf(alone[0]);
    }
}
