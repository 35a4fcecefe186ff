using System.Globalization;
using System.Threading.Channels;
using CostAttribution.ClickHouse.Rates;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Rates;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Repricing;

/// <summary>What re-pricing is made of; filled by the host.</summary>
public sealed class RepricerParts
{
    public required IngestPipeline Pipeline { get; init; }
    public required IClickHouseTransport Store { get; init; }
    public required CostingSnapshots Snapshots { get; init; }

    /// <summary>Builds the book of what-if files.</summary>
    public required RateBookPublisher Publisher { get; init; }
    public required string NodeId { get; init; }
    public required TimeProvider Clock { get; init; }
    public required ILogger Logger { get; init; }

    /// <summary>Standing rows held at once.</summary>
    public int RowsHeldMax { get; init; } = StandingRows.RowsMax;
}

/// <summary>
/// Prices the past anew: posts corrections, or counts what they would be. One at a time. Corrections that a stopped or killed
/// process left are gone on with by the next start of its node.
/// </summary>
public sealed class Repricer : IDisposable
{
    /// <summary>Longest wait for a last report to be stored, also when the program is stopping.</summary>
    private static readonly TimeSpan StoreMax = TimeSpan.FromSeconds(5);

    private readonly RepricerParts parts;
    private readonly SnapshotArchive archive;
    private readonly Lock gate = new();
    private readonly Channel<Job> jobs = Channel.CreateBounded<Job>(1);
    private RepricingReport? current;
    private CancellationTokenSource? running;
    private long started;

    public Repricer(RepricerParts parts)
    {
        this.parts = parts;
        archive = new SnapshotArchive(parts.Store);
        Log = new RepricingLog(parts.Store);
    }

    /// <summary>The one under way; null when there is none.</summary>
    public RepricingReport? Current
    {
        get { lock (gate) return current; }
    }

    /// <summary>The last one that ended since the start of the process; null when there was none.</summary>
    public RepricingReport? Last { get; private set; }

    /// <summary>The reports in the store.</summary>
    public RepricingLog Log { get; }

    /// <summary>Begins in <see cref="RunQueueAsync"/> what is asked for, or says what is in the way.</summary>
    public async Task<RepricingStart> StartAsync(RepricingRequest request, CancellationToken cancel)
    {
        var (book, faults) = await BookOfAsync(request, cancel).ConfigureAwait(false);
        return book is null ? new RepricingStart(null, faults) : Start(request, book);
    }

    /// <summary>As above, with a book that need not be in force.</summary>
    public RepricingStart Start(RepricingRequest request, RateBook book)
    {
        if (Begin(request, book) is not { } job) return RepricingStart.Busy;
        if (jobs.Writer.TryWrite(job)) return new RepricingStart(job.Report, []);
        End(job.Report);
        return RepricingStart.Busy;
    }

    /// <summary>Does what is asked for and returns the report, also when <paramref name="cancel"/> cuts it off.</summary>
    public async Task<RepricingStart> RunAsync(RepricingRequest request, CancellationToken cancel)
    {
        var (book, faults) = await BookOfAsync(request, cancel).ConfigureAwait(false);
        if (book is null) return new RepricingStart(null, faults);
        return Begin(request, book) is { } job ? new RepricingStart(await RunAsync(job, cancel).ConfigureAwait(false), [])
            : RepricingStart.Busy;
    }

    /// <summary>Goes on with what was cut off; null when it cannot be: it has ended, or its book was not kept.</summary>
    public async Task<RepricingReport?> ResumeAsync(string id, CancellationToken cancel)
    {
        if (await Log.FindAsync(id, cancel).ConfigureAwait(false) is not { Kind: RepricingKind.Apply } report
            || report.State == RepricingState.Completed) return null;
        return await ResumeAsync(report, cancel).ConfigureAwait(false);
    }

    /// <summary>Ends the one under way of that id; false when there is none.</summary>
    public bool Cancel(string id)
    {
        lock (gate)
        {
            if (current?.Id != id || running is null) return false;
            running.Cancel();
            return true;
        }
    }

    /// <summary>Goes on with what was cut off, then does what is asked for, until <paramref name="stop"/>.</summary>
    public async Task RunQueueAsync(CancellationToken stop)
    {
        try
        {
            foreach (var report in await UnfinishedAsync(stop).ConfigureAwait(false))
                await ResumeAsync(report, stop).ConfigureAwait(false);
            await foreach (var job in jobs.Reader.ReadAllAsync(stop).ConfigureAwait(false))
                await RunAsync(job, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is under way goes on with the next start.
        }
        finally
        {
            jobs.Writer.TryComplete();
        }
    }

    public void Dispose()
    {
        lock (gate) running?.Dispose();
    }

    private async Task<IReadOnlyList<RepricingReport>> UnfinishedAsync(CancellationToken stop)
    {
        try
        {
            return await Log.UnfinishedAsync(parts.NodeId, stop).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            RepricingEvents.NotResumed(parts.Logger, fault.Message);
            return [];
        }
    }

    private async Task<RepricingReport?> ResumeAsync(RepricingReport report, CancellationToken cancel)
    {
        var version = long.Parse(report.RateBookVersion, CultureInfo.InvariantCulture);
        if (await LoadAsync(version, cancel).ConfigureAwait(false) is not { } book)
        {
            RepricingEvents.NotResumed(parts.Logger, $"rate book {report.RateBookVersion} was not kept");
            return null;
        }
        lock (gate)
        {
            if (current is not null) return null;
            current = report = report with { State = RepricingState.Running, EndedAt = null, Failure = "" };
            running = new CancellationTokenSource();
        }
        return await RunAsync(new Job(report, book), cancel).ConfigureAwait(false);
    }

    private async Task<(RateBook? Book, IReadOnlyList<RateFault> Faults)> BookOfAsync(RepricingRequest request,
        CancellationToken cancel)
    {
        if (request.Kind == RepricingKind.Apply && (request.Files.Count > 0 || request.Moves.Count > 0))
            throw new ArgumentException("corrections follow from a book in force alone", nameof(request));
        if (request.Files.Count > 0)
        {
            var tried = parts.Publisher.Try(request.Files);
            return (tried.Book, [.. tried.Faults.Select(fault => new RateFault(fault.File, fault.Line, fault.Reason))]);
        }
        if (request.RateBookVersion is not { } version) return (parts.Snapshots.Current.Rates, []);
        return await LoadAsync(version, cancel).ConfigureAwait(false) is { } book ? (book, [])
            : (null, [new RateFault("", 0, $"rate book {version} was never in force here, or can no longer be read")]);
    }

    private async Task<RateBook?> LoadAsync(long version, CancellationToken cancel)
    {
        if (parts.Snapshots.Current.Rates is var inForce && inForce.Version == version) return inForce;
        var key = new SnapshotKey(SnapshotKind.RateBook, version);
        var kept = await archive.LoadAsync([key], cancel).ConfigureAwait(false);
        try
        {
            return kept.TryGetValue(key, out var text) && RateBookText.Read(text) is var book && book.Version == version ? book
                : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private Job? Begin(RepricingRequest request, RateBook book)
    {
        lock (gate)
        {
            if (current is not null) return null;
            var now = parts.Clock.GetUtcNow();
            running = new CancellationTokenSource();
            current = new RepricingReport
            {
                Id = string.Create(CultureInfo.InvariantCulture,
                    $"{parts.NodeId}-{now.ToUnixTimeMilliseconds():x}-{++started:x}"),
                Node = parts.NodeId, Kind = request.Kind, State = RepricingState.Running, StartedAt = now, From = request.From,
                To = request.To, Provider = request.Provider, Model = request.Model, Customer = request.Customer,
                RateBookVersion = book.Version.ToString(CultureInfo.InvariantCulture), Moves = request.Moves,
            };
            return new Job(current, book);
        }
    }

    private void End(RepricingReport report)
    {
        lock (gate)
        {
            running?.Dispose();
            running = null;
            current = null;
            Last = report;
        }
    }

    private async Task<RepricingReport> RunAsync(Job job, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, running!.Token);
        var run = new RepricingRun(parts, Log, job.Report, job.Book, Tell);
        var report = job.Report;
        try
        {
            await run.RunAsync(either.Token).ConfigureAwait(false);
            report = run.Report with { State = RepricingState.Completed };
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Corrections stay under way in the store: the next start goes on with them.
            report = run.Report with
            {
                State = job.Report.Kind == RepricingKind.Apply ? RepricingState.Running : RepricingState.Failed,
                Failure = "the program stopped",
            };
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            report = run.Report with { State = RepricingState.Canceled };
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException)
        {
            report = run.Report with { State = RepricingState.Failed, Failure = fault.Message };
        }
        catch (Exception fault)
        {
            // Nothing half-done is left behind: each batch of corrections is whole. The next request may begin.
            RepricingEvents.Died(parts.Logger, fault, job.Report.Id);
            report = run.Report with { State = RepricingState.Failed, Failure = $"a fault of the program: {fault.Message}" };
        }
        if (report.State != RepricingState.Running) report = report with { EndedAt = parts.Clock.GetUtcNow() };
        await StoreAsync(report).ConfigureAwait(false);
        RepricingEvents.Ended(parts.Logger, report.Id, report.State, report.Rows, report.RowsChanged, report.Difference);
        End(report);
        return report;

        void Tell(RepricingReport soFar)
        {
            lock (gate) current = soFar;
        }
    }

    private async Task StoreAsync(RepricingReport report)
    {
        using var limit = new CancellationTokenSource(StoreMax, parts.Clock);
        try
        {
            await Log.WriteAsync(report, parts.Clock.GetUtcNow().ToUnixTimeMilliseconds(), limit.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException or OperationCanceledException)
        {
            RepricingEvents.NotStored(parts.Logger, report.Id, fault.Message);
        }
    }

    private sealed record Job(RepricingReport Report, RateBook Book);
}
