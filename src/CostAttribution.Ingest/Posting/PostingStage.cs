using System.Threading.Channels;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Sends postings to the store, one after the other: encode, keep the bytes on disk, insert each table's block under its own
/// token, confirm. Whatever happens in between, the same bytes go out again under the same tokens, so a posting counts once.
/// </summary>
internal sealed class PostingStage(IClickHouseTransport store, PostingSpool spool, PostingEncoder encoder, TimeProvider clock,
    PostingOptions options, PipelineMetrics metrics, ILogger logger)
{
    private const int QueuedMax = 2;

    private readonly Channel<PostingBuffer> queue = Channel.CreateBounded<PostingBuffer>(QueuedMax);

    // At most the queued ones, the one being sent and the one just handed over are unconfirmed.
    private readonly Channel<bool> confirmed = Channel.CreateBounded<bool>(QueuedMax + 2);

    /// <summary>One element per confirmed buffer, in the order they were enqueued.</summary>
    public ChannelReader<bool> Confirmed => confirmed.Reader;

    public bool TryEnqueue(PostingBuffer buffer) => queue.Writer.TryWrite(buffer);

    public ValueTask<bool> WaitToEnqueueAsync(CancellationToken stop) => queue.Writer.WaitToWriteAsync(stop);

    /// <summary>Called after each confirmation, so that the assembler may look.</summary>
    public Action OnConfirmed { get; set; } = static () => { };

    public async Task RunAsync(CancellationToken stop)
    {
        await foreach (var buffer in queue.Reader.ReadAllAsync(stop).ConfigureAwait(false))
        {
            var posting = encoder.Encode(buffer);
            await KeepAsync(posting, stop).ConfigureAwait(false);
            await SendAsync(posting, stop).ConfigureAwait(false);
            await confirmed.Writer.WriteAsync(true, stop).ConfigureAwait(false);
            OnConfirmed();
        }
    }

    /// <summary>
    /// Settles every posting that an earlier process left in doubt: those the store holds, rollup included, are confirmed; of the
    /// others every table that is not complete is sent again under its token, which adds only what is missing. Runs before
    /// anything else is posted.
    /// </summary>
    public async Task ResolvePendingAsync(LedgerReader reader, CancellationToken stop)
    {
        foreach (var pending in spool.ListPending())
        {
            var posting = EncodedPosting.FromBytes(pending.PostingId, spool.Read(pending.PostingId));
            var missing = await MissingAsync(reader, posting, stop).ConfigureAwait(false);
            if (missing.Count == 0 && !await IsRolledUpAsync(reader, posting, stop).ConfigureAwait(false))
                missing = [.. posting.Tables.Where(table => table.Table == CostLedgerBlock.TableName)];
            foreach (var table in missing) await InsertAsync(posting, table, stop).ConfigureAwait(false);
            // The tokens may have been lost with the machine: what then stands is not to be guessed at.
            if (missing.Count > 0 && await MissingAsync(reader, posting, stop).ConfigureAwait(false) is [var still, ..])
            {
                throw new InvalidDataException($"posting {pending.PostingId} cannot be completed in {still.Table}; " +
                    "its file stays under 'postings' in the data directory");
            }
            await ConfirmAsync(posting, stop).ConfigureAwait(false);
            PipelineLog.PostingResolved(logger, pending.PostingId, missing.Count == 0 ? "already in the store" : "sent again");
        }
    }

    private async Task<IReadOnlyList<EncodedPosting.TableBlock>> MissingAsync(LedgerReader reader, EncodedPosting posting,
        CancellationToken stop)
    {
        var id = posting.PostingId;
        var rows = await AskAsync(() => reader.CountPostingAsync(id, stop), id, stop).ConfigureAwait(false);
        return [.. posting.Tables.Where(table => rows.GetValueOrDefault(table.Table) != table.Rows)];
    }

    private async Task<bool> IsRolledUpAsync(LedgerReader reader, EncodedPosting posting, CancellationToken stop) =>
        posting.LedgerRows == 0
        || await AskAsync(() => reader.IsRolledUpAsync(posting.PostingId, stop), posting.PostingId, stop).ConfigureAwait(false);

    private Task KeepAsync(EncodedPosting posting, CancellationToken stop)
    {
        var bytes = posting.ToBytes();
        return OnDiskAsync(() => spool.Write(posting.PostingId, bytes), stop);
    }

    // A disk that fails is waited for: the posting is neither lost nor passed over.
    private async Task OnDiskAsync(Action write, CancellationToken stop)
    {
        for (var delay = options.RetryDelay; ; delay = Longer(delay))
        {
            try
            {
                write();
                return;
            }
            catch (JournalException fault)
            {
                metrics.PostingTrouble = $"posting files cannot be written: {fault.Message}";
                PipelineLog.SpoolFailed(logger, fault.Message);
            }
            await Task.Delay(delay, clock, stop).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(EncodedPosting posting, CancellationToken stop)
    {
        foreach (var table in posting.Tables) await InsertAsync(posting, table, stop).ConfigureAwait(false);
        await ConfirmAsync(posting, stop).ConfigureAwait(false);
    }

    private async Task ConfirmAsync(EncodedPosting posting, CancellationToken stop)
    {
        await OnDiskAsync(() => spool.Confirm(posting.PostingId), stop).ConfigureAwait(false);
        metrics.PostingTrouble = "";
        metrics.Posted(posting.LedgerRows, posting.SpanFacts);
    }

    private async Task InsertAsync(EncodedPosting posting, EncodedPosting.TableBlock table, CancellationToken stop)
    {
        for (var delay = options.RetryDelay; ; delay = Longer(delay))
        {
            try
            {
                await store.InsertAsync(posting.InsertOf(table), stop).ConfigureAwait(false);
                return;
            }
            catch (StoreUnavailableException fault)
            {
                metrics.PostingRetried();
                metrics.PostingTrouble = $"the store is unavailable: {fault.Message}";
                PipelineLog.PostingRetried(logger, posting.PostingId, posting.LedgerRows, (long)delay.TotalMilliseconds,
                    fault.Message);
            }
            catch (ClickHouseException fault)
            {
                metrics.PostingRefused();
                metrics.PostingTrouble = $"the store refuses postings: {fault.Message}";
                PipelineLog.PostingRefused(logger, posting.PostingId, fault.Message);
            }
            await Task.Delay(delay, clock, stop).ConfigureAwait(false);
        }
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> ask, string postingId, CancellationToken stop)
    {
        for (var delay = options.RetryDelay; ; delay = Longer(delay))
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (StoreUnavailableException fault)
            {
                metrics.PostingTrouble = $"the store is unavailable: {fault.Message}";
                PipelineLog.PostingRetried(logger, postingId, 0, (long)delay.TotalMilliseconds, fault.Message);
            }
            await Task.Delay(delay, clock, stop).ConfigureAwait(false);
        }
    }

    private TimeSpan Longer(TimeSpan delay) => delay * 2 < options.RetryDelayMax ? delay * 2 : options.RetryDelayMax;
}
