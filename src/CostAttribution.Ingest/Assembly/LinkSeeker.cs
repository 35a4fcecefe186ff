using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Costing;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Seeks the owners of linked spans: a settled trace in memory answers at once, an open one when it settles, any other trace
/// from the store. Each span is sought once, and only while somebody waits for it.
/// </summary>
internal sealed class LinkSeeker(OutsideKnowledge outside)
{
    /// <summary>Spans that may wait for the store; beyond it a link gives no owner, as if its producer were unknown.</summary>
    private const int WantedMax = 100_000;

    private readonly List<(TraceId TraceId, SpanId SpanId)> open = [];
    private readonly Queue<(TraceId TraceId, SpanId SpanId)> wanted = new();

    /// <summary>Keeps the links that the costing just made left open; the costs may be reused afterwards.</summary>
    public void Note(IReadOnlySet<(TraceId TraceId, SpanId SpanId)> openLinks) => open.AddRange(openLinks);

    /// <summary>
    /// Seeks what was noted. <paramref name="isInMemory"/> says whether a trace is here, and lets it tell what it knows if so.
    /// True when one in memory was asked, so that the asker should be costed again.
    /// </summary>
    public bool Seek(Func<TraceId, bool> isInMemory)
    {
        var asked = false;
        foreach (var (trace, span) in open)
        {
            if (wanted.Count >= WantedMax || !outside.ShouldAsk(trace, span)) continue;
            asked = true;
            if (isInMemory(trace)) continue;
            wanted.Enqueue((trace, span));
            outside.SoughtInStore(trace, span);
        }
        open.Clear();
        return asked;
    }

    /// <summary>The store could not answer; the span will be sought again.</summary>
    public void NotAnswered((TraceId TraceId, SpanId SpanId) span) => wanted.Enqueue(span);

    /// <summary>Moves up to <paramref name="max"/> spans to be sought in the store into <paramref name="spans"/>.</summary>
    public void Take(List<(TraceId TraceId, SpanId SpanId)> spans, int max)
    {
        while (spans.Count < max && wanted.TryDequeue(out var span)) spans.Add(span);
    }
}
