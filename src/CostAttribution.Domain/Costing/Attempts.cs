using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Numbers the attempts of a call. An attempt follows another when the earlier failed, ended before it began, and both have
/// the same parent, operation and request model; or when the spans say so themselves.
/// </summary>
internal sealed class Attempts
{
    private readonly record struct Last(ulong End, int Attempt, bool Failed);

    private readonly Dictionary<(SpanId Parent, string Operation, string Model), Last> lastByCall = [];
    private int[] stated = [];

    public void Begin(TraceTree tree, SpanFacts[] facts)
    {
        lastByCall.Clear();
        Scratch.Ensure(ref stated, tree.Count);
        for (var node = 0; node < tree.Count; node++)
        {
            var parent = tree.Parent(node);
            stated[node] = facts[node].Attempt > 0 ? facts[node].Attempt : parent < 0 ? 0 : stated[parent];
        }
    }

    /// <summary>Number of the attempt, from 1. Calls must come by start among their siblings.</summary>
    /// <param name="top">Outermost span of the call.</param>
    /// <param name="failedWithin">Failed attempts seen inside the call's own spans.</param>
    public ushort Number(int top, SpanFacts span, LedgerEntry entry, int failedWithin)
    {
        var key = (span.ParentSpanId, entry.Operation, entry.RequestModel);
        var attempt = 1;
        if (lastByCall.TryGetValue(key, out var last) && last.Failed && last.End <= span.Start) attempt = last.Attempt + 1;
        attempt = Math.Max(attempt, stated[top]) + failedWithin;
        attempt = Math.Min(attempt, ushort.MaxValue);
        lastByCall[key] = new Last(span.End, attempt, entry.CallStatus == CallStatus.Error);
        return (ushort)attempt;
    }
}
