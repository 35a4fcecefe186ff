using System.Threading.Channels;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Sends postings to the store, one after the other: encode, keep the bytes on disk, insert each table's block under its own
/// token, confirm. Whatever happens in between, the same bytes go out again under the same tokens, so a posting counts once.
/// One attempt is one <see cref="StepAsync"/>; pauses are instants, so that a harness can drive the stage by its own clock.
/// </summary>
internal sealed class PostingStage(IClickHouseTransport store, PostingSpool spool, PostingEncoder encoder, TimeProvider clock,
    PostingOptions options, PipelineMetrics metrics, ILogger logger)
{
    private const int QueuedMax = 2;

    private readonly QuietLane quiet = new();

    // One wake-up is enough however much has arrived.
    private readonly Channel<bool> arrivals =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Channel<PostingBuffer> queue = Channel.CreateBounded<PostingBuffer>(QueuedMax);

    // At most the queued ones and the one being sent are unconfirmed.
    private readonly Channel<bool> confirmed = Channel.CreateBounded<bool>(QueuedMax + 1);
    private readonly RetryPause pause = new(clock, options);
    private EncodedPosting? current;
    private bool isKept;
    private int tablesSent;

    /// <summary>One element per confirmed buffer, in the order they were enqueued.</summary>
    public ChannelReader<bool> Confirmed => confirmed.Reader;

    /// <summary>Whether <see cref="TryEnqueue"/> will take a buffer; only taking them out makes room.</summary>
    public bool HasRoom => queue.Reader.Count < QueuedMax;

    public bool TryEnqueue(PostingBuffer buffer)
    {
        if (!queue.Writer.TryWrite(buffer)) return false;
        arrivals.Writer.TryWrite(true);
        return true;
    }

    /// <summary>Has <paramref name="work"/> run when no posting is under way or in doubt; postings wait for it.</summary>
    public Task<T> WhileQuietAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancel) =>
        quiet.RunAsync(work, () => arrivals.Writer.TryWrite(true), cancel);

    /// <summary>Called when a buffer was taken or confirmed, so that the assembler may look.</summary>
    public Action OnProgress { get; set; } = static () => { };

    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            arrivals.Reader.TryRead(out _);
            if (await StepAsync(stop).ConfigureAwait(false)) continue;
            await pause.WaitAsync(stop).ConfigureAwait(false);
            if (current is null && queue.Reader.Count == 0 && quiet.IsEmpty)
                await arrivals.Reader.WaitToReadAsync(stop).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Makes one attempt at what is next: encode and keep a posting, insert one of its tables, or confirm it. False when there
    /// is nothing to do, or not yet. Completes synchronously when the store does.
    /// </summary>
    public async ValueTask<bool> StepAsync(CancellationToken stop)
    {
        if (!pause.IsOver) return false;
        if (current is null)
        {
            if (await quiet.StepAsync(stop).ConfigureAwait(false)) return true;
            if (!queue.Reader.TryRead(out var buffer)) return false;
            current = encoder.Encode(buffer);
            (isKept, tablesSent) = (false, 0);
            OnProgress();
        }
        if (!isKept)
        {
            isKept = TryOnDisk(() => spool.Write(current.PostingId, current.ToBytes()));
        }
        else if (tablesSent < current.Tables.Count)
        {
            if (await TryInsertAsync(current, current.Tables[tablesSent], stop).ConfigureAwait(false)) tablesSent++;
        }
        else if (TryOnDisk(() => spool.Confirm(current.PostingId)))
        {
            metrics.PostingTrouble = "";
            metrics.Posted(current.LedgerRows, current.SpanFacts);
            current = null;
            confirmed.Writer.TryWrite(true);
            OnProgress();
        }
        return true;
    }

    // A disk that fails is waited for: the posting is neither lost nor passed over.
    private bool TryOnDisk(Action write)
    {
        try
        {
            write();
            pause.Succeeded();
            return true;
        }
        catch (JournalException fault)
        {
            metrics.PostingTrouble = $"posting files cannot be written: {fault.Message}";
            PipelineLog.SpoolFailed(logger, fault.Message);
            pause.Failed();
            return false;
        }
    }

    private async ValueTask<bool> TryInsertAsync(EncodedPosting posting, EncodedPosting.TableBlock table, CancellationToken stop)
    {
        try
        {
            await store.InsertAsync(posting.InsertOf(table), stop).ConfigureAwait(false);
            pause.Succeeded();
            return true;
        }
        catch (StoreUnavailableException fault)
        {
            metrics.PostingRetried();
            metrics.PostingTrouble = $"the store is unavailable: {fault.Message}";
            var delay = pause.Failed();
            PipelineLog.PostingRetried(logger, posting.PostingId, posting.LedgerRows, (long)delay.TotalMilliseconds,
                fault.Message);
        }
        catch (ClickHouseException fault)
        {
            metrics.PostingRefused();
            metrics.PostingTrouble = $"the store refuses postings: {fault.Message}";
            pause.Failed();
            PipelineLog.PostingRefused(logger, posting.PostingId, fault.Message);
        }
        return false;
    }
}
