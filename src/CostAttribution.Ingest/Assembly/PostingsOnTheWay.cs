using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// What was handed to the posting stage and is not yet confirmed, in order, and the buffer that gathers the next. Not
/// thread-safe: belongs to one assembly stage.
/// </summary>
internal sealed class PostingsOnTheWay(TracePoster poster)
{
    private readonly Queue<(PostingHold Hold, TraceId[] Traces)> handedOver = new();
    private long handed;

    /// <summary>Postings handed over and not confirmed.</summary>
    public int Count => handedOver.Count;

    /// <summary>Postings confirmed since the start.</summary>
    public long Confirmed => handed - handedOver.Count;

    /// <summary>
    /// What <see cref="Confirmed"/> must reach for everything gathered or handed over by now to be in the store.
    /// </summary>
    public long All => handed + (poster.Buffer.RowCount > 0 ? 1 : 0);

    /// <summary>Lowest journal position that any of them needs; <see cref="ulong.MaxValue"/> for none.</summary>
    public ulong HeldFrom
    {
        get
        {
            var lowest = poster.Buffer.Hold.JournalFrom;
            foreach (var (hold, _) in handedOver) lowest = Math.Min(lowest, hold.JournalFrom);
            return lowest;
        }
    }

    public void HandedOver(PostingBuffer buffer)
    {
        handedOver.Enqueue((buffer.Hold, [.. buffer.Traces.Select(trace => trace.TraceId)]));
        handed++;
    }

    /// <summary>The oldest is confirmed: what it held may go.</summary>
    public PostingHold ConfirmedNext() => handedOver.Dequeue().Hold;

    /// <summary>
    /// Whether anything of these traces is gathered or handed over, so that the store does not know all of them yet.
    /// </summary>
    public bool HoldAny(IEnumerable<TraceId> traces)
    {
        if (All == Confirmed) return false;
        var asked = traces.ToHashSet();
        return poster.Buffer.Traces.Exists(trace => asked.Contains(trace.TraceId))
            || handedOver.Any(posting => Array.Exists(posting.Traces, asked.Contains));
    }
}
