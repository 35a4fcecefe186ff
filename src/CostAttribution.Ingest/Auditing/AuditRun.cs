using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Auditing.Checks;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Ingest.Assembly;

namespace CostAttribution.Ingest.Auditing;

/// <summary>
/// One audit. Each check is asked while postings run; what it suspects is asked again while none is in flight, and only what is
/// then still wrong is a finding. Repairs append: difference rows to the rollup, and corrections through the pipeline for traces.
/// What was repaired is asked a third time.
/// </summary>
internal sealed class AuditRun(IngestPipeline pipeline, IClickHouseTransport transport, AuditStore store, AuditReport begun,
    TimeProvider clock)
{
    private const int TracesPerRecheck = 200;
    private const int FindingsListedMax = 100;

    /// <summary>How long another node's posting may be on its way from the ledger to the rollup.</summary>
    private static readonly TimeSpan ElsewhereInFlight = TimeSpan.FromMinutes(2);

    /// <summary>Longest wait for traces to be loaded, costed and posted.</summary>
    private static readonly TimeSpan RecheckMax = TimeSpan.FromMinutes(5);

    private sealed record Finding(AuditSuspect Suspect, AuditOutcome Outcome, string Why = "");

    /// <summary>Makes one check in a scope and repairs what it finds. A store that fails is told in the report.</summary>
    public async Task<AuditCheckReport> MakeAsync(AuditCheck check, AuditScope scope, CancellationToken cancel)
    {
        var report = new AuditCheckReport { Name = check.Name, Asserts = check.Asserts };
        try
        {
            var suspects = await check.FindAsync(store, scope, cancel).ConfigureAwait(false);
            if (suspects.Total == 0) return report;
            var findings = check is UnattributedCheck or LinkedOwnersCheck
                ? await RecostAsync(suspects.Suspects, cancel).ConfigureAwait(false)
                : await ExamineAsync(check, suspects.Suspects, cancel).ConfigureAwait(false);
            return Tell(report, findings, suspects.Total - suspects.Suspects.Count);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            return report with { Failure = fault.Message };
        }
    }

    private Task<IReadOnlyList<Finding>> ExamineAsync(AuditCheck check, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel) => check.Repair switch
    {
        AuditRepair.Rollup => pipeline.WhileQuietAsync(stop => RepairRollupAsync(check, suspects, stop), cancel),
        AuditRepair.Posting => pipeline.WhileQuietAsync(
            stop => RepairPostingsAsync((PostingsCheck)check, suspects, stop), cancel),
        AuditRepair.Trace => RepairTracesAsync(check, suspects, cancel),
        _ => LeaveAsync(check, suspects, cancel),
    };

    private async Task<IReadOnlyList<Finding>> LeaveAsync(AuditCheck check, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel) =>
        [.. (await check.ConfirmAsync(store, suspects, cancel).ConfigureAwait(false)).Select(suspect => new Finding(suspect,
            AuditOutcome.Left, "no part of this program writes such a row, so nothing says what would be right"))];

    private async Task<IReadOnlyList<Finding>> RepairRollupAsync(AuditCheck check, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel)
    {
        var confirmed = await check.ConfirmAsync(store, suspects, cancel).ConfigureAwait(false);
        if (begun.DryRun || confirmed.Count == 0) return All(confirmed, AuditOutcome.Repairable);
        var elsewhere = await RollupCheck.PostedElsewhereAsync(store, [.. confirmed.Select(suspect => suspect.Hour!.Value)],
            begun.Node, clock.GetUtcNow() - ElsewhereInFlight, cancel).ConfigureAwait(false);
        AuditSuspect[] own = [.. confirmed.Where(suspect => !elsewhere.Contains(suspect.Hour!.Value))];
        var repair = new RollupRepair(transport);
        foreach (var day in own.GroupBy(suspect => suspect.Hour!.Value.Date))
        {
            await repair.RepairAsync([.. day.Select(suspect => suspect.Hour!.Value)], cancel, store.Settings)
                .ConfigureAwait(false);
        }
        var still = await check.ConfirmAsync(store, own, cancel).ConfigureAwait(false);
        var wrong = still.Select(suspect => suspect.Subject).ToHashSet();
        return
        [
            .. confirmed.Where(suspect => elsewhere.Contains(suspect.Hour!.Value)).Select(suspect => new Finding(suspect,
                AuditOutcome.Deferred, "another node has just posted to this hour")),
            .. All([.. own.Where(suspect => !wrong.Contains(suspect.Subject))], AuditOutcome.Repaired),
            .. still.Select(suspect => new Finding(suspect, AuditOutcome.Left,
                "the differences were appended and it still differs")),
        ];
    }

    private async Task<IReadOnlyList<Finding>> RepairPostingsAsync(PostingsCheck check, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel)
    {
        var confirmed = await check.ConfirmAsync(store, suspects, cancel).ConfigureAwait(false);
        if (begun.DryRun || confirmed.Count == 0) return All(confirmed, AuditOutcome.Repairable);
        var whys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var suspect in confirmed)
            whys[suspect.Subject] = await check.RepairAsync(suspect.Subject, cancel).ConfigureAwait(false);
        var still = await check.ConfirmAsync(store, confirmed, cancel).ConfigureAwait(false);
        var wrong = still.Select(suspect => suspect.Subject).ToHashSet();
        return
        [
            .. confirmed.Where(suspect => !wrong.Contains(suspect.Subject))
                .Select(suspect => new Finding(suspect, AuditOutcome.Repaired)),
            .. still.Select(suspect => new Finding(suspect, AuditOutcome.Left,
                whys[suspect.Subject] is { Length: > 0 } why ? why : "the missing rows were sent and do not appear")),
        ];
    }

    private async Task<IReadOnlyList<Finding>> RepairTracesAsync(AuditCheck check, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancel)
    {
        var confirmed = await pipeline.WhileQuietAsync(stop => check.ConfirmAsync(store, suspects, stop), cancel)
            .ConfigureAwait(false);
        List<Finding> findings = [.. confirmed.Where(IsBeyondCosting).Select(suspect => new Finding(suspect, AuditOutcome.Left,
            "the store has no facts of the span, so nothing says what it cost"))];
        var mendable = confirmed.Where(suspect => !IsBeyondCosting(suspect)).GroupBy(suspect => suspect.TraceId);
        foreach (var traces in mendable.Chunk(TracesPerRecheck))
        {
            var rechecks = await RecheckAsync([.. traces.Select(trace => ToRecheck(trace.Key, [.. trace], force: true))], cancel)
                .ConfigureAwait(false);
            AuditSuspect[] examined = [.. traces.SelectMany(trace => trace)];
            var still = begun.DryRun ? [] : (await pipeline.WhileQuietAsync(
                stop => check.ConfirmAsync(store, examined, stop), cancel).ConfigureAwait(false))
                .Select(suspect => (suspect.Kind, suspect.Subject)).ToHashSet();
            findings.AddRange(examined.Select(suspect =>
                Judge(suspect, rechecks[suspect.TraceId], still.Contains((suspect.Kind, suspect.Subject)))));
        }
        return findings;
    }

    // Money is not taken back because facts are missing.
    private static bool IsBeyondCosting(AuditSuspect suspect) => suspect.Kind == FactsCheck.RowWithoutFacts;

    private Finding Judge(AuditSuspect suspect, TraceRecheck recheck, bool isStill) => recheck.Outcome switch
    {
        RecheckOutcome.NoFacts => new Finding(suspect, AuditOutcome.Left,
            "the store has no readable facts of the trace, so it cannot be costed again"),
        RecheckOutcome.Done when begun.DryRun => new Finding(suspect, AuditOutcome.Repairable),
        _ when !isStill && !begun.DryRun => new Finding(suspect, AuditOutcome.Repaired),
        RecheckOutcome.Done => new Finding(suspect, AuditOutcome.Left, "costing the trace again does not mend it"),
        RecheckOutcome.StillOpen => new Finding(suspect, AuditOutcome.Deferred, "spans of the trace are still arriving"),
        _ => new Finding(suspect, AuditOutcome.Deferred, "the trace could not be loaded and posted in time"),
    };

    // Candidates: what costing changes was wrong, the rest was not.
    private async Task<IReadOnlyList<Finding>> RecostAsync(IReadOnlyList<AuditSuspect> suspects, CancellationToken cancel)
    {
        var findings = new List<Finding>();
        foreach (var traces in suspects.GroupBy(suspect => suspect.TraceId).Chunk(TracesPerRecheck))
        {
            var rechecks = await RecheckAsync([.. traces.Select(trace => ToRecheck(trace.Key, [.. trace], force: false))], cancel)
                .ConfigureAwait(false);
            findings.AddRange(traces.SelectMany(trace => trace)
                .Where(suspect => rechecks[suspect.TraceId] is { Outcome: RecheckOutcome.Done, Rows: > 0 })
                .Select(suspect => new Finding(suspect, begun.DryRun ? AuditOutcome.Repairable : AuditOutcome.Repaired)));
        }
        return findings;
    }

    private TraceRecheck ToRecheck(TraceId trace, IReadOnlyList<AuditSuspect> suspects, bool force) => new(trace)
    {
        DryRun = begun.DryRun,
        Force = force,
        RevisionMin = suspects.Max(suspect => suspect.Revision),
        LeftRunId = suspects.FirstOrDefault(suspect => suspect.RunId.Length > 0)?.RunId ?? "",
        Words = [.. suspects.SelectMany(suspect => suspect.Words)],
    };

    private async Task<Dictionary<TraceId, TraceRecheck>> RecheckAsync(TraceRecheck[] rechecks, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(RecheckMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            await pipeline.RecheckAsync(rechecks, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Those that did not make it say so.
        }
        return rechecks.ToDictionary(recheck => recheck.TraceId);
    }

    private static Finding[] All(IReadOnlyList<AuditSuspect> suspects, AuditOutcome outcome) =>
        [.. suspects.Select(suspect => new Finding(suspect, outcome))];

    private static AuditCheckReport Tell(AuditCheckReport report, IReadOnlyList<Finding> findings, long unexamined)
    {
        long Count(AuditOutcome outcome) => findings.Count(finding => finding.Outcome == outcome);
        return report with
        {
            Found = findings.Count + unexamined,
            Repaired = Count(AuditOutcome.Repaired),
            Deferred = Count(AuditOutcome.Deferred) + unexamined,
            Left = Count(AuditOutcome.Left),
            Findings = [.. findings.OrderByDescending(finding => finding.Outcome).Take(FindingsListedMax).Select(finding =>
                new AuditFinding(finding.Suspect.Kind, finding.Suspect.Subject, finding.Suspect.Detail, finding.Outcome,
                    finding.Why))],
        };
    }
}
