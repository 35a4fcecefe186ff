using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Auditing.Checks;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.Ingest.Auditing;

/// <summary>
/// One audit. Each check is asked while postings run; what it suspects is asked again while none is in flight, and only what is
/// then still wrong is a finding. Repairs append: difference rows to the rollup, and corrections through the pipeline for traces.
/// What was repaired is asked a third time.
/// </summary>
internal sealed class AuditRun(AuditParts parts, AuditStore store, AuditReport begun, TraceHolders holders)
{
    // Postings wait while one of these is looked at.
    private const int HoursPerQuietTurn = 24;
    private const int PostingsPerQuietTurn = 20;
    private const int TracesPerQuietTurn = 500;

    /// <summary>How long another process's posting may be on its way from the ledger to the rollup.</summary>
    private static readonly TimeSpan ElsewhereInFlight = TimeSpan.FromMinutes(2);

    private readonly IngestPipeline pipeline = parts.Pipeline;
    private readonly TraceMending mending = new(parts.Pipeline, store, begun.DryRun, parts.Clock);

    /// <summary>
    /// Makes one check in a scope and repairs what it finds. A store that fails, and the end of the time there is, are told in
    /// the report, with what was done until then.
    /// </summary>
    public async Task<AuditCheckReport> MakeAsync(AuditCheck check, AuditScope scope, CancellationToken cancel)
    {
        var findings = new AuditFindings();
        try
        {
            var suspects = await check.FindAsync(store, scope, cancel).ConfigureAwait(false);
            findings.Unexamined = suspects.Total - suspects.Suspects.Count;
            findings.LookedAtUpTo = suspects.UpTo;
            if (suspects.Suspects.Count > 0)
                await LookAsync(check, suspects.Suspects, findings, cancel).ConfigureAwait(false);
            return findings.ToReport(check);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            return Cut(fault.Message);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return Cut("the audit ended before it was made");
        }

        AuditCheckReport Cut(string failure)
        {
            findings.LookedAtUpTo = scope.LookedAtUpTo.GetValueOrDefault(check.Name, "");
            return findings.ToReport(check, failure);
        }
    }

    private Task LookAsync(AuditCheck check, IReadOnlyList<AuditSuspect> suspects, AuditFindings findings,
        CancellationToken cancel) => check.Repair switch
    {
        AuditRepair.Rollup => InTurnsAsync(suspects, HoursPerQuietTurn,
            (some, stop) => RepairRollupAsync(check, some, findings, stop), cancel),
        AuditRepair.Posting => InTurnsAsync(suspects, PostingsPerQuietTurn,
            (some, stop) => RepairPostingsAsync((PostingsCheck)check, some, findings, stop), cancel),
        AuditRepair.Trace when check.TellsCandidates => RecostAsync(suspects, findings, cancel),
        AuditRepair.Trace => RepairTracesAsync(check, suspects, findings, cancel),
        _ => LeaveAsync(check, suspects, findings, cancel),
    };

    private async Task InTurnsAsync(IReadOnlyList<AuditSuspect> suspects, int size,
        Func<AuditSuspect[], CancellationToken, Task> work, CancellationToken cancel)
    {
        foreach (var some in suspects.Chunk(size))
        {
            await pipeline.WhileQuietAsync(async stop =>
            {
                await work(some, stop).ConfigureAwait(false);
                return true;
            }, cancel).ConfigureAwait(false);
        }
    }

    private async Task LeaveAsync(AuditCheck check, IReadOnlyList<AuditSuspect> suspects, AuditFindings findings,
        CancellationToken cancel) =>
        findings.AddAll(await check.ConfirmAsync(store, suspects, cancel).ConfigureAwait(false), AuditOutcome.Left,
            "no part of this program writes such a row, so nothing says what would be right");

    private async Task RepairRollupAsync(AuditCheck check, AuditSuspect[] suspects, AuditFindings findings,
        CancellationToken cancel)
    {
        var confirmed = await check.ConfirmAsync(store, suspects, cancel).ConfigureAwait(false);
        if (confirmed.Count == 0) return;
        if (begun.DryRun)
        {
            findings.AddAll(confirmed, AuditOutcome.Repairable);
            return;
        }
        var elsewhere = await RollupCheck.PostedElsewhereAsync(store, [.. confirmed.Select(suspect => suspect.Hour!.Value)],
            $"{parts.NodeId}-{parts.StartId}-", parts.Clock.GetUtcNow() - ElsewhereInFlight, cancel).ConfigureAwait(false);
        AuditSuspect[] own = [.. confirmed.Where(suspect => !elsewhere.Contains(suspect.Hour!.Value))];
        findings.AddAll(confirmed.Except(own), AuditOutcome.Deferred, "another process has just posted to this hour");
        if (own.Length == 0) return;
        var (repair, busy) = (new RollupRepair(parts.Store), new HashSet<DateTimeOffset>());
        foreach (var day in own.GroupBy(suspect => suspect.Hour!.Value.Date))
        {
            var added = await repair.RepairAsync([.. day.Select(suspect => suspect.Hour!.Value)], cancel, store.Settings)
                .ConfigureAwait(false);
            busy.UnionWith(added.Busy);
        }
        var still = await check.ConfirmAsync(store, own, cancel).ConfigureAwait(false);
        var wrong = still.Select(suspect => suspect.Subject).ToHashSet();
        findings.AddAll(own.Where(suspect => !wrong.Contains(suspect.Subject)), AuditOutcome.Repaired);
        findings.AddAll(still.Where(suspect => busy.Contains(suspect.Hour!.Value)), AuditOutcome.Deferred,
            "rows are on their way to this hour");
        findings.AddAll(still.Where(suspect => !busy.Contains(suspect.Hour!.Value)), AuditOutcome.Left,
            "the differences were appended and it still differs");
    }

    private async Task RepairPostingsAsync(PostingsCheck check, AuditSuspect[] suspects, AuditFindings findings,
        CancellationToken cancel)
    {
        var confirmed = await check.ConfirmAsync(store, suspects, cancel).ConfigureAwait(false);
        if (begun.DryRun || confirmed.Count == 0)
        {
            findings.AddAll(confirmed, AuditOutcome.Repairable);
            return;
        }
        var whys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var suspect in confirmed)
            whys[suspect.Subject] = await check.RepairAsync(suspect.Subject, cancel).ConfigureAwait(false);
        var still = await check.ConfirmAsync(store, confirmed, cancel).ConfigureAwait(false);
        var wrong = still.Select(suspect => suspect.Subject).ToHashSet();
        findings.AddAll(confirmed.Where(suspect => !wrong.Contains(suspect.Subject)), AuditOutcome.Repaired);
        foreach (var suspect in still)
        {
            findings.Add(suspect, AuditOutcome.Left,
                whys[suspect.Subject] is { Length: > 0 } why ? why : "the missing rows were sent and do not appear");
        }
    }

    private async Task RepairTracesAsync(AuditCheck check, IReadOnlyList<AuditSuspect> suspects, AuditFindings findings,
        CancellationToken cancel)
    {
        var confirmed = new List<AuditSuspect>();
        await InTurnsAsync([.. suspects.DistinctBy(suspect => suspect.TraceId)], TracesPerQuietTurn, async (some, stop) =>
        {
            var traces = some.Select(suspect => suspect.TraceId).ToHashSet();
            confirmed.AddRange(await check.ConfirmAsync(store, [.. suspects.Where(one => traces.Contains(one.TraceId))], stop)
                .ConfigureAwait(false));
        }, cancel).ConfigureAwait(false);
        if (confirmed.Count == 0) return;
        if (!check.IsLocal) confirmed = await OwnOfAsync(confirmed, findings, cancel).ConfigureAwait(false);
        await mending.MendAsync(check, confirmed, findings, cancel).ConfigureAwait(false);
    }

    // What is wrong with another node's trace is a finding that waits for that node.
    private async Task<List<AuditSuspect>> OwnOfAsync(List<AuditSuspect> confirmed, AuditFindings findings,
        CancellationToken cancel)
    {
        var elsewhere = await holders.ElsewhereAsync(confirmed.Select(suspect => suspect.TraceId), cancel).ConfigureAwait(false);
        findings.Elsewhere = elsewhere.Count;
        foreach (var suspect in confirmed)
        {
            if (elsewhere.TryGetValue(suspect.TraceId, out var node))
                findings.Add(suspect, AuditOutcome.Deferred, $"node '{node}' holds the trace, and its own audit mends it");
        }
        return confirmed.FindAll(suspect => !elsewhere.ContainsKey(suspect.TraceId));
    }

    // Only costing says whether a candidate is wrong, and only its holder can cost it.
    private async Task RecostAsync(IReadOnlyList<AuditSuspect> suspects, AuditFindings findings, CancellationToken cancel)
    {
        var elsewhere = await holders.ElsewhereAsync(suspects.Select(suspect => suspect.TraceId), cancel).ConfigureAwait(false);
        findings.Elsewhere = elsewhere.Count;
        AuditSuspect[] own = [.. suspects.Where(suspect => !elsewhere.ContainsKey(suspect.TraceId))];
        await mending.RecostAsync(own, findings, cancel).ConfigureAwait(false);
    }
}
