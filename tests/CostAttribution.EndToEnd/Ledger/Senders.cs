using System.Collections.Concurrent;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.Workload;
using CostAttribution.Workload.Sending;

namespace CostAttribution.EndToEnd.Ledger;

/// <summary>
/// Exporters that do what the real ones do: each sends its next request, and the same one again until it is acknowledged, to
/// whichever server is there.
/// </summary>
internal sealed class Senders : IDisposable
{
    private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(100);
    private static readonly GrpcSenderOptions OneTry = new() { AttemptsMax = 1, AttemptTimeout = TimeSpan.FromSeconds(20) };

    private readonly ConcurrentQueue<ExportRequest> requests;
    private readonly CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Lock gate = new();
    private readonly SemaphoreSlim allowed = new(0);
    private readonly TimeSpan pace;
    private GrpcTraceSender? sender;
    private long acknowledged, tries, pushedBack;

    /// <param name="pace">Time from one request of a lane to its next; real exporters have an interval too.</param>
    public Senders(WorkloadOptions options, int lanes, TimeSpan pace)
    {
        this.pace = pace;
        var generator = new WorkloadGenerator(options);
        requests = new ConcurrentQueue<ExportRequest>(generator.Requests());
        Truth = generator.Truth;
        RequestCount = requests.Count;
        Sent = Task.WhenAll(Enumerable.Range(0, lanes).Select(_ => SendAsync()));
    }

    /// <summary>What the ledger must say once everything is sent and posted.</summary>
    public GroundTruth Truth { get; }

    public int RequestCount { get; }

    /// <summary>Completes when every request is acknowledged.</summary>
    public Task Sent { get; }

    /// <summary>Tries that were answered with "not now, come back".</summary>
    public long PushedBack => Interlocked.Read(ref pushedBack);

    /// <summary>Spans the server has said OK to, those sent twice included.</summary>
    public long Acknowledged => Interlocked.Read(ref acknowledged);

    public long Spans => Truth.Spans + Truth.DuplicateSpans;

    /// <summary>Lets so many further requests begin.</summary>
    public void Allow(int count) => allowed.Release(count);

    /// <summary>Lets all requests begin.</summary>
    public void AllowAll() => Allow(RequestCount);

    /// <summary>Where to send from now on; null when nobody is there.</summary>
    public void Target(ServerProcess? server)
    {
        lock (gate)
        {
            sender?.Dispose();
            sender = server is null ? null : new GrpcTraceSender(server.Grpc, OneTry, TimeProvider.System);
        }
    }

    public override string ToString() => $"{Acknowledged} of {Spans} spans acknowledged, {requests.Count} of {RequestCount} requests not begun, "
        + $"{tries} tries, {PushedBack} pushed back";

    public void Dispose()
    {
        ended.Cancel();
        lock (gate) sender?.Dispose();
        allowed.Dispose();
        ended.Dispose();
    }

    private async Task SendAsync()
    {
        using var backoff = new PeriodicTimer(Backoff);
        using var interval = new PeriodicTimer(pace);
        while (!requests.IsEmpty)
        {
            await allowed.WaitAsync(ended.Token);
            if (!requests.TryDequeue(out var request)) break;
            while (!await TrySendAsync(request)) await backoff.WaitForNextTickAsync(ended.Token);
            Interlocked.Add(ref acknowledged, request.Spans);
            await interval.WaitForNextTickAsync(ended.Token);
        }
    }

    private async Task<bool> TrySendAsync(ExportRequest request)
    {
        GrpcTraceSender? target;
        lock (gate) target = sender;
        if (target is null) return false;
        Interlocked.Increment(ref tries);
        try
        {
            var result = await target.SendAsync(request.Body, ended.Token);
            Assert.Equal(0, result.RejectedSpans);
            return true;
        }
        catch (GrpcExportException refused) when (refused.Status
            is GrpcStatusCode.Unavailable or GrpcStatusCode.DeadlineExceeded or GrpcStatusCode.ResourceExhausted)
        {
            if (refused.Status is GrpcStatusCode.ResourceExhausted) Interlocked.Increment(ref pushedBack);
            return false;
        }
        catch (Exception fault) when (fault is ObjectDisposedException || (fault is OperationCanceledException && !ended.IsCancellationRequested))
        {
            // The server was taken away while the request was under way.
            return false;
        }
    }
}
