using System.Threading.Channels;

namespace CostAttribution.ClickHouse.Embedded;

/// <summary>
/// A fixed number of dedicated threads, each with one engine session, fed from one bounded queue. Engine calls block for as
/// long as a statement runs, so they never run on the thread pool.
/// </summary>
internal sealed class EngineLanes : IAsyncDisposable
{
    private readonly Channel<ILaneJob> queue;
    private readonly Func<ChdbConnection> openSession;
    private readonly Task[] lanes;

    public EngineLanes(string name, int lanes, int waitingMax, Func<ChdbConnection> openSession)
    {
        this.openSession = openSession;
        queue = Channel.CreateBounded<ILaneJob>(new BoundedChannelOptions(waitingMax) { FullMode = BoundedChannelFullMode.Wait });
        this.lanes = new Task[lanes];
        for (var i = 0; i < lanes; i++) this.lanes[i] = StartLane($"{name}-{i}");
    }

    private interface ILaneJob
    {
        void Run(LaneSession session);
    }

    /// <summary>
    /// Runs <paramref name="work"/> on a lane. Cancellation takes it off the queue, or abandons the wait when it already runs:
    /// the statement then finishes by itself.
    /// </summary>
    public async Task<T> RunAsync<T>(Func<LaneSession, T> work, CancellationToken cancel)
    {
        var job = new LaneJob<T>(work, cancel);
        try
        {
            await queue.Writer.WriteAsync(job, cancel);
        }
        catch (ChannelClosedException)
        {
            throw new Transport.StoreUnavailableException("the embedded engine is shutting down");
        }
        return await job.Result.WaitAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await Task.WhenAll(lanes);
    }

    private Task StartLane(string name)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            using (var session = new LaneSession(openSession))
            {
                while (queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
                {
                    while (queue.Reader.TryRead(out var job)) job.Run(session);
                }
            }
            ended.SetResult();
        })
        { Name = name, IsBackground = true };
        thread.Start();
        return ended.Task;
    }

    private sealed class LaneJob<T>(Func<LaneSession, T> work, CancellationToken cancel) : ILaneJob
    {
        private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Result => completion.Task;

        public void Run(LaneSession session)
        {
            if (cancel.IsCancellationRequested)
            {
                completion.TrySetCanceled(cancel);
                return;
            }
            try
            {
                completion.TrySetResult(work(session));
            }
            catch (Exception error)
            {
                completion.TrySetException(error);
                // Nobody may be waiting any more; the error has been handed over either way.
                _ = completion.Task.Exception;
            }
        }
    }
}
