using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Journal.Postings;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Sends postings to the store, one after the other: encode, then <see cref="PostingDelivery"/> until it is in the store. One
/// attempt is one <see cref="StepAsync"/>; pauses are instants, so that a harness can drive the stage by its own clock.
/// </summary>
internal sealed class PostingStage(IClickHouseTransport store, PostingSpool spool, PostingEncoder encoder, TimeProvider clock,
    PostingOptions options, PipelineMetrics metrics, ILogger logger)
{
    /// <summary>Buffers that wait to be taken.</summary>
    internal const int QueuedMax = 2;

    /// <summary>Until the assembler says otherwise, what it hands over of a refused trace builds on what was refused.</summary>
    private const long NotForgotten = long.MaxValue;

    private readonly QuietLane quiet = new();
    private readonly RowLane rows = new();

    // One wake-up is enough however much has arrived.
    private readonly Channel<bool> arrivals =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Channel<PostingBuffer> queue = Channel.CreateBounded<PostingBuffer>(QueuedMax);

    // As many as may be handed over and not be taken from here.
    private readonly Channel<IReadOnlyList<TraceId>> confirmed =
        Channel.CreateBounded<IReadOnlyList<TraceId>>(QueuedMax + 1);
    private readonly RetryPause pause = new(clock, options);
    private readonly ConcurrentDictionary<TraceId, long> refused = new();
    private PostingDelivery? delivery;
    private int unconfirmed;
    private bool isBusy;
    private long taken;

    /// <summary>
    /// Whether <see cref="TryEnqueue"/> will take a buffer. Room is made by taking one out to send it and by
    /// <see cref="TryTakeConfirmed"/>: no more are confirmed than there is room for confirmations.
    /// </summary>
    public bool HasRoom => queue.Reader.Count < QueuedMax && Volatile.Read(ref unconfirmed) <= QueuedMax;

    public int Queued => queue.Reader.Count;

    /// <summary>For one caller at a time.</summary>
    public bool TryEnqueue(PostingBuffer buffer)
    {
        if (!HasRoom || !queue.Writer.TryWrite(buffer)) return false;
        Interlocked.Increment(ref unconfirmed);
        arrivals.Writer.TryWrite(true);
        return true;
    }

    /// <summary>
    /// The next buffer that is done with, in the order they were enqueued: the traces in it that were refused and set aside;
    /// everything else in it is in the store. False when there is none at the moment.
    /// </summary>
    public bool TryTakeConfirmed([NotNullWhen(true)] out IReadOnlyList<TraceId>? refusedTraces)
    {
        if (!confirmed.Reader.TryRead(out refusedTraces)) return false;
        Interlocked.Decrement(ref unconfirmed);
        return true;
    }

    /// <summary>Has <paramref name="work"/> run when no posting is under way or in doubt; postings wait for it.</summary>
    public Task<T> WhileQuietAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancel) =>
        quiet.RunAsync(work, () => arrivals.Writer.TryWrite(true), cancel);

    /// <summary>
    /// Has rows without spans made when no posting is under way or in doubt, and posts them next; completes when they are
    /// confirmed.
    /// </summary>
    public Task<PostedRows> PostRowsAsync(Func<CancellationToken, Task<IReadOnlyList<LedgerEntry>>> make,
        CancellationToken cancel) => rows.PostAsync(make, () => arrivals.Writer.TryWrite(true), cancel);

    /// <summary>
    /// The assembler no longer counts on what was refused of a trace. Its rows in buffers up to <paramref name="lastBuffer"/>
    /// (the first one enqueued is 1) still do; those in later ones do not.
    /// </summary>
    public void Forgotten(TraceId trace, long lastBuffer) => refused[trace] = lastBuffer;

    /// <summary>Called when a buffer was taken or confirmed, so that the assembler may look.</summary>
    public Action OnProgress { get; set; } = static () => { };

    private PostingDelivery Delivery => delivery ??= new PostingDelivery(store, spool, pause, options, metrics, logger);

    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            arrivals.Reader.TryRead(out _);
            if (await StepAsync(stop).ConfigureAwait(false)) continue;
            await pause.WaitAsync(stop).ConfigureAwait(false);
            if (!isBusy && queue.Reader.Count == 0 && quiet.IsEmpty && rows.IsEmpty)
                await arrivals.Reader.WaitToReadAsync(stop).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Makes one attempt at what is next: encode and keep a posting, insert one of its tables, confirm it. False when there is
    /// nothing to do, or not yet. Completes synchronously when the store does.
    /// </summary>
    public async ValueTask<bool> StepAsync(CancellationToken stop)
    {
        if (!pause.IsOver) return false;
        if (!isBusy)
        {
            if (await quiet.StepAsync(stop).ConfigureAwait(false)) return true;
            if (await rows.TakeAsync(stop).ConfigureAwait(false) is { } made)
            {
                if (made.Count == 0) return true;
                Delivery.Send(encoder.EncodeRows(made));
            }
            else
            {
                if (!queue.Reader.TryRead(out var buffer)) return false;
                using (buffer) Take(buffer.Traces);
            }
            isBusy = true;
            OnProgress();
        }
        if (!Delivery.IsDone) await Delivery.StepAsync(stop).ConfigureAwait(false);
        if (!Delivery.IsDone) return true;
        isBusy = false;
        var traces = Delivery.TakeRefused();
        if (rows.IsUnderWay)
        {
            // What is refused of them is not built on: the next rows are made from what the store then holds.
            rows.Confirm(traces);
            return true;
        }
        foreach (var trace in traces) refused[trace] = NotForgotten;
        if (!confirmed.Writer.TryWrite(traces)) throw new InvalidOperationException("a confirmation found no room");
        OnProgress();
        return true;
    }

    private void Take(List<TracePosting> traces)
    {
        taken++;
        if (!refused.IsEmpty)
        {
            // Rows that correct refused rows: posted without them they would take back what never stood.
            var dependent = traces.FindAll(trace => refused.GetValueOrDefault(trace.TraceId, -1) >= taken);
            if (dependent.Count > 0)
            {
                traces = traces.FindAll(trace => !dependent.Contains(trace));
                Delivery.SetAside(encoder.Encode(dependent), "these rows build on others of their trace that were refused");
            }
            foreach (var (trace, lastBuffer) in refused)
                if (lastBuffer <= taken) refused.TryRemove(KeyValuePair.Create(trace, lastBuffer));
        }
        if (traces.Count > 0) Delivery.Send(encoder.Encode(traces));
    }
}
