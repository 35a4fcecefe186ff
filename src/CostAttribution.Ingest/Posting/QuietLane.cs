using System.Threading.Channels;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Work that must see ledger and rollup as they are between two postings: run by the posting stage when none is under way or in
/// doubt. Postings wait for it, so it is short. Its faults are its caller's.
/// </summary>
internal sealed class QuietLane
{
    private const int WaitingMax = 4;

    private readonly Channel<Func<CancellationToken, Task>> waiting =
        Channel.CreateBounded<Func<CancellationToken, Task>>(WaitingMax);

    public bool IsEmpty => waiting.Reader.Count == 0;

    /// <summary>Has <paramref name="work"/> run between two postings and returns its result.</summary>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, Action wake, CancellationToken cancel)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await waiting.Writer.WriteAsync(async stop =>
        {
            if (cancel.IsCancellationRequested)
            {
                result.TrySetCanceled(cancel);
                return;
            }
            // Postings wait: work that nobody wants any more ends at once.
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, cancel);
            try
            {
                result.TrySetResult(await work(either.Token).ConfigureAwait(false));
            }
            catch (Exception fault)
            {
                result.TrySetException(fault);
                // Nobody may be waiting any more; the fault has been handed over either way.
                _ = result.Task.Exception;
            }
        }, cancel).ConfigureAwait(false);
        wake();
        return await result.Task.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Runs one piece of work; false when none waits.</summary>
    public async ValueTask<bool> StepAsync(CancellationToken stop)
    {
        if (!waiting.Reader.TryRead(out var work)) return false;
        await work(stop).ConfigureAwait(false);
        return true;
    }
}
