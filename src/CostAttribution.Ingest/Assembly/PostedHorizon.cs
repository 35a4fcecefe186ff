using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Decides which traces that are not in memory may have been posted before, so that the store is asked about them and about no
/// others. The filter knows every posting since its horizon: the start of the process, later the time from which it still
/// remembers. A trace posted before the horizon was received before it, and what was received began earlier still, so:
/// <code>
///            horizon + skew              received + skew
///   ── ask ───────┤  the filter decides alone  ├─── ask ──▶  start of the span
/// </code>
/// A span whose start lies in the future of its receipt is asked about, for its sender's clock proves nothing; and so is a
/// trace whose root is missing before its first posting, for its other spans may have come long ago.
/// </summary>
internal sealed class PostedHorizon
{
    /// <summary>
    /// How far a sender's clock may be ahead of ours before its spans are looked up instead of believed: ten minutes, as far as
    /// its times are taken for event times.
    /// </summary>
    private const ulong SkewNanos = 600_000_000_000;

    private readonly PostedTraceFilter filter;
    private readonly DateTimeOffset began;
    private readonly bool storeWasEmpty;

    /// <param name="options">Size and period of the filter.</param>
    /// <param name="clock">Wall clock.</param>
    /// <param name="storeIsEmpty">No earlier process posted anything.</param>
    public PostedHorizon(AssemblyOptions options, TimeProvider clock, bool storeIsEmpty)
    {
        filter = new PostedTraceFilter(options.PostedFilterBitsLog2, options.PostedRemembered, clock);
        began = filter.CompleteFrom;
        storeWasEmpty = storeIsEmpty;
    }

    /// <summary>Remembers that the trace was posted.</summary>
    public void Add(TraceId id) => filter.Add(id);

    /// <summary>Whether a new trace may have been posted before, as far as this span of it tells.</summary>
    public bool MayBePosted(TraceId id, ulong startNanos, ulong receivedNanos) =>
        filter.MayContain(id) || IsBeyond(startNanos, receivedNanos);

    /// <summary>Whether the start says nothing against an earlier posting that the filter has forgotten.</summary>
    public bool IsBeyond(ulong startNanos, ulong receivedNanos)
    {
        if (KnowsAll) return false;
        var horizon = (ulong)Math.Max(0, filter.CompleteFrom.ToUnixTimeMilliseconds()) * 1_000_000;
        return startNanos < horizon + SkewNanos || (startNanos > receivedNanos && startNanos - receivedNanos > SkewNanos);
    }

    /// <summary>Whether the filter knows every posting there ever was: nothing need be asked about what is not in it.</summary>
    public bool KnowsAll => storeWasEmpty && filter.CompleteFrom == began;

    /// <summary>Whether the store certainly knows nothing of the trace.</summary>
    public bool IsNowhere(TraceId id) => KnowsAll && !filter.MayContain(id);
}
