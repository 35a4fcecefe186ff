using System.Threading.Channels;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.Ingest.Posting;

/// <summary>What became of rows that came without spans.</summary>
/// <param name="Rows">Rows in the store.</param>
/// <param name="Refused">Traces whose rows the store refused; they are set aside for an operator.</param>
internal sealed record PostedRows(int Rows, IReadOnlyList<TraceId> Refused);

/// <summary>
/// Ledger rows that no trace of spans stands behind, such as adjustments. They are made when no posting of this node is under way
/// or in doubt, so that what they are made from cannot change before they are posted, and go the way of every posting: kept on
/// disk, sent under a token, confirmed. Nothing else of this node is posted in between.
/// </summary>
internal sealed class RowLane
{
    private const int WaitingMax = 4;

    private readonly Channel<Order> waiting = Channel.CreateBounded<Order>(WaitingMax);
    private Order? current;
    private int rows;

    public bool IsEmpty => waiting.Reader.Count == 0;

    /// <summary>Rows of the lane are on their way to the store.</summary>
    public bool IsUnderWay => current is not null;

    /// <summary>Has the rows made and posted; completes when they are confirmed, at once when there are none.</summary>
    public async Task<PostedRows> PostAsync(Func<CancellationToken, Task<IReadOnlyList<LedgerEntry>>> make, Action wake,
        CancellationToken cancel)
    {
        var order = new Order(make, cancel);
        await waiting.Writer.WriteAsync(order, cancel).ConfigureAwait(false);
        wake();
        return await order.Done.Task.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Makes the rows of the next order; null when none waits, empty when there is nothing to post.</summary>
    public async ValueTask<IReadOnlyList<LedgerEntry>?> TakeAsync(CancellationToken stop)
    {
        if (!waiting.Reader.TryRead(out var order)) return null;
        if (order.Cancel.IsCancellationRequested)
        {
            order.Done.TrySetCanceled(order.Cancel);
            return [];
        }
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, order.Cancel);
        try
        {
            var made = await order.Make(either.Token).ConfigureAwait(false);
            if (made.Count == 0) order.Done.TrySetResult(new PostedRows(0, []));
            else (current, rows) = (order, made.Count);
            return made;
        }
        catch (Exception fault)
        {
            order.Done.TrySetException(fault);
            // Nobody may be waiting any more; the fault has been handed over either way.
            _ = order.Done.Task.Exception;
            return [];
        }
    }

    /// <summary>What is under way is in the store, or set aside.</summary>
    public void Confirm(IReadOnlyList<TraceId> refused)
    {
        current!.Done.TrySetResult(new PostedRows(rows, refused));
        current = null;
    }

    private sealed record Order(Func<CancellationToken, Task<IReadOnlyList<LedgerEntry>>> Make, CancellationToken Cancel)
    {
        public TaskCompletionSource<PostedRows> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
