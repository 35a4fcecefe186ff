using System.Globalization;
using System.Threading.Channels;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Auditing.Checks;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Tracing;
using CostAttribution.Journal.Postings;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Auditing;

/// <summary>What audits are made of; filled by the host.</summary>
public sealed class AuditParts
{
    public required IngestPipeline Pipeline { get; init; }
    public required IClickHouseTransport Store { get; init; }
    public required PostingSpool Spool { get; init; }
    public required AttributeKeyTable Keys { get; init; }
    public required AuditOptions Options { get; init; }
    public required string NodeId { get; init; }
    public required TimeProvider Clock { get; init; }
    public required ILogger Logger { get; init; }
}

/// <summary>
/// Audits the ledger: on request, hourly what was posted lately, daily everything; one at a time. The pipeline must run:
/// findings are confirmed between its postings, and repairs are its postings.
/// </summary>
public sealed class Auditor(AuditParts parts)
{
    private readonly AuditStore store = new(parts.Store, parts.Options.ToLimits());
    private readonly AuditLog log = new(parts.Store);
    private readonly Lock gate = new();
    private readonly Channel<(AuditRequest Request, AuditReport Report)> requests =
        Channel.CreateBounded<(AuditRequest, AuditReport)>(1);
    private AuditReport? current;
    private long started;

    /// <summary>The audit under way; null when there is none.</summary>
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
        requests.Writer.TryWrite((request, report));
        return report;
    }

    /// <summary>
    /// Runs one audit and returns its report; throws <see cref="InvalidOperationException"/> when one is under way.
    /// </summary>
    public Task<AuditReport> RunAsync(AuditRequest request, CancellationToken cancel) => Begin(request) is { } report
        ? RunAsync(request, report, cancel)
        : throw new InvalidOperationException("an audit is under way");

    /// <summary>Runs what is requested and what is due, until <paramref name="stop"/>.</summary>
    public async Task RunScheduleAsync(CancellationToken stop)
    {
        var schedule = new AuditSchedule(parts.Options, parts.NodeId, parts.Clock);
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

    private async Task RunDueAsync(AuditTrigger trigger, AuditSchedule schedule, CancellationToken stop)
    {
        DateTimeOffset? since = null;
        try
        {
            if (trigger == AuditTrigger.Hourly)
            {
                var full = await log.LastAsync([AuditTrigger.Daily], stop).ConfigureAwait(false);
                var last = await log.LastAsync([AuditTrigger.Daily, AuditTrigger.Hourly], stop).ConfigureAwait(false);
                if (schedule.IsFullDue(full?.StartedAt)) trigger = AuditTrigger.Daily;
                else since = last!.StartedAt - parts.Options.Window;
            }
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            AuditEvents.Failed(parts.Logger, "-", fault.Message);
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
            report = await CheckAllAsync(request, report, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            report = report with
            {
                State = AuditState.Failed,
                Failure = cancel.IsCancellationRequested ? "the program is stopping"
                    : $"it took longer than {parts.Options.Timeout}",
            };
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            report = report with { State = AuditState.Failed, Failure = fault.Message };
        }
        finally
        {
            lock (gate) current = null;
        }
        report = report with { EndedAt = parts.Clock.GetUtcNow() };
        Last = report;
        await StoreAsync(report, cancel).ConfigureAwait(false);
        return report;
    }

    private async Task<AuditReport> CheckAllAsync(AuditRequest request, AuditReport report, CancellationToken cancel)
    {
        var bounds = await store.BoundsAsync(cancel).ConfigureAwait(false);
        var scope = new AuditScope(default, default, request.PostedSince) { Hours = [] };
        if (bounds is { } range && (request.From ?? range.From) < (request.To ?? range.To))
        {
            scope = await store.MeasureAsync(
                new AuditScope(request.From ?? range.From, request.To ?? range.To, request.PostedSince), cancel)
                .ConfigureAwait(false);
        }
        report = report with
        {
            From = scope.IsEmpty ? null : scope.From, To = scope.IsEmpty ? null : scope.To, Rows = scope.Rows,
            Hours = scope.Hours?.Count ?? (long)(scope.To - scope.From).TotalHours,
        };
        var run = new AuditRun(parts.Pipeline, parts.Store, store, report, parts.Clock);
        var checks = new List<AuditCheckReport>();
        // Rows before what is summed up from them; the rollup last, since repairs of rows feed it.
        AuditCheck[] all =
        [
            new PostingsCheck(parts.Spool, parts.Pipeline), new SetAsideCheck(parts.Pipeline), new RowCheck(), new EntryCheck(),
            new FactsCheck(parts.Clock.GetUtcNow() - parts.Options.UnsettledAge), new SegmentCheck(), new UnattributedCheck(),
            new LinkedOwnersCheck(new LedgerReader(parts.Store), parts.Keys), new RollupCheck(),
        ];
        foreach (var check in all)
        {
            checks.Add(scope.IsEmpty && check is not SetAsideCheck
                ? new AuditCheckReport { Name = check.Name, Asserts = check.Asserts }
                : await run.MakeAsync(check, scope, cancel).ConfigureAwait(false));
        }
        var failed = checks.Find(check => check.Failure.Length > 0);
        return report with
        {
            State = failed is null ? AuditState.Completed : AuditState.Failed,
            Failure = failed is null ? "" : $"{failed.Name}: {failed.Failure}",
            Checks = checks, Found = checks.Sum(check => check.Found), Repaired = checks.Sum(check => check.Repaired),
            Deferred = checks.Sum(check => check.Deferred), Left = checks.Sum(check => check.Left),
        };
    }

    private async Task StoreAsync(AuditReport report, CancellationToken cancel)
    {
        var logger = parts.Logger;
        if (report.State == AuditState.Failed) AuditEvents.Failed(logger, report.Id, report.Failure);
        else if (report.Found == 0)
        {
            var took = (report.EndedAt ?? report.StartedAt) - report.StartedAt;
            AuditEvents.Clean(logger, report.Id, report.Rows, report.Hours, (long)took.TotalMilliseconds);
        }
        else
        {
            AuditEvents.Found(logger, report.Id, report.Rows, report.Hours, report.Found, report.Repaired, report.Deferred,
                report.Left, report.Id);
        }
        try
        {
            await log.WriteAsync(report, cancel).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException or OperationCanceledException)
        {
            AuditEvents.NotStored(logger, report.Id, fault.Message);
        }
    }
}
