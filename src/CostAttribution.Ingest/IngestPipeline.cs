using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest;

/// <summary>What the pipeline is made of; filled by the host.</summary>
public sealed class PipelineParts
{
    public required DurableJournal Journal { get; init; }

    /// <summary>Size at which the journal refuses records; from half of it on, traces without cost are given up.</summary>
    public required long JournalBytesMax { get; init; }
    public required PostingSpool Spool { get; init; }
    public required IClickHouseTransport Store { get; init; }

    /// <summary>
    /// No other process can post to the store while this one runs: then a store that is empty now knows nothing that this process
    /// does not know, and need not be asked.
    /// </summary>
    public bool IsSoleWriter { get; init; }
    public required AttributeKeyTable Keys { get; init; }
    public required CostingSnapshots Snapshots { get; init; }
    public required TimeProvider Clock { get; init; }
    public required string NodeId { get; init; }

    /// <summary>Random, of this start: keeps posting ids apart when the node id or the time of the start repeats.</summary>
    public required string StartId { get; init; }
    public required AssemblyOptions Assembly { get; init; }
    public required PostingOptions Posting { get; init; }
    public required TracingLimits Limits { get; init; }
    public required ILogger Logger { get; init; }
}

/// <summary>What the stages hold in memory.</summary>
internal readonly record struct PipelineLoad(int Traces, long TraceBytesAccounted, long TraceBytes, int RowsGathered,
    int PostingsQueued);

/// <summary>How far the pipeline is.</summary>
public enum PipelineState { Starting, Recovering, Running, Stopped, Failed }

/// <summary>
/// The data plane from the journal to the store, in the order data flows:
/// <code>journal feed ─▶ AssemblyStage (join, elect, attribute, price, difference) ─▶ PostingStage ─▶ ClickHouse</code>
/// Start order: settle postings in doubt, then replay the journal; intake opens when <see cref="State"/> is running.
/// </summary>
public sealed class IngestPipeline : IDisposable
{
    /// <summary>Sessions, runs and links that traces may ask each other about.</summary>
    private const int TopicsMax = 200_000;

    /// <summary>
    /// Questions about responses that a start reads back; an answer to an older one that comes later is not told.
    /// </summary>
    private const int KeysAskedMax = 2_000_000;

    private const int DamagedTold = 20;

    private readonly PipelineParts parts;
    private readonly TracePoster poster;
    private readonly PostingEncoder encoder;
    private readonly PostingStage posting;
    private readonly LedgerReader reader;
    private readonly SnapshotArchive archive;
    private readonly PostingRecovery recovery;
    private readonly RetryPause recoveryPause;
    private TraceAssembler? assembler;
    private AssemblyStage? assembly;
    private JournalFeed? feed;
    private BatchFeed? batches;
    private SetAsideTraces? setAside;
    private volatile PipelineState state = PipelineState.Starting;

    public IngestPipeline(PipelineParts parts)
    {
        this.parts = parts;
        poster = new TracePoster(new SpanBatchBuilder(parts.Keys, parts.Limits));
        encoder = new PostingEncoder($"{parts.NodeId}-{parts.StartId}", parts.Clock);
        posting = new PostingStage(parts.Store, parts.Spool, encoder, parts.Clock, parts.Posting, Metrics, parts.Logger);
        reader = new LedgerReader(parts.Store);
        archive = new SnapshotArchive(parts.Store);
        recoveryPause = new RetryPause(parts.Clock, parts.Posting);
        recovery = new PostingRecovery(parts.Store, parts.Spool, recoveryPause, parts.Posting, Metrics, parts.Logger);
    }

    public PipelineMetrics Metrics { get; } = new();
    public AssemblyMetrics AssemblyMetrics { get; } = new();
    public OpenCostBook OpenCosts { get; } = new();
    public PipelineState State => state;

    /// <summary>Completes when recovery is over and spans may be taken in.</summary>
    public Task Recovered => recovered.Task;

    private readonly TaskCompletionSource recovered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The stages, once recovered; for a harness that steps them itself.</summary>
    internal AssemblyStage Assembly => assembly ?? throw new InvalidOperationException("the pipeline has not recovered");

    internal PostingStage Posting => posting;

    /// <summary>Traces of which nothing is posted, because the store holds them in a form that cannot be read.</summary>
    public IReadOnlyList<TraceId> TracesSetAside => setAside?.List() ?? [];

    /// <summary>What is in memory now; for the thread that steps the stages.</summary>
    internal PipelineLoad Load => new(assembler!.TraceCount, assembler.Bytes, assembler.MeasureBytes(),
        poster.Buffer.RowCount, posting.Queued);

    /// <summary>
    /// Recovers and runs until <paramref name="stop"/>. What is then not posted stays in the journal and in the posting files.
    /// Throws when a stage fails on a fault of the program or on a posting in doubt that cannot be settled.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            await RecoverAsync(stop).ConfigureAwait(false);

            Task[] stages = [Assembly.RunAsync(ended.Token), posting.RunAsync(ended.Token)];
            var first = await Task.WhenAny(stages).ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
            // Both have ended before anything they use is disposed; then the first one's fault is told.
            await Task.WhenAll(stages).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            await first.ConfigureAwait(false);
            if (!stop.IsCancellationRequested) throw new InvalidOperationException("a stage ended without being told to");
            state = PipelineState.Stopped;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            state = PipelineState.Stopped;
        }
        catch (Exception fault)
        {
            state = PipelineState.Failed;
            Metrics.PostingTrouble = fault.Message;
            recovered.TrySetException(fault);
            PipelineLog.Died(parts.Logger, fault);
            throw;
        }
    }

    /// <summary>
    /// Before a stop, once nothing comes in any more: posts what is due without waiting for company. Returns when the store has
    /// confirmed all of it, when store or disk do not take it, or on <paramref name="cancel"/>. Traces that have not come to
    /// rest stay in the journal.
    /// </summary>
    public async Task DrainAsync(CancellationToken cancel)
    {
        if (state != PipelineState.Running) return;
        try
        {
            await Assembly.DrainAsync().WaitAsync(cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The time for it is over.
        }
    }

    /// <summary>The start order up to <see cref="PipelineState.Running"/>; waits for a store or disk that is away.</summary>
    internal async Task RecoverAsync(CancellationToken stop)
    {
        while (!await TryRecoverAsync(stop).ConfigureAwait(false)) await recoveryPause.WaitAsync(stop).ConfigureAwait(false);
    }

    /// <summary>
    /// One attempt at the start order; false when the store or the disk is away, to be tried again after a pause; trying too
    /// early does no harm. Completes synchronously when the store does.
    /// </summary>
    internal async Task<bool> TryRecoverAsync(CancellationToken stop)
    {
        state = PipelineState.Recovering;
        if (!await recovery.TryResolveAsync(stop).ConfigureAwait(false)) return false;
        bool storeIsEmpty;
        IReadOnlyList<string> asked;
        try
        {
            storeIsEmpty = await IsStoreEmptyAsync(stop).ConfigureAwait(false);
            asked = storeIsEmpty ? [] : await new TopicReader(parts.Store).LoadAskedKeysAsync(KeysAskedMax, stop)
                .ConfigureAwait(false);
            Metrics.QuarantinedFiles = parts.Spool.Refused().Files;
            setAside ??= new SetAsideTraces(parts.Journal.OpenAside("traces"), parts.Keys, parts.Clock, AssemblyMetrics, Metrics,
                parts.Logger);
            await parts.Snapshots.KeepAsync(archive, parts.Clock, stop).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException or JournalException)
        {
            Metrics.PostingTrouble = fault.Message;
            PipelineLog.RecoveryDelayed(parts.Logger, (long)recoveryPause.Failed().TotalMilliseconds, fault.Message);
            return false;
        }
        recoveryPause.Succeeded();
        Metrics.PostingTrouble = "";
        OpenStages(storeIsEmpty, asked);
        if (parts.Spool.DamagedFiles is { Count: > 0 } damaged)
            PipelineLog.PostingFilesDamaged(parts.Logger, damaged.Count, string.Join(", ", damaged.Take(DamagedTold)));
        state = PipelineState.Running;
        recovered.TrySetResult();
        return true;
    }

    private void OpenStages(bool storeIsEmpty, IReadOnlyList<string> asked)
    {
        var policy = CostingPolicy.Default with { SpansPerTraceMax = parts.Assembly.SpansPerTraceMax };
        var costing = new CostingStage(parts.Snapshots, TopicsMax, storeIsEmpty, policy);
        foreach (var key in asked) costing.Outside.AskedBefore(key);
        assembler = new TraceAssembler(parts.Assembly, parts.Clock, costing, poster,
            AssemblyMetrics, OpenCosts, storeIsEmpty);
        assembler.Aside.IsSetAside = setAside!.Contains;
        var statistics = parts.Journal.Statistics();
        var from = statistics.LowWaterMark > statistics.OldestPosition ? statistics.LowWaterMark : JournalPosition.Oldest;
        if (statistics.DurablePosition >= from && statistics.DurablePosition > JournalPosition.Oldest)
            PipelineLog.Replaying(parts.Logger, from.Sequence, statistics.DurablePosition.Sequence);
        feed = parts.Journal.OpenFeed(from);
        var shelf = new SnapshotShelf(archive, parts.Keys, parts.Snapshots, parts.Logger);
        var loader = new TraceLoader(reader, new TopicReader(parts.Store), shelf, parts.Keys, Metrics, parts.Logger);
        batches = new BatchFeed(feed, parts.Journal, parts.Keys, parts.Clock, parts.Posting, Metrics, parts.Logger);
        assembly = new AssemblyStage(assembler, poster, parts.Journal, batches, posting, loader, setAside!, parts.Clock,
            parts.Posting, Metrics, parts.Logger, parts.JournalBytesMax)
        {
            ReplayEnd = statistics.DurablePosition,
        };
        posting.OnProgress = assembly.Wake;
    }

    /// <summary>
    /// Runs <paramref name="work"/> while no posting is under way or in doubt: what the store then says of the ledger and its
    /// rollups holds. Postings wait for it. Ends with <paramref name="cancel"/> when the pipeline does not run.
    /// </summary>
    public Task<T> WhileQuietAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancel) =>
        posting.WhileQuietAsync(work, cancel);

    /// <summary>
    /// Has ledger rows without spans made when no posting is under way or in doubt, posts them next, and completes when they are
    /// confirmed. Call when <see cref="State"/> is running.
    /// </summary>
    internal Task<PostedRows> PostRowsAsync(Func<CancellationToken, Task<IReadOnlyList<LedgerEntry>>> make,
        CancellationToken cancel) => posting.PostRowsAsync(make, cancel);

    /// <summary>
    /// Sends what the store lacks of a posting that it had confirmed, row by row, and mends the rollup of its hours. Returns what
    /// is in the way, or nothing. Only as work of <see cref="WhileQuietAsync"/>.
    /// </summary>
    internal async Task<string> CompleteAsync(EncodedPosting confirmed, CancellationToken stop)
    {
        // Told to its caller; what it sends has been counted before.
        var untold = new PipelineMetrics();
        var pause = new RetryPause(parts.Clock, parts.Posting);
        var delivery = new PostingDelivery(parts.Store, parts.Spool, pause, parts.Posting, untold, parts.Logger);
        delivery.Resume(confirmed);
        while (!delivery.IsDone && pause.IsOver) await delivery.StepAsync(stop).ConfigureAwait(false);
        return delivery.IsDone ? "" : untold.PostingTrouble;
    }

    /// <summary>
    /// Has traces loaded from the store and costed again, and the difference posted; completes when that is confirmed and every
    /// element says how it ended. Twice the same posts nothing the second time. Call when <see cref="State"/> is running.
    /// </summary>
    public Task RecheckAsync(IReadOnlyList<TraceRecheck> traces, CancellationToken cancel) =>
        Assembly.Rechecks.EnqueueAsync(traces, Assembly.Wake, cancel);

    public void Dispose()
    {
        batches?.Dispose();
        feed?.Dispose();
        assembler?.Dispose();
        poster.Dispose();
        encoder.Dispose();
    }

    private async Task<bool> IsStoreEmptyAsync(CancellationToken cancel)
    {
        if (!parts.IsSoleWriter) return false;
        var isEmpty = $"SELECT count() = 0 FROM (SELECT 1 FROM {CostLedgerBlock.TableName} LIMIT 1 " +
            $"UNION ALL SELECT 1 FROM {TraceFactsBlock.TableName} LIMIT 1)";
        var answer = await parts.Store.QueryAsync(
            new ClickHouseQuery(isEmpty) { Format = "TabSeparated" }, cancel).ConfigureAwait(false);
        return answer is [(byte)'1', ..];
    }
}
