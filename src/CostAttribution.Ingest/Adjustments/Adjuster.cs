using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Threading.Channels;
using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Costing;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Adjustments;

/// <summary>What settling is made of; filled by the host.</summary>
public sealed class AdjusterParts
{
    public required IngestPipeline Pipeline { get; init; }
    public required IClickHouseTransport Store { get; init; }
    public required CostingSnapshots Snapshots { get; init; }
    public required AdjustmentOptions Options { get; init; }
    public required string NodeId { get; init; }
    public required TimeProvider Clock { get; init; }
    public required ILogger Logger { get; init; }
}

/// <summary>
/// Settles the period terms of the rate book in force: on request, and what changed every interval; one run at a time, on one of
/// the nodes that share a store. The pipeline must run: what is posted goes through it.
/// </summary>
public sealed class Adjuster : IDisposable
{
    /// <summary>How long before a run what was posted may have come to the store since.</summary>
    private static readonly TimeSpan PostedMargin = TimeSpan.FromHours(6);

    private readonly AdjusterParts parts;
    private readonly Lock gate = new();
    private readonly Channel<(AdjustmentReport Report, RateBook Book)> requests =
        Channel.CreateBounded<(AdjustmentReport, RateBook)>(1);
    private AdjustmentReport? current;
    private long started;
    private (DateTimeOffset At, long BookVersion)? settled;

    public Adjuster(AdjusterParts parts) => this.parts = parts;

    /// <summary>The run under way; null when there is none.</summary>
    public AdjustmentReport? Current
    {
        get { lock (gate) return current; }
    }

    /// <summary>The last one that ended since the start of the process; null when there was none.</summary>
    public AdjustmentReport? Last { get; private set; }

    /// <summary>Begins in <see cref="RunScheduleAsync"/> what is asked for, or says what is in the way.</summary>
    public async Task<AdjustmentStart> StartAsync(AdjustmentRequest request, CancellationToken cancel)
    {
        if (await ElsewhereAsync(cancel).ConfigureAwait(false) is { } node) return new AdjustmentStart(null, TextOf(node));
        var book = parts.Snapshots.Current.Rates;
        if (Begin(request, book) is not { } report) return new AdjustmentStart(null);
        if (requests.Writer.TryWrite((report, book))) return new AdjustmentStart(report);
        lock (gate) current = null;
        return new AdjustmentStart(null);
    }

    /// <summary>Does what is asked for and returns the report, also when <paramref name="cancel"/> cuts it off.</summary>
    public async Task<AdjustmentStart> RunAsync(AdjustmentRequest request, CancellationToken cancel)
    {
        if (await ElsewhereAsync(cancel).ConfigureAwait(false) is { } node) return new AdjustmentStart(null, TextOf(node));
        var book = parts.Snapshots.Current.Rates;
        return Begin(request, book) is { } report
            ? new AdjustmentStart(await RunAsync(report, book, AdjustmentDue.Everything, cancel).ConfigureAwait(false))
            : new AdjustmentStart(null);
    }

    /// <summary>Does what is asked for and, every interval, what changed, until <paramref name="stop"/>.</summary>
    public async Task RunScheduleAsync(CancellationToken stop)
    {
        var next = parts.Clock.GetUtcNow() + FirstWait();
        try
        {
            while (!stop.IsCancellationRequested)
            {
                using var woken = CancellationTokenSource.CreateLinkedTokenSource(stop);
                var asked = requests.Reader.WaitToReadAsync(woken.Token).AsTask();
                var due = Task.Delay(parts.Options.Interval == TimeSpan.Zero ? Timeout.InfiniteTimeSpan
                    : Longer(next - parts.Clock.GetUtcNow(), TimeSpan.Zero), parts.Clock, woken.Token);
                await Task.WhenAny(asked, due).ConfigureAwait(false);
                await woken.CancelAsync().ConfigureAwait(false);
                if (requests.Reader.TryRead(out var given))
                {
                    await RunAsync(given.Report, given.Book, AdjustmentDue.Everything, stop).ConfigureAwait(false);
                }
                else if (parts.Options.Interval > TimeSpan.Zero && parts.Clock.GetUtcNow() >= next)
                {
                    next = parts.Clock.GetUtcNow() + parts.Options.Interval;
                    await RunDueAsync(stop).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is not settled is with the next start.
        }
        finally
        {
            requests.Writer.TryComplete();
        }
    }

    /// <summary>Settles what changed since the last time; null when it is another node's to do, or one is under way.</summary>
    internal async Task<AdjustmentReport?> RunDueAsync(CancellationToken cancel)
    {
        var book = parts.Snapshots.Current.Rates;
        AdjustmentDue due;
        try
        {
            // Terms that were withdrawn have rows to be taken back, which the first run after a start looks for.
            if (book.Terms.Count == 0 && settled?.BookVersion == book.Version) return null;
            if (await ElsewhereAsync(cancel).ConfigureAwait(false) is not null)
            {
                settled = null;
                return null;
            }
            due = settled is { } last && last.BookVersion == book.Version
                ? new AdjustmentDue(await new AdjustmentRows(parts.Store).DaysPostedAsync(last.At - PostedMargin, cancel)
                    .ConfigureAwait(false))
                : AdjustmentDue.Everything;
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            AdjustmentEvents.Failed(parts.Logger, "-", fault.Message);
            return null;
        }
        if (Begin(new AdjustmentRequest { Open = parts.Options.OpenPeriods }, book) is not { } report) return null;
        report = await RunAsync(report, book, due, cancel).ConfigureAwait(false);
        if (report.State == AdjustmentState.Completed) settled = (report.StartedAt, book.Version);
        return report;
    }

    public void Dispose() => requests.Writer.TryComplete();

    private TimeSpan FirstWait()
    {
        // Nodes that are started together do not settle together, and not while they still recover.
        const int parts1000 = 1000;
        var part = (int)(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(parts.NodeId)) % parts1000);
        return parts.Options.Interval * (part + 1) / (parts1000 * 4);
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static string TextOf(string node) => $"node {node} settles the terms of this store; ask it";

    // Of nodes that share a store one settles: amounts owed are compared with what other terms have come to.
    private async Task<string?> ElsewhereAsync(CancellationToken cancel)
    {
        var store = new AuditStore(parts.Store, new AuditLimits());
        var holders = await TraceHolders.LoadAsync(store, parts.NodeId, cancel).ConfigureAwait(false);
        var holder = holders.HolderOf(new TraceId(0, 1));
        return holder == parts.NodeId ? null : holder;
    }

    private AdjustmentReport? Begin(AdjustmentRequest request, RateBook book)
    {
        lock (gate)
        {
            if (current is not null) return null;
            var now = parts.Clock.GetUtcNow();
            return current = new AdjustmentReport
            {
                Id = string.Create(CultureInfo.InvariantCulture,
                    $"{parts.NodeId}-{now.ToUnixTimeMilliseconds():x}-{++started:x}"),
                Node = parts.NodeId, State = AdjustmentState.Running, StartedAt = now, From = request.From, To = request.To,
                Term = request.Term, DryRun = request.DryRun, Open = request.Open,
                RateBookVersion = book.Version.ToString(CultureInfo.InvariantCulture),
            };
        }
    }

    private async Task<AdjustmentReport> RunAsync(AdjustmentReport begun, RateBook book, AdjustmentDue due,
        CancellationToken cancel)
    {
        var run = new AdjustmentRun(parts, begun, book, due, Tell);
        var (state, failure) = (AdjustmentState.Completed, "");
        try
        {
            await run.RunAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            (state, failure) = (AdjustmentState.Failed, "the program stopped");
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException or SettlementRefusedException)
        {
            (state, failure) = (AdjustmentState.Failed, fault.Message);
            AdjustmentEvents.Failed(parts.Logger, begun.Id, fault.Message);
        }
        catch (Exception fault)
        {
            // Each period is posted whole or not at all; the next run goes on.
            (state, failure) = (AdjustmentState.Failed, $"a fault of the program: {fault.Message}");
            AdjustmentEvents.Died(parts.Logger, fault, begun.Id);
        }
        var ended = run.Report with { State = state, Failure = failure, EndedAt = parts.Clock.GetUtcNow() };
        AdjustmentEvents.Ended(parts.Logger, ended.Id, state, ended.Periods, ended.PeriodsChanged, ended.Difference,
            ended.PeriodsRefused);
        lock (gate) (current, Last) = (null, ended);
        return ended;

        void Tell(AdjustmentReport soFar)
        {
            lock (gate) current = soFar;
        }
    }
}
