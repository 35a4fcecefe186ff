using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Assembly;

/// <summary>Traces that an audit wants looked at again.</summary>
internal sealed partial class TraceAssembler
{
    /// <summary>
    /// Has a trace loaded from the store and costed again, whether it is here or not. One to which spans are still coming is
    /// left to settle by itself; it is loaded all the same, so that what the store holds of it is mended then.
    /// </summary>
    public void Recheck(TraceRecheck recheck)
    {
        var concerned = new List<TraceId>();
        foreach (var word in recheck.Words) costing.Outside.TellStored(word, concerned);
        if (!recheck.DryRun)
        {
            foreach (var id in concerned.Where(id => id != recheck.TraceId)) Reconsider(id, null);
        }
        // Nothing is awaited: long quiet, so that it settles as soon as the store has answered.
        var quietSince = Now - (long)options.IdleQuiet.TotalMilliseconds;
        if (!traces.TryGet(recheck.TraceId, out var trace))
        {
            trace = traces.Add(recheck.TraceId, quietSince);
        }
        else if ((trace.Load != LoadState.Unreadable && (!trace.Settled || trace.AwaitsStore))
            || (recheck.DryRun && trace.UnpostedFrom is not null))
        {
            recheck.Outcome = RecheckOutcome.StillOpen;
            if (recheck.DryRun) return;
        }
        trace.Recheck = recheck;
        if (recheck.Outcome == RecheckOutcome.Waiting) trace.LastArrival = quietSince;
        if (trace.Load is not (LoadState.Wanted or LoadState.Asked)) Want(trace);
    }

    // Something happened to a trace that is being looked at. It is news, whatever the store said before; and a look that may
    // write nothing gives way to it.
    private static void Disturb(OpenTrace trace)
    {
        if (trace.Recheck is not { } recheck) return;
        recheck.IsUnchanged = false;
        if (recheck.DryRun) trace.EndRecheck(RecheckOutcome.StillOpen);
    }

    // What the store holds is laid under the trace; the next posting must be newer than all of it.
    private static void Prepare(OpenTrace trace, TraceRecheck recheck, StandingTrace standing, bool changed)
    {
        recheck.IsUnchanged = !changed && standing.PostedAsSettled;
        // What only counts rows leaves the rest as the store has it.
        if (recheck.DryRun) return;
        standing.FactsRevision = Math.Max(standing.FactsRevision, recheck.RevisionMin);
        if (recheck.RunIds.Count == 0) return;
        // The store has segments of these. One that the trace has left gets an empty segment; with several, one at a time.
        standing.RunId = recheck.RunIds.FirstOrDefault(run => run != standing.RunId) ?? standing.RunId;
        standing.HasRun = true;
    }

    // Nothing has come to it and all of it stands: its rows are priced as they are, and it need not stay.
    private bool EndsRepriced(OpenTrace trace, TraceCosts? recalled)
    {
        if (trace.Recheck is not { Prices: not null } recheck || recalled is null || !trace.Settled || trace.Dirty) return false;
        poster.Reprice(trace, recalled, recheck);
        trace.EndRecheck(RecheckOutcome.Done);
        traces.Evict(trace);
        return true;
    }

    // Rows alone do not say what a trace cost.
    private bool EndsWithoutFacts(OpenTrace trace, StoredTrace? stored)
    {
        if (stored is { Facts.Count: > 0 }) return false;
        trace.EndRecheck(RecheckOutcome.NoFacts);
        if (trace.Spans.Count > 0) return false;
        traces.Evict(trace);
        return true;
    }

    private bool EndsWithoutPosting(OpenTrace trace, TraceRecheck recheck)
    {
        trace.EndRecheck(RecheckOutcome.Done);
        if (!recheck.DryRun) return false;
        // What stands was brought up to date for a posting that is not made.
        traces.Evict(trace);
        return true;
    }

    /// <summary>The store refused what was last posted of a trace: it is loaded again before more is posted for it.</summary>
    public void Forget(TraceId id)
    {
        // One that waits for the store is told the truth by it.
        if (!traces.TryGet(id, out var trace) || trace.IsBeingLoaded) return;
        if (trace.Settled && trace.UnpostedFrom is null)
        {
            traces.Evict(trace);
            return;
        }
        openCosts.Remove(trace.Waiting);
        trace.ForgetPosted();
        traces.Account.Update(trace);
        wanted.Enqueue(id);
    }
}
