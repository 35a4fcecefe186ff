using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Auditing.Checks;
using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Assembly;

namespace CostAttribution.Ingest.Auditing;

/// <summary>Has suspected traces costed again by the pipeline, and looks at what that has mended.</summary>
internal sealed class TraceMending(IngestPipeline pipeline, AuditStore store, bool dryRun, TimeProvider clock)
{
    private const int TracesPerRecheck = 200;

    /// <summary>How often a trace is costed again while that mends something: of several runs one at a time.</summary>
    private const int RoundsMax = 4;

    private const string CutOff = "the audit ended while it was being looked at";
    private const string NotInTime = "the trace could not be loaded and posted in time";
    private const string StillArriving = "spans of the trace are still arriving";
    private const string NoReadableFacts = "the store has no readable facts of the trace, so it cannot be costed again";

    /// <summary>Longest wait for traces to be loaded, costed and posted.</summary>
    private static readonly TimeSpan RecheckMax = TimeSpan.FromMinutes(5);

    /// <summary>Suspects that were confirmed: each is wrong, and costing its trace again may mend it.</summary>
    public async Task MendAsync(AuditCheck check, IReadOnlyList<AuditSuspect> confirmed, AuditFindings findings,
        CancellationToken cancel)
    {
        findings.AddAll(confirmed.Where(IsBeyondCosting), AuditOutcome.Left,
            "the store has no facts of the span, so nothing says what it cost");
        var mendable = confirmed.Where(suspect => !IsBeyondCosting(suspect)).GroupBy(suspect => suspect.TraceId);
        foreach (var traces in mendable.Chunk(TracesPerRecheck))
        {
            AuditSuspect[] open = [.. traces.SelectMany(trace => trace)];
            for (var round = 1; open.Length > 0; round++)
            {
                var rechecks = Rechecks(open, force: true);
                var still = await LookAgainAsync(check, open, rechecks, findings, cancel).ConfigureAwait(false);
                var goesOn = still.Count < open.Length && round < RoundsMax;
                AuditSuspect[] again =
                [
                    .. open.Where(suspect => goesOn && still.Contains(KeyOf(suspect))
                        && rechecks[suspect.TraceId].Outcome == RecheckOutcome.Done),
                ];
                foreach (var suspect in open.Except(again))
                    Judge(suspect, rechecks[suspect.TraceId], still.Contains(KeyOf(suspect)), findings);
                open = again;
            }
        }
    }

    /// <summary>Candidates: what costing changes was wrong, the rest was not.</summary>
    public async Task RecostAsync(IReadOnlyList<AuditSuspect> suspects, AuditFindings findings, CancellationToken cancel)
    {
        foreach (var traces in suspects.GroupBy(suspect => suspect.TraceId).Chunk(TracesPerRecheck))
        {
            AuditSuspect[] candidates = [.. traces.SelectMany(trace => trace)];
            var first = Rechecks(candidates, force: false);
            var second = new Dictionary<TraceId, TraceRecheck>();
            try
            {
                await RecheckAsync(first.Values, cancel).ConfigureAwait(false);
                if (!dryRun)
                {
                    // What was posted must leave nothing to change.
                    second = first.Values.Where(recheck => recheck is { Outcome: RecheckOutcome.Done, Rows: > 0 })
                        .ToDictionary(recheck => recheck.TraceId, recheck => new TraceRecheck(recheck.TraceId) { DryRun = true });
                    await RecheckAsync(second.Values, cancel).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException)
            {
                findings.AddAll(candidates.Where(suspect => first[suspect.TraceId].Rows > 0), AuditOutcome.Deferred, CutOff);
                throw;
            }
            foreach (var suspect in candidates)
                JudgeCandidate(suspect, first[suspect.TraceId], second.GetValueOrDefault(suspect.TraceId), findings);
        }
    }

    // Costs traces again; returns what is wrong all the same.
    private async Task<HashSet<(string, string)>> LookAgainAsync(AuditCheck check, AuditSuspect[] suspects,
        Dictionary<TraceId, TraceRecheck> rechecks, AuditFindings findings, CancellationToken cancel)
    {
        try
        {
            await RecheckAsync(rechecks.Values, cancel).ConfigureAwait(false);
            if (dryRun) return [];
            var still = await pipeline.WhileQuietAsync(stop => check.ConfirmAsync(store, suspects, stop), cancel)
                .ConfigureAwait(false);
            return [.. still.Select(KeyOf)];
        }
        catch (OperationCanceledException)
        {
            findings.AddAll(suspects, AuditOutcome.Deferred, CutOff);
            throw;
        }
    }

    private async Task RecheckAsync(IReadOnlyCollection<TraceRecheck> rechecks, CancellationToken cancel)
    {
        if (rechecks.Count == 0) return;
        using var limit = new CancellationTokenSource(RecheckMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            await pipeline.RecheckAsync([.. rechecks], either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Those that did not make it say so.
        }
    }

    private Dictionary<TraceId, TraceRecheck> Rechecks(IEnumerable<AuditSuspect> suspects, bool force) => suspects
        .GroupBy(suspect => suspect.TraceId).ToDictionary(trace => trace.Key, trace => new TraceRecheck(trace.Key)
        {
            DryRun = dryRun,
            Force = force,
            RevisionMin = trace.Max(suspect => suspect.Revision),
            RunIds = [.. trace.Select(suspect => suspect.RunId).Where(run => run.Length > 0).Distinct()],
            Words = [.. trace.SelectMany(suspect => suspect.Words)],
        });

    // Money is not taken back because facts are missing.
    private static bool IsBeyondCosting(AuditSuspect suspect) => suspect.Kind == FactsCheck.RowWithoutFacts;

    private static (string, string) KeyOf(AuditSuspect suspect) => (suspect.Kind, suspect.Subject);

    private void Judge(AuditSuspect suspect, TraceRecheck recheck, bool isStill, AuditFindings findings)
    {
        var (outcome, why) = recheck.Outcome switch
        {
            RecheckOutcome.NoFacts => (AuditOutcome.Left, NoReadableFacts),
            RecheckOutcome.Done when dryRun => (AuditOutcome.Repairable, ""),
            _ when !isStill && !dryRun => (AuditOutcome.Repaired, ""),
            RecheckOutcome.Done => (AuditOutcome.Left, "costing the trace again does not mend it"),
            RecheckOutcome.StillOpen => (AuditOutcome.Deferred, StillArriving),
            _ => (AuditOutcome.Deferred, NotInTime),
        };
        findings.Add(suspect, outcome, why);
    }

    private void JudgeCandidate(AuditSuspect suspect, TraceRecheck first, TraceRecheck? second, AuditFindings findings)
    {
        if (first is { Outcome: RecheckOutcome.Done, Rows: 0 }) return;
        var (outcome, why) = (first.Outcome, second) switch
        {
            (RecheckOutcome.NoFacts, _) => (AuditOutcome.Left, NoReadableFacts),
            (RecheckOutcome.StillOpen, _) => (AuditOutcome.Deferred, StillArriving),
            (RecheckOutcome.Waiting, _) => (AuditOutcome.Deferred, NotInTime),
            _ when dryRun => (AuditOutcome.Repairable, ""),
            (_, { Outcome: RecheckOutcome.Done, Rows: 0 }) => (AuditOutcome.Repaired, ""),
            (_, { Outcome: RecheckOutcome.Done }) => (AuditOutcome.Left,
                "its correction was posted and does not stand; the store may have refused it, see 'postings/quarantine'"),
            (_, { Outcome: RecheckOutcome.StillOpen }) => (AuditOutcome.Deferred, StillArriving),
            _ => (AuditOutcome.Deferred, NotInTime),
        };
        findings.Add(suspect, outcome, why);
    }
}
