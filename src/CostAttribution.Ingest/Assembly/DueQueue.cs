using System.Diagnostics.CodeAnalysis;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// When each trace is to be looked at next, in milliseconds of the worker's clock. A trace may stand in the queue several
/// times; only the entry for its earliest instant counts, the others are passed over when their turn comes.
/// </summary>
internal sealed class DueQueue
{
    private readonly PriorityQueue<OpenTrace, long> entries = new();

    /// <summary>Entries, with those that no longer count.</summary>
    public int Count => entries.Count;

    /// <summary>Has the trace looked at no later than <paramref name="at"/>.</summary>
    public void Enqueue(OpenTrace trace, long at)
    {
        if (trace.QueuedFor <= at) return;
        trace.QueuedFor = at;
        entries.Enqueue(trace, at);
    }

    /// <summary>Whether an entry's time has come.</summary>
    public bool IsDue(long now) => entries.TryPeek(out _, out var at) && at <= now;

    /// <summary>Removes the earliest entry; false when it no longer counts or there is none.</summary>
    public bool TryTake([NotNullWhen(true)] out OpenTrace? trace)
    {
        if (!entries.TryDequeue(out trace, out var at) || trace.QueuedFor != at) return false;
        trace.QueuedFor = long.MaxValue;
        return true;
    }

    /// <summary>Makes every entry of a trace that is no longer in memory not count.</summary>
    public static void Forget(OpenTrace trace) => trace.QueuedFor = long.MaxValue;
}
