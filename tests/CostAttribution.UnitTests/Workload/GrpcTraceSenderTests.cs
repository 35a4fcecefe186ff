using System.Globalization;
using CostAttribution.Workload.Sending;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CostAttribution.UnitTests.Workload;

public sealed class GrpcTraceSenderTests
{
    private static readonly GrpcSenderOptions Quick = new()
    {
        AttemptsMax = 4,
        BackoffFirst = TimeSpan.FromMilliseconds(1),
        BackoffMax = TimeSpan.FromMilliseconds(20),
    };

    [Fact]
    public async Task An_accepted_request_arrives_as_one_frame()
    {
        await using var server = await Receiver.StartAsync((_, context) => Accept(context, []));
        using var sender = server.NewSender(Quick);

        var result = await sender.SendAsync(new byte[] { 1, 2, 3 }, CancellationToken.None);

        Assert.Equal(new GrpcExportResult(0, "", 1), result);
        Assert.Equal([0, 0, 0, 0, 3, 1, 2, 3], Assert.Single(server.Bodies));
        Assert.Equal("/opentelemetry.proto.collector.trace.v1.TraceService/Export|application/grpc|trailers",
            Assert.Single(server.Heads));
    }

    [Fact]
    public async Task Partial_success_is_handed_back_and_not_retried()
    {
        await using var server = await Receiver.StartAsync((_, context) => Accept(context, PartialSuccess(2, "bad id")));
        using var sender = server.NewSender(Quick);

        Assert.Equal(new GrpcExportResult(2, "bad id", 1), await sender.SendAsync(new byte[] { 1 }, CancellationToken.None));
        Assert.Single(server.Bodies);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(6, false)]
    [InlineData(7, false)]
    [InlineData(8, false)]
    [InlineData(9, false)]
    [InlineData(10, true)]
    [InlineData(11, true)]
    [InlineData(12, false)]
    [InlineData(13, false)]
    [InlineData(14, true)]
    [InlineData(15, true)]
    [InlineData(16, false)]
    public async Task Each_status_is_retried_or_final_as_the_protocol_says(int status, bool retried)
    {
        await using var server = await Receiver.StartAsync((_, context) => Refuse(context, status, "no%20room", null));
        using var sender = server.NewSender(Quick);

        var refused = await RefusedAsync(sender);

        Assert.Equal(((GrpcStatusCode)status, retried ? Quick.AttemptsMax : 1), (refused.Status, refused.Attempts));
        Assert.Equal(refused.Attempts, server.Bodies.Count);
        Assert.Contains("no room", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(14)]
    public async Task A_server_that_names_a_delay_is_asked_again_until_it_accepts(int status)
    {
        await using var server = await Receiver.StartAsync((call, context) =>
            call <= 2 ? Refuse(context, status, "full", RetryInfo(0, 2_000_000)) : Accept(context, []));
        using var sender = server.NewSender(Quick);

        var result = await sender.SendAsync(new byte[] { 7 }, CancellationToken.None);

        Assert.Equal((3, 2L), (result.Attempts, sender.Retries));
        Assert.All(server.Bodies, body => Assert.Equal([0, 0, 0, 0, 1, 7], body));
    }

    [Fact]
    public async Task A_refusal_among_the_headers_counts_like_one_in_the_trailers()
    {
        await using var server = await Receiver.StartAsync((_, context) =>
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "3";
            context.Response.Headers["grpc-message"] = "malformed";
            return Task.CompletedTask;
        });
        using var sender = server.NewSender(Quick);

        var refused = await RefusedAsync(sender);

        Assert.Equal(GrpcStatusCode.InvalidArgument, refused.Status);
    }

    [Theory]
    [InlineData(503, GrpcStatusCode.Unavailable, 4)]
    [InlineData(404, GrpcStatusCode.Unimplemented, 1)]
    [InlineData(500, GrpcStatusCode.Unknown, 1)]
    public async Task An_answer_that_is_not_grpc_is_judged_by_its_http_status(int http, GrpcStatusCode expected, int attempts)
    {
        await using var server = await Receiver.StartAsync((_, context) =>
        {
            context.Response.StatusCode = http;
            return Task.CompletedTask;
        });
        using var sender = server.NewSender(Quick);

        var refused = await RefusedAsync(sender);

        Assert.Equal((expected, attempts), (refused.Status, refused.Attempts));
    }

    [Fact]
    public async Task A_server_that_is_not_there_ends_in_an_exception_after_all_tries()
    {
        Uri gone;
        await using (var server = await Receiver.StartAsync((_, context) => Accept(context, []))) gone = server.Address;
        using var sender = new GrpcTraceSender(gone, Quick, TimeProvider.System);

        var refused = await RefusedAsync(sender);

        Assert.Equal((GrpcStatusCode.Unavailable, 4), (refused.Status, refused.Attempts));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up_after_the_attempt_time()
    {
        await using var server = await Receiver.StartAsync((_, context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var sender = server.NewSender(Quick with { AttemptsMax = 2, AttemptTimeout = TimeSpan.FromMilliseconds(50) });

        var refused = await RefusedAsync(sender);

        Assert.Equal((GrpcStatusCode.DeadlineExceeded, 2), (refused.Status, refused.Attempts));
    }

    [Fact]
    public async Task Cancelling_stops_the_waiting_between_tries()
    {
        using var cancel = new CancellationTokenSource();
        await using var server = await Receiver.StartAsync((_, context) =>
        {
            cancel.Cancel();
            return Refuse(context, 14, "", RetryInfo(3_600, 0));
        });
        using var sender = server.NewSender(Quick with { BackoffMax = TimeSpan.FromHours(1) });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sender.SendAsync(new byte[] { 1 }, cancel.Token));
    }

    [Theory]
    [InlineData(0, 250_000_000, 250)]
    [InlineData(3, 0, 3_000)]
    [InlineData(1, 5_000_000, 1_005)]
    public void The_delay_is_read_from_the_status_details(long seconds, int nanos, int milliseconds)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), GrpcAnswer.RetryDelay(RetryInfo(seconds, nanos)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64!")]
    [InlineData("CAgSBGZ1bGw")]
    [InlineData("////////")]
    public void Details_without_a_delay_are_no_delay(string details)
    {
        Assert.Null(GrpcAnswer.RetryDelay(details));
    }

    private static Task<GrpcExportException> RefusedAsync(GrpcTraceSender sender) =>
        Assert.ThrowsAsync<GrpcExportException>(() => sender.SendAsync(new byte[] { 1 }, CancellationToken.None));

    private static async Task Accept(HttpContext context, byte[] message)
    {
        context.Response.ContentType = "application/grpc";
        var frame = new byte[5 + message.Length];
        frame[4] = (byte)message.Length;
        message.CopyTo(frame, 5);
        await context.Response.Body.WriteAsync(frame);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static async Task Refuse(HttpContext context, int status, string message, string? details)
    {
        context.Response.ContentType = "application/grpc";
        await context.Response.StartAsync();
        context.Response.AppendTrailer("grpc-status", status.ToString(CultureInfo.InvariantCulture));
        context.Response.AppendTrailer("grpc-message", message);
        if (details is not null) context.Response.AppendTrailer("grpc-status-details-bin", details);
    }

    private static byte[] PartialSuccess(int rejected, string words) => Message(partial =>
    {
        partial.WriteTag(1, WireFormat.WireType.LengthDelimited);
        partial.WriteBytes(ByteString.CopyFrom(Message(inner =>
        {
            inner.WriteTag(1, WireFormat.WireType.Varint);
            inner.WriteInt64(rejected);
            inner.WriteTag(2, WireFormat.WireType.LengthDelimited);
            inner.WriteString(words);
        })));
    });

    /// <summary>A <c>google.rpc.Status</c> with one <c>RetryInfo</c>, in base64 without padding as gRPC writes it.</summary>
    private static string RetryInfo(long seconds, int nanos)
    {
        var duration = Message(output =>
        {
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteInt64(seconds);
            output.WriteTag(2, WireFormat.WireType.Varint);
            output.WriteInt32(nanos);
        });
        var info = Message(output => WriteNested(output, 1, duration));
        var any = Message(output =>
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteString("type.googleapis.com/google.rpc.RetryInfo");
            WriteNested(output, 2, info);
        });
        return Convert.ToBase64String(Message(output =>
        {
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteInt32(8);
            WriteNested(output, 3, any);
        })).TrimEnd('=');
    }

    private static void WriteNested(CodedOutputStream output, int field, byte[] bytes)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(bytes));
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using var output = new CodedOutputStream(stream);
        write(output);
        output.Flush();
        return stream.ToArray();
    }
}

/// <summary>A Kestrel that receives gRPC calls in process and answers as the test says.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private int _calls;

    private Receiver(WebApplication app) => _app = app;

    public List<byte[]> Bodies { get; } = [];
    public List<string> Heads { get; } = [];
    public Uri Address =>
        new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<Receiver> StartAsync(Func<int, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ConfigureEndpointDefaults(point => point.Protocols = HttpProtocols.Http2));
        var receiver = new Receiver(builder.Build());
        receiver._app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            int call;
            lock (receiver._lock)
            {
                receiver.Bodies.Add(body.ToArray());
                receiver.Heads.Add($"{context.Request.Path}|{context.Request.ContentType}|{context.Request.Headers.TE}");
                call = ++receiver._calls;
            }
            await answer(call, context);
        });
        await receiver._app.StartAsync();
        return receiver;
    }

    public GrpcTraceSender NewSender(GrpcSenderOptions options) => new(Address, options, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        // A call that the test left hanging must not hold the shutdown.
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
