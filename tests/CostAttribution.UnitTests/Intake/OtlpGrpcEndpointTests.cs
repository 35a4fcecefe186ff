using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using CostAttribution.Ingest.Intake;
using CostAttribution.Otlp.Grpc;
using CostAttribution.Testing.Otlp;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Health;
using CostAttribution.Testing.Wire.Rpc;
using CostAttribution.Testing.Wire.Traces;
using Google.Protobuf;

namespace CostAttribution.UnitTests.Intake;

public sealed class OtlpGrpcEndpointTests
{
    private static readonly byte[] Body = Captures.Get("traceloop", "grpc").Body;

    [Fact]
    public async Task An_export_is_answered_with_an_empty_response_and_status_in_the_trailers()
    {
        await using var server = await OtlpServer.StartAsync();

        var reply = await server.ExportAsync(Body);

        Assert.Equal((200, "application/grpc", 0), (reply.HttpStatus, reply.MediaType, reply.Status));
        Assert.False(reply.IsTrailersOnly);
        Assert.Equal(new byte[5], reply.Body);
        Assert.NotEqual(0, Assert.Single(server.Intake.Batches));
        var counts = server.Metrics.Snapshot();
        Assert.Equal((1L, Body.Length, (long)server.Intake.Batches[0]),
            (counts.Requests, counts.RequestBytes, counts.SpansAccepted));
        Assert.Equal((0L, 0L), (counts.RequestsInWork, counts.BodyBytesInFlight));
    }

    [Fact]
    public async Task A_gzipped_export_is_taken()
    {
        await using var server = await OtlpServer.StartAsync();

        var reply = await server.CallAsync(OtlpServer.Export, Compressed(OtlpServer.Gzip(Body)), Encoding("gzip"));

        Assert.Equal(0, reply.Status);
        Assert.Single(server.Intake.Batches);
    }

    [Fact]
    public async Task Rejected_spans_are_told_as_partial_success()
    {
        await using var server = await OtlpServer.StartAsync();
        var request = new ExportTraceServiceRequest
        {
            ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { new Span() } } } } },
        };

        var reply = await server.ExportAsync(request.ToByteArray());

        Assert.Equal(0, reply.Status);
        var response = ExportTraceServiceResponse.Parser.ParseFrom(reply.Body, 5, reply.Body.Length - 5);
        Assert.Equal(1, response.PartialSuccess.RejectedSpans);
        Assert.Equal("1 span left out: invalid_trace_id 1", response.PartialSuccess.ErrorMessage);
        Assert.Empty(server.Intake.Batches);
        Assert.Equal(1, server.Metrics.Snapshot().SpansRejected["invalid_trace_id"]);
    }

    [Fact]
    public async Task A_malformed_request_is_an_invalid_argument()
    {
        await using var server = await OtlpServer.StartAsync();

        var reply = await server.ExportAsync([0x0A, 0x7F]);

        Assert.Equal((int)GrpcStatus.InvalidArgument, reply.Status);
        Assert.True(reply.IsTrailersOnly);
        Assert.Equal("the trace request is refused: truncated field at byte 2", reply.Message);
        Assert.Equal(1, server.Metrics.Snapshot().Refusals["malformed"]);
    }

    [Fact]
    public async Task An_oversized_request_is_refused_for_good()
    {
        await using var server = await OtlpServer.StartAsync(new IntakeOptions { RequestBytesMax = 64 * 1024 });

        var declared = await server.ExportAsync(new byte[100_000]);
        var bomb = await server.CallAsync(OtlpServer.Export, Compressed(OtlpServer.Gzip(new byte[50_000_000])[..60_000]),
            Encoding("gzip"));

        foreach (var reply in new[] { declared, bomb })
        {
            Assert.Equal((int)GrpcStatus.ResourceExhausted, reply.Status);
            Assert.Null(reply.Details);
            Assert.Contains("larger than 65536 bytes", reply.Message, StringComparison.Ordinal);
        }
        Assert.Equal(0, server.Metrics.Snapshot().BodyBytesInFlight);
    }

    [Fact]
    public async Task A_pushed_back_request_says_when_to_come_back()
    {
        await using var server = await OtlpServer.StartAsync();
        server.Intake.Answer = _ => new(IntakeOutcome.PushedBack(TimeSpan.FromMilliseconds(2500)));

        var reply = await server.ExportAsync(Body);

        Assert.Equal((int)GrpcStatus.ResourceExhausted, reply.Status);
        Assert.DoesNotContain('=', reply.Details!);
        var status = Status(reply);
        Assert.Equal((8, reply.Message), (status.Code, status.Message));
        var delay = status.Details.Single().Unpack<RetryInfo>().RetryDelay;
        Assert.Equal(TimeSpan.FromMilliseconds(2500), delay.ToTimeSpan());
    }

    [Fact]
    public async Task A_request_beyond_the_concurrent_ones_is_pushed_back()
    {
        await using var server = await OtlpServer.StartAsync(new IntakeOptions { ConcurrentRequestsMax = 1 });
        var inside = new TaskCompletionSource();
        var go = new TaskCompletionSource<IntakeOutcome>();
        server.Intake.Answer = _ =>
        {
            inside.SetResult();
            return new(go.Task);
        };
        var first = server.ExportAsync(Body);
        await inside.Task;

        var second = await server.ExportAsync(Body);
        go.SetResult(IntakeOutcome.Accepted);

        Assert.Equal((int)GrpcStatus.ResourceExhausted, second.Status);
        Assert.NotNull(second.Details);
        Assert.Equal(0, (await first).Status);
        Assert.Equal(1, server.Metrics.Snapshot().Refusals["too_many_requests"]);
    }

    [Fact]
    public async Task A_server_that_cannot_take_spans_is_unavailable()
    {
        await using var server = await OtlpServer.StartAsync();

        server.Intake.Answer = _ => new(IntakeOutcome.Unavailable("the journal's disk fails", TimeSpan.FromSeconds(3)));
        var failing = await server.ExportAsync(Body);
        server.Intake.Answer = _ => throw new InvalidOperationException("secret detail");
        var broken = await server.ExportAsync(Body);
        server.Intake.Serving = false;
        var stopping = await server.ExportAsync(Body);

        Assert.Equal(((int?)GrpcStatus.Unavailable, "the journal's disk fails"), (failing.Status, failing.Message));
        Assert.Equal((int)GrpcStatus.Unavailable, broken.Status);
        Assert.DoesNotContain("secret", broken.Message, StringComparison.Ordinal);
        Assert.Equal((int)GrpcStatus.Unavailable, stopping.Status);
        Assert.Equal(2, server.Intake.Batches.Count);
    }

    [Fact]
    public async Task A_deadline_that_passes_ends_the_call()
    {
        await using var server = await OtlpServer.StartAsync();
        server.Intake.Answer = async cancel =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return IntakeOutcome.Accepted;
        };

        var reply = await server.ExportAsync(Body, request => request.Headers.Add("grpc-timeout", "30m"));
        var malformed = await server.ExportAsync(Body, request => request.Headers.Add("grpc-timeout", "soon"));

        Assert.Equal((int)GrpcStatus.DeadlineExceeded, reply.Status);
        Assert.Equal((int)GrpcStatus.InvalidArgument, malformed.Status);
    }

    [Fact]
    public async Task Other_encodings_are_unimplemented_and_the_known_ones_named()
    {
        await using var server = await OtlpServer.StartAsync();

        var reply = await server.CallAsync(OtlpServer.Export, Compressed(Body), Encoding("zstd"));
        var unsaid = await server.CallAsync(OtlpServer.Export, Compressed(Body), Encoding("identity"));
        var garbage = await server.CallAsync(OtlpServer.Export, Compressed(Body), Encoding("gzip"));

        Assert.Equal(((int?)GrpcStatus.Unimplemented, "identity,gzip"), (reply.Status, reply.AcceptEncoding));
        Assert.Equal((int)GrpcStatus.InvalidArgument, unsaid.Status);
        Assert.Equal((int)GrpcStatus.InvalidArgument, garbage.Status);
    }

    [Fact]
    public async Task A_cut_gzip_stream_is_malformed()
    {
        await using var server = await OtlpServer.StartAsync();
        var gzip = OtlpServer.Gzip(Body);

        foreach (var length in new[] { 0, 5, 10, gzip.Length / 2, gzip.Length - 8, gzip.Length - 1 })
        {
            var reply = await server.CallAsync(OtlpServer.Export, Compressed(gzip[..length]), Encoding("gzip"));
            Assert.Equal((int)GrpcStatus.InvalidArgument, reply.Status);
        }
        Assert.Empty(server.Intake.Batches);
    }

    [Fact]
    public async Task A_unary_call_has_exactly_one_message()
    {
        await using var server = await OtlpServer.StartAsync();

        var none = await server.CallAsync(OtlpServer.Export, []);
        var two = await server.CallAsync(OtlpServer.Export, [.. GrpcWire.Frame(Body), .. GrpcWire.Frame(Body)]);
        var cut = await server.CallAsync(OtlpServer.Export, GrpcWire.Frame(Body)[..^1]);
        var headOnly = await server.CallAsync(OtlpServer.Export, [0, 0, 0]);

        Assert.Equal((int)GrpcStatus.Unimplemented, none.Status);
        Assert.Equal((int)GrpcStatus.Unimplemented, two.Status);
        Assert.Equal((int)GrpcStatus.InvalidArgument, cut.Status);
        Assert.Equal((int)GrpcStatus.InvalidArgument, headOnly.Status);
        Assert.Empty(server.Intake.Batches);
    }

    [Theory]
    [InlineData("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "only traces are accepted")]
    [InlineData("/opentelemetry.proto.collector.logs.v1.LogsService/Export", "only traces are accepted")]
    [InlineData("/opentelemetry.proto.collector.trace.v1.TraceService/Other", "there is no unary method")]
    [InlineData("/grpc.health.v1.Health/Watch", "there is no unary method")]
    public async Task Other_methods_are_unimplemented(string path, string message)
    {
        await using var server = await OtlpServer.StartAsync();

        var reply = await server.CallAsync(path, GrpcWire.Frame([]));

        Assert.Equal((int)GrpcStatus.Unimplemented, reply.Status);
        Assert.StartsWith(message, reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_grpc_gets_a_plain_http_answer()
    {
        await using var server = await OtlpServer.StartAsync();

        var json = await server.ExportAsync(Body,
            request => request.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/json"));
        var withSuffix = await server.ExportAsync(Body,
            request => request.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/grpc+proto"));
        var put = await server.ExportAsync(Body, request => request.Method = HttpMethod.Put);
        var http1 = await Http1Async(server.Grpc);

        Assert.Equal((415, null), (json.HttpStatus, json.Status));
        Assert.Equal(0, withSuffix.Status);
        Assert.Equal(405, put.HttpStatus);
        Assert.StartsWith("HTTP/1.1 400", http1, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_follows_the_intake()
    {
        await using var server = await OtlpServer.StartAsync();

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await HealthAsync(server, ""));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving,
            await HealthAsync(server, "opentelemetry.proto.collector.trace.v1.TraceService"));
        Assert.Null(await HealthAsync(server, "other.Service"));
        server.Intake.Serving = false;
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await HealthAsync(server, ""));
    }

    [Fact]
    public async Task Other_ports_know_nothing_of_otlp()
    {
        await using var server = await OtlpServer.StartAsync();

        Assert.Equal("plain", await server.Client.GetStringAsync(new Uri(server.Plain, "/v1/traces")));
    }

    private static async Task<HealthCheckResponse.Types.ServingStatus?> HealthAsync(OtlpServer server, string service)
    {
        var reply = await server.CallAsync("/grpc.health.v1.Health/Check",
            GrpcWire.Frame(new HealthCheckRequest { Service = service }.ToByteArray()));
        if (reply.Status == (int)GrpcStatus.NotFound) return null;
        Assert.Equal(0, reply.Status);
        return HealthCheckResponse.Parser.ParseFrom(reply.Body, 5, reply.Body.Length - 5).Status;
    }

    private static async Task<string> Http1Async(Uri address)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, address.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(stream, System.Text.Encoding.ASCII);
        return await reader.ReadLineAsync() ?? "";
    }

    private static Testing.Wire.Rpc.Status Status(GrpcReply reply)
    {
        var padded = reply.Details!.PadRight((reply.Details!.Length + 3) / 4 * 4, '=');
        return Testing.Wire.Rpc.Status.Parser.ParseFrom(Convert.FromBase64String(padded));
    }

    private static byte[] Compressed(byte[] message)
    {
        var frame = GrpcWire.Frame(message);
        frame[0] = 1;
        return frame;
    }

    private static Action<HttpRequestMessage> Encoding(string encoding) =>
        request => request.Headers.Add("grpc-encoding", encoding);
}
