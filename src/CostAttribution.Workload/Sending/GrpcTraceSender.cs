using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;

namespace CostAttribution.Workload.Sending;

/// <summary>
/// Sends trace requests as unary OTLP/gRPC over HTTP/2 without TLS. A request is accepted, or refused with an exception after
/// a bounded number of tries; it is never given up quietly. Safe for concurrent use.
/// </summary>
public sealed class GrpcTraceSender : IDisposable
{
    private const string Method = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
    private static readonly MediaTypeHeaderValue GrpcMedia = new("application/grpc");
    private readonly HttpClient _client;
    private readonly GrpcSenderOptions _options;
    private readonly TimeProvider _time;
    private long _retries;

    /// <param name="endpoint">Scheme, host and port, for example <c>http://127.0.0.1:4317</c>.</param>
    public GrpcTraceSender(Uri endpoint, GrpcSenderOptions options, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.AttemptsMax, 1);
        _options = options;
        _time = time;
        _client = new HttpClient(new SocketsHttpHandler { EnableMultipleHttp2Connections = true, UseProxy = false })
        {
            BaseAddress = endpoint,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Tries that were repeated so far.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    /// <summary>
    /// Sends one <c>ExportTraceServiceRequest</c> and waits for its acknowledgement. Throws <see cref="GrpcExportException"/>
    /// when it is not accepted.
    /// </summary>
    public async Task<GrpcExportResult> SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancel)
    {
        var framed = new byte[request.Length + 5];
        BinaryPrimitives.WriteUInt32BigEndian(framed.AsSpan(1), (uint)request.Length);
        request.CopyTo(framed.AsMemory(5));
        for (var attempt = 1; ; attempt++)
        {
            var (answer, failure) = await TryOnceAsync(framed, cancel);
            if (answer.Status == GrpcStatusCode.Ok) return new GrpcExportResult(answer.RejectedSpans, answer.Message, attempt);
            if (!answer.MayRetry || attempt >= _options.AttemptsMax)
            {
                var tries = attempt == 1 ? "" : $" after {attempt} tries";
                throw new GrpcExportException(answer.Status,
                    $"export refused with {answer.Status}{tries}: {answer.Message}", attempt, failure);
            }
            Interlocked.Increment(ref _retries);
            await Task.Delay(DelayBefore(attempt, answer.RetryAfter), _time, cancel);
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<(GrpcAnswer Answer, Exception? Failure)> TryOnceAsync(byte[] framed, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(_options.AttemptTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, Method)
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new ByteArrayContent(framed),
            };
            message.Content.Headers.ContentType = GrpcMedia;
            message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
            using var response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token);
            // Trailers are there once the body has been read to its end.
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            return (GrpcAnswer.From(response, body), null);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return (new GrpcAnswer(GrpcStatusCode.Unavailable, failure.Message, null, 0), failure);
        }
        catch (OperationCanceledException failure) when (!cancel.IsCancellationRequested)
        {
            return (new GrpcAnswer(GrpcStatusCode.DeadlineExceeded,
                $"no answer within {_options.AttemptTimeout.TotalSeconds:0.#} s", null, 0), failure);
        }
    }

    private TimeSpan DelayBefore(int attempt, TimeSpan? asked)
    {
        var doubled = TimeSpan.FromTicks(_options.BackoffFirst.Ticks << Math.Min(attempt - 1, 20));
        var delay = asked ?? doubled;
        return delay > _options.BackoffMax ? _options.BackoffMax : delay;
    }
}
