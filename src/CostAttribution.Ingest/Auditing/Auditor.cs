using System.Globalization;
using System.Threading.Channels;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Auditing.Checks;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Journal.Postings;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Auditing;

/// <summary>What audits are made of; filled by the host.</summary>
public sealed class AuditParts
{
    public required IngestPipeline Pipeline { get; init; }
    public required IClickHouseTransport Store { get; init; }
    public required PostingSpool Spool { get; init; }
    public required AuditOptions Options { get; init; }
    public required string NodeId { get; init; }

    /// <summary>Random, of this start, as the pipeline has it.</summary>
    public required string StartId { get; init; }
    public required TimeProvider Clock { get; init; }
    public required ILogger Logger { get; init; }
}

/// <summary>
/// Audits the ledger: on request, hourly what was posted lately, daily everything; one at a time. The pipeline must run:
/// findings are confirmed between its postings, and repairs are its postings.
/// </summary>
public sealed class Auditor
{
    private static readonly AuditTrigger[] Lately = [AuditTrigger.Hourly];
    private static readonly AuditTrigger[] Full = [AuditTrigger.Daily];
    private static readonly AuditTrigger[] Wide = [AuditTrigger.Daily, AuditTrigger.Command, AuditTrigger.Request];

    /// <summary>Longest wait for a report to be stored, also when the program is stopping.</summary>
    private static readonly TimeSpan StoreMax = TimeSpan.FromSeconds(5);

    private readonly AuditParts parts;
    private readonly AuditStore store;
    private readonly AuditLog log;
    private readonly Lock gate = new();
    private readonly Channel<(AuditRequest Request, AuditReport Report)> requests =
        Channel.CreateBounded<(AuditRequest, AuditReport)>(1);
    private AuditReport? current;
    private long started;

    public Auditor(AuditParts parts)
    {
        this.parts = parts;
        store = new AuditStore(parts.Store, parts.Options.ToLimits());
        log = new AuditLog(parts.Store, (id, fault) => AuditEvents.Unreadable(parts.Logger, id, fault));
    }

    /// <summary>The audit under way, with the checks made so far; null when there is none.</summary>
    public AuditReport? Current
    {
        get { lock (gate) return current; }
    }

    /// <summary>The last one that ended since the start of the process; null when there was none.</summary>
    public AuditReport? Last { get; private set; }

    /// <summary>The reports in the store.</summary>
    public AuditLog Log => log;

    /// <summary>Starts an audit in <see cref="RunScheduleAsync"/>; null when one is under way.</summary>
    public AuditReport? TryStart(AuditRequest request)
    {
        if (Begin(request) is not { } report) return null;
        if (requests.Writer.TryWrite((request, report))) return report;
        lock (gate) current = null;
        return null;
    }

    /// <summary>
    /// Runs one audit and returns its report, also when <paramref name="cancel"/> cuts it off; throws
    /// <see cref="InvalidOperationException"/> when one is under way.
    /// </summary>
    public Task<AuditReport> RunAsync(AuditRequest request, CancellationToken cancel) => Begin(request) is { } report
        ? RunAsync(request, report, cancel)
        : throw new InvalidOperationException("an audit is under way");

    /// <summary>Runs what is requested and what is due, until <paramref name="stop"/>.</summary>
    public async Task RunScheduleAsync(CancellationToken stop)
    {
        var schedule = new AuditSchedule(parts.Options, parts.NodeId, parts.Clock);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                using var woken = CancellationTokenSource.CreateLinkedTokenSource(stop);
                var asked = requests.Reader.WaitToReadAsync(woken.Token).AsTask();
                var due = Task.Delay(schedule.UntilNext(), parts.Clock, woken.Token);
                await Task.WhenAny(asked, due).ConfigureAwait(false);
                await woken.CancelAsync().ConfigureAwait(false);
                if (requests.Reader.TryRead(out var given))
                    await RunAsync(given.Request, given.Report, stop).ConfigureAwait(false);
                else if (schedule.TakeDue() is { } trigger && !stop.IsCancellationRequested)
                    await RunDueAsync(trigger, schedule, stop).ConfigureAwait(false);
            }
        }
        finally
        {
            requests.Writer.TryComplete();
        }
    }

    private async Task RunDueAsync(AuditTrigger trigger, AuditSchedule schedule, CancellationToken stop)
    {
        DateTimeOffset? since = null;
        try
        {
            var full = await log.LastStartAsync(parts.NodeId, Full, completed: true, stop).ConfigureAwait(false);
            var tried = await log.LastStartAsync(parts.NodeId, Full, completed: false, stop).ConfigureAwait(false);
            var last = await log.LastStartAsync(parts.NodeId, [.. Full, .. Lately], completed: true, stop).ConfigureAwait(false);
            if (schedule.IsFullDue(full, tried)) trigger = AuditTrigger.Daily;
            else since = schedule.PostedSince(last);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            AuditEvents.Failed(parts.Logger, "-", fault.Message);
            return;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
        var request = new AuditRequest(trigger, null, null, since, DryRun: false);
        if (Begin(request) is { } report) await RunAsync(request, report, stop).ConfigureAwait(false);
    }

    private AuditReport? Begin(AuditRequest request)
    {
        lock (gate)
        {
            if (current is not null) return null;
            var now = parts.Clock.GetUtcNow();
            return current = new AuditReport
            {
                Id = string.Create(CultureInfo.InvariantCulture,
                    $"{parts.NodeId}-{now.ToUnixTimeMilliseconds():x}-{++started:x}"),
                Node = parts.NodeId, Trigger = request.Trigger, State = AuditState.Running, StartedAt = now,
                PostedSince = request.PostedSince, DryRun = request.DryRun,
            };
        }
    }

    private async Task<AuditReport> RunAsync(AuditRequest request, AuditReport report, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(parts.Options.Timeout, parts.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            report = Summed(await CheckAllAsync(request, report, either.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            report = Failed(cancel.IsCancellationRequested ? "the program is stopping"
                : $"it took longer than {parts.Options.Timeout} (Audit:Timeout)");
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            report = Failed(fault.Message);
        }
        catch (Exception fault)
        {
            AuditEvents.Died(parts.Logger, fault, report.Id);
            Last = Failed($"a fault of the program: {fault.Message}") with { EndedAt = parts.Clock.GetUtcNow() };
            throw;
        }
        finally
        {
            lock (gate) current = null;
        }
        report = report with { EndedAt = parts.Clock.GetUtcNow() };
        Last = report;
        await StoreAsync(report).ConfigureAwait(false);
        return report;

        // With the checks that were made until then.
        AuditReport Failed(string why) => Summed(Current ?? report) with { State = AuditState.Failed, Failure = why };
    }

    private async Task<AuditReport> CheckAllAsync(AuditRequest request, AuditReport report, CancellationToken cancel)
    {
        var scope = await ScopeAsync(request, cancel).ConfigureAwait(false);
        report = report with
        {
            From = scope.IsEmpty ? null : scope.From, To = scope.IsEmpty ? null : scope.To, Rows = scope.Rows,
            Hours = scope.Hours?.Count ?? (long)(scope.To - scope.From).TotalHours,
        };
        var holders = await TraceHolders.LoadAsync(store, parts.NodeId, cancel).ConfigureAwait(false);
        var run = new AuditRun(parts, store, report, holders);
        foreach (var check in Checks())
        {
            var made = scope.IsEmpty && !check.IsLocal ? new AuditFindings().ToReport(check)
                : await run.MakeAsync(check, scope, cancel).ConfigureAwait(false);
            report = report with { Checks = [.. report.Checks, made] };
            lock (gate) current = report;
            cancel.ThrowIfCancellationRequested();
        }
        return report;
    }

    // Rows before what is summed up from them; the rollup last, since repairs of rows feed it.
    private AuditCheck[] Checks() =>
    [
        new PostingsCheck(parts.Spool, parts.Pipeline), new SetAsideCheck(parts.Pipeline), new RowCheck(), new EntryCheck(),
        new FactsCheck(parts.Clock.GetUtcNow() - parts.Options.UnsettledAge), new SegmentCheck(), new UnattributedCheck(),
        new LinkedOwnersCheck(), new RollupCheck(),
    ];

    private async Task<AuditScope> ScopeAsync(AuditRequest request, CancellationToken cancel)
    {
        var scope = new AuditScope(default, default, request.PostedSince) { Hours = [] };
        if (await store.BoundsAsync(cancel).ConfigureAwait(false) is not { } range) return scope;
        var (from, to) = (request.From ?? range.From, request.To ?? range.To);
        if (from >= to) return scope;
        scope = await store.MeasureAsync(new AuditScope(from, to, request.PostedSince), cancel).ConfigureAwait(false);
        var before = await log.NewestAsync(parts.NodeId, request.PostedSince is null ? Wide : Lately, cancel)
            .ConfigureAwait(false);
        return scope with
        {
            LookedAtUpTo = (before?.Checks ?? []).DistinctBy(check => check.Name)
                .ToDictionary(check => check.Name, check => check.LookedAtUpTo),
        };
    }

    private static AuditReport Summed(AuditReport report)
    {
        var checks = report.Checks;
        var failed = checks.FirstOrDefault(check => check.Failure.Length > 0);
        return report with
        {
            State = failed is null ? AuditState.Completed : AuditState.Failed,
            Failure = failed is null ? "" : $"{failed.Name}: {failed.Failure}",
            Found = checks.Sum(check => check.Found), Repaired = checks.Sum(check => check.Repaired),
            Deferred = checks.Sum(check => check.Deferred), Left = checks.Sum(check => check.Left),
        };
    }

    private async Task StoreAsync(AuditReport report)
    {
        var logger = parts.Logger;
        if (report.State == AuditState.Failed) AuditEvents.Failed(logger, report.Id, report.Failure);
        else if (report.Found == 0)
        {
            var took = (report.EndedAt ?? report.StartedAt) - report.StartedAt;
            AuditEvents.Clean(logger, report.Id, report.Rows, report.Hours, (long)took.TotalMilliseconds);
        }
        if (report.Found > 0)
        {
            AuditEvents.Found(logger, report.Id, report.Rows, report.Hours, report.Found, report.Repaired, report.Deferred,
                report.Left, report.Id);
        }
        using var limit = new CancellationTokenSource(StoreMax, parts.Clock);
        try
        {
            await log.WriteAsync(report, limit.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException or OperationCanceledException)
        {
            AuditEvents.NotStored(logger, report.Id, fault.Message);
        }
    }
}
