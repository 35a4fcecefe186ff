using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Assembly;

/// <summary>Traces that an audit wants looked at again.</summary>
internal sealed partial class TraceAssembler
{
    /// <summary>
    /// Has a trace loaded from the store and costed again, whether it is here or not. One to which spans are still coming is left
    /// to settle by itself; it is loaded all the same, so that what the store holds of it is mended then.
    /// </summary>
    public void Recheck(TraceRecheck recheck)
    {
        concerned.Clear();
        foreach (var word in recheck.Words) costing.Outside.TellStored(word, concerned);
        if (!recheck.DryRun)
        {
            foreach (var id in concerned.Where(id => id != recheck.TraceId).ToArray()) Reconsider(id);
        }
        // Nothing is awaited: long quiet, so that it settles as soon as the store has answered.
        var quietSince = Now - (long)options.IdleQuiet.TotalMilliseconds;
        if (!traces.TryGetValue(recheck.TraceId, out var trace))
        {
            trace = new OpenTrace(recheck.TraceId, quietSince);
            traces.Add(recheck.TraceId, trace);
        }
        else if (!trace.Settled || trace.Load is LoadState.Wanted or LoadState.Asked)
        {
            recheck.Outcome = RecheckOutcome.StillOpen;
            if (recheck.DryRun) return;
        }
        trace.Recheck = recheck;
        if (recheck.Outcome == RecheckOutcome.Waiting) trace.LastArrival = quietSince;
        if (trace.Load is LoadState.Wanted or LoadState.Asked) return;
        trace.Load = LoadState.Wanted;
        wanted.Enqueue(recheck.TraceId);
    }

    // What the store holds is laid under the trace; the next posting must be newer than all of it.
    private static void Prepare(OpenTrace trace, TraceRecheck recheck, StandingTrace standing, bool changed)
    {
        recheck.IsUnchanged = !changed && standing.PostedAsSettled;
        standing.FactsRevision = Math.Max(standing.FactsRevision, recheck.RevisionMin);
        if (recheck.LeftRunId.Length > 0) standing.RunId = recheck.LeftRunId;
        trace.Settled = false;
    }

    // Rows alone do not say what a trace cost.
    private bool EndsWithoutFacts(OpenTrace trace, StoredTrace? stored)
    {
        if (stored is { Facts.Count: > 0 }) return false;
        EndRecheck(trace, RecheckOutcome.NoFacts);
        if (trace.Spans.Count > 0) return false;
        Evict(trace);
        return true;
    }

    private bool EndsWithoutPosting(OpenTrace trace, TraceRecheck recheck)
    {
        EndRecheck(trace, RecheckOutcome.Done);
        if (!recheck.DryRun) return false;
        // What stands was brought up to date for a posting that is not made.
        Evict(trace);
        return true;
    }

    private static void EndRecheck(OpenTrace trace, RecheckOutcome outcome)
    {
        if (trace.Recheck is { Outcome: RecheckOutcome.Waiting } recheck) recheck.Outcome = outcome;
        trace.Recheck = null;
    }

    /// <summary>The store refused what was last posted of a trace: it is loaded again before more is posted for it.</summary>
    public void Forget(TraceId id)
    {
        // One that waits for the store is told the truth by it.
        if (!traces.TryGetValue(id, out var trace) || trace.Load is LoadState.Wanted or LoadState.Asked) return;
        if (trace.Settled && trace.UnpostedFrom is null)
        {
            Evict(trace);
            return;
        }
        openCosts.Remove(trace.Waiting);
        trace.ForgetPosted();
        wanted.Enqueue(id);
    }
}
