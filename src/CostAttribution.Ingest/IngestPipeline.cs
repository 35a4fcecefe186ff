using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
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
    public required AttributeKeyTable Keys { get; init; }
    public required CostingSnapshots Snapshots { get; init; }
    public required TimeProvider Clock { get; init; }
    public required string NodeId { get; init; }
    public required AssemblyOptions Assembly { get; init; }
    public required PostingOptions Posting { get; init; }
    public required TracingLimits Limits { get; init; }
    public required ILogger Logger { get; init; }
}

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

    private readonly PipelineParts parts;
    private readonly TracePoster poster;
    private readonly PostingEncoder encoder;
    private readonly PostingStage posting;
    private readonly LedgerReader reader;
    private TraceAssembler? assembler;
    private volatile PipelineState state = PipelineState.Starting;

    public IngestPipeline(PipelineParts parts)
    {
        this.parts = parts;
        poster = new TracePoster(new SpanBatchBuilder(parts.Keys, parts.Limits));
        encoder = new PostingEncoder(parts.NodeId, parts.Clock);
        posting = new PostingStage(parts.Store, parts.Spool, encoder, parts.Clock, parts.Posting, Metrics, parts.Logger);
        reader = new LedgerReader(parts.Store);
    }

    public PipelineMetrics Metrics { get; } = new();
    public AssemblyMetrics AssemblyMetrics { get; } = new();
    public OpenCostBook OpenCosts { get; } = new();
    public PipelineState State => state;

    /// <summary>Completes when recovery is over and spans may be taken in.</summary>
    public Task Recovered => recovered.Task;

    private readonly TaskCompletionSource recovered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Recovers and runs until <paramref name="stop"/>. What is then not posted stays in the journal and in the posting files.
    /// Throws when a stage fails on a fault of the program or on a posting in doubt that cannot be settled.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            state = PipelineState.Recovering;
            await posting.ResolvePendingAsync(reader, stop).ConfigureAwait(false);
            var storeIsEmpty = await IsStoreEmptyAsync(stop).ConfigureAwait(false);
            assembler = new TraceAssembler(parts.Assembly, parts.Clock, new CostingStage(parts.Snapshots, TopicsMax), poster,
                AssemblyMetrics, OpenCosts, storeIsEmpty);

            var statistics = parts.Journal.Statistics();
            var from = statistics.LowWaterMark > statistics.OldestPosition ? statistics.LowWaterMark : JournalPosition.Oldest;
            if (statistics.DurablePosition >= from && statistics.DurablePosition > JournalPosition.Oldest)
                PipelineLog.Replaying(parts.Logger, from.Sequence, statistics.DurablePosition.Sequence);
            using var feed = parts.Journal.OpenFeed(from);
            var loader = new TraceLoader(reader, parts.Keys, parts.Clock, parts.Posting, Metrics, parts.Logger);
            var assembly = new AssemblyStage(assembler, poster, parts.Journal, feed, parts.Keys, posting, loader, parts.Clock,
                parts.Posting, Metrics, parts.Logger, parts.JournalBytesMax)
            {
                ReplayEnd = statistics.DurablePosition,
            };
            posting.OnConfirmed = assembly.Wake;
            state = PipelineState.Running;
            recovered.TrySetResult();

            Task[] stages = [assembly.RunAsync(ended.Token), posting.RunAsync(ended.Token)];
            var first = await Task.WhenAny(stages).ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
            // Both have ended before anything they use is disposed; then the first one's fault is told.
            await Task.WhenAll(stages).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            await first.ConfigureAwait(false);
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

    public void Dispose()
    {
        assembler?.Dispose();
        poster.Dispose();
        encoder.Dispose();
    }

    private async Task<bool> IsStoreEmptyAsync(CancellationToken cancel)
    {
        for (; ; )
        {
            try
            {
                var isEmpty = $"SELECT count() = 0 FROM (SELECT 1 FROM {TraceFactsBlock.TableName} LIMIT 1)";
                var answer = await parts.Store.QueryAsync(
                    new ClickHouseQuery(isEmpty) { Format = "TabSeparated" }, cancel).ConfigureAwait(false);
                return answer is [(byte)'1', ..];
            }
            catch (StoreUnavailableException fault)
            {
                Metrics.PostingTrouble = $"the store is unavailable: {fault.Message}";
                await Task.Delay(parts.Posting.RetryDelay, parts.Clock, cancel).ConfigureAwait(false);
            }
        }
    }
}
