using CostAttribution.Domain.Ledger;
using CostAttribution.Ingest.Assembly;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Which entries of a costing are posted: all of them, or, while the trace is open, those that have waited long enough by the
/// receipt of their span. An entry whose owner and workflow are settled waits a little, for the step around it to arrive; any
/// other waits longer, for it would be reversed and posted again when its ancestors come.
/// </summary>
internal readonly struct PostingScope
{
    private readonly ulong settledUntil, anyUntil;

    private PostingScope(ulong settledUntil, ulong anyUntil) => (this.settledUntil, this.anyUntil) = (settledUntil, anyUntil);

    public static PostingScope Everything { get; } = new(ulong.MaxValue, ulong.MaxValue);

    public bool HoldsAll => anyUntil == ulong.MaxValue;

    /// <param name="options">The waits.</param>
    /// <param name="now">Wall clock.</param>
    public static PostingScope Provisional(AssemblyOptions options, DateTimeOffset now) =>
        new(NanosOf(now - options.VisibleAfter), NanosOf(now - options.UnattributedWait));

    public bool Holds(OpenTrace trace, LedgerEntry entry)
    {
        var received = ReceivedOf(trace, entry);
        return received <= anyUntil || (received <= settledUntil && IsSettled(trace, entry));
    }

    /// <summary>
    /// When a waiting entry is to be looked at again, if nothing else happens: nanoseconds since the Unix epoch, wall clock.
    /// </summary>
    public static ulong DueAt(AssemblyOptions options, OpenTrace trace, LedgerEntry entry)
    {
        var wait = IsSettled(trace, entry) ? options.VisibleAfter : options.UnattributedWait;
        return ReceivedOf(trace, entry) + (ulong)wait.Ticks * 100;
    }

    public static ulong ReceivedOf(OpenTrace trace, LedgerEntry entry) =>
        trace.Spans.Find(entry.SpanId) is >= 0 and var position ? trace.Spans[position].ReceivedNanos : 0;

    // The workflow is the root's name where no span says it: unknown until the root is here.
    private static bool IsSettled(OpenTrace trace, LedgerEntry entry) =>
        entry.Ownership == Ownership.Owner && IsFirstHand(entry.CustomerEvidence) && IsFirstHand(entry.FeatureEvidence)
        && (entry.Workflow.Length > 0 || trace.HasRoot);

    private static bool IsFirstHand(Evidence evidence) =>
        evidence is Evidence.Own or Evidence.Ancestor or Evidence.Link or Evidence.Resource;

    private static ulong NanosOf(DateTimeOffset instant) => (ulong)Math.Max(0, (instant - DateTimeOffset.UnixEpoch).Ticks) * 100;
}
