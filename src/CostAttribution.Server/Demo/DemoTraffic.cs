using CostAttribution.Workload;
using CostAttribution.Workload.Sending;

namespace CostAttribution.Server.Demo;

/// <summary>Sends the simulated workload through the server's own OTLP gRPC port, paced as it happens.</summary>
internal sealed class DemoTraffic : IDisposable
{
    private readonly GrpcTraceSender _sender;
    private readonly TimeProvider _time;
    private long _sentSpans;
    private long _rejectedSpans;
    private string _rejection = "";

    public DemoTraffic(DemoOptions options, TimeProvider time)
    {
        _time = time;
        var perSecond = Math.Ceiling(options.Spans / Math.Max(1, options.Duration.TotalSeconds));
        Generator = new WorkloadGenerator(new WorkloadOptions
        {
            Seed = options.Seed,
            Start = time.GetUtcNow(),
            Spans = options.Spans,
            Rate = (int)Math.Min(perSecond, int.MaxValue / 2),
        });
        _sender = new GrpcTraceSender(new UriBuilder("http", options.Host, options.GrpcPort).Uri, new GrpcSenderOptions(), time);
    }

    public WorkloadGenerator Generator { get; }

    /// <summary>Spans that the server has acknowledged, those sent twice included.</summary>
    public long SentSpans => Interlocked.Read(ref _sentSpans);

    /// <summary>Spans that the server refused one by one; the workload contains none that it should.</summary>
    public long RejectedSpans => Interlocked.Read(ref _rejectedSpans);

    public string Rejection => Volatile.Read(ref _rejection);
    public long Retries => _sender.Retries;

    /// <summary>Sends everything; throws <see cref="GrpcExportException"/> when a request is not accepted.</summary>
    public async Task SendAllAsync(CancellationToken cancel)
    {
        var began = _time.GetTimestamp();
        foreach (var request in Generator.Requests())
        {
            var early = request.DueAfter - _time.GetElapsedTime(began);
            if (early > TimeSpan.Zero) await Task.Delay(early, _time, cancel);
            var result = await _sender.SendAsync(request.Body, cancel);
            Interlocked.Add(ref _sentSpans, request.Spans - result.RejectedSpans);
            if (result.RejectedSpans == 0) continue;
            Interlocked.Add(ref _rejectedSpans, result.RejectedSpans);
            Volatile.Write(ref _rejection, result.Message);
        }
    }

    public void Dispose() => _sender.Dispose();
}
