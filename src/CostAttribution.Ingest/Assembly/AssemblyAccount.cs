namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// Sums and lowest values over all traces in memory, kept up to date trace by trace, so that nothing ever walks them all. Not
/// thread-safe: belongs to one assembler.
/// </summary>
internal sealed class AssemblyAccount
{
    private readonly Lowest held = new();
    private readonly Lowest unposted = new();

    public long Bytes { get; private set; }

    /// <summary>Spans in traces that have not settled.</summary>
    public long OpenSpans { get; private set; }

    /// <summary>Lowest journal position that a trace needs; <see cref="ulong.MaxValue"/> for none.</summary>
    public ulong HeldFrom => held.Value;

    /// <summary>When the oldest usage that is not posted arrived; null when all is.</summary>
    public long? UnpostedSince => unposted.Value == ulong.MaxValue ? null : (long)unposted.Value;

    /// <summary>Takes in what has changed about a trace since it was last accounted.</summary>
    public void Update(OpenTrace trace) => Change(trace,
        new Share(trace.Bytes, trace.Settled ? 0 : trace.Spans.Count, trace.UnpostedFrom,
            trace is { Settled: false, UnpostedUsageSince: { } since } ? (ulong)Math.Max(0, since) : null));

    /// <summary>The trace leaves memory.</summary>
    public void Remove(OpenTrace trace) => Change(trace, default);

    private void Change(OpenTrace trace, Share now)
    {
        var before = trace.Accounted;
        trace.Accounted = now;
        Bytes += now.Bytes - before.Bytes;
        OpenSpans += now.OpenSpans - before.OpenSpans;
        held.Replace(before.HeldFrom, now.HeldFrom);
        unposted.Replace(before.UnpostedSince, now.UnpostedSince);
    }

    /// <summary>One trace's part.</summary>
    internal readonly record struct Share(long Bytes, int OpenSpans, ulong? HeldFrom, ulong? UnpostedSince);

    /// <summary>The lowest of many values that come and go; many are equal.</summary>
    private sealed class Lowest
    {
        private readonly Dictionary<ulong, int> counts = [];
        private readonly PriorityQueue<ulong, ulong> order = new();

        public ulong Value
        {
            get
            {
                while (order.TryPeek(out var value, out _))
                {
                    if (counts.ContainsKey(value)) return value;
                    order.Dequeue();
                }
                return ulong.MaxValue;
            }
        }

        public void Replace(ulong? before, ulong? now)
        {
            if (before == now) return;
            if (now is { } added)
            {
                var count = counts.GetValueOrDefault(added);
                if (count == 0) order.Enqueue(added, added);
                counts[added] = count + 1;
            }
            if (before is not { } removed) return;
            if (counts[removed] == 1) counts.Remove(removed);
            else counts[removed]--;
            // A value that came back while its old entry was still in the queue is in it twice; both go once it is gone.
            while (order.Count > 0 && !counts.ContainsKey(order.Peek())) order.Dequeue();
        }
    }
}
