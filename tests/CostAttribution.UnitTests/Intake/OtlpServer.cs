using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Intake;
using CostAttribution.Otlp;
using CostAttribution.Otlp.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.UnitTests.Intake;

/// <summary>An intake whose answer the test sets, and which keeps what it was given.</summary>
internal sealed class RecordingIntake : TraceIntake
{
    public List<int> Batches { get; } = [];
    public bool Serving { get; set; } = true;
    public Func<CancellationToken, ValueTask<IntakeOutcome>> Answer { get; set; } = _ => new(IntakeOutcome.Accepted);
    public override bool IsServing => Serving;

    public override async ValueTask<IntakeOutcome> AcceptAsync(SpanBatch batch, int requestBytes, CancellationToken cancel)
    {
        using (batch) lock (Batches) Batches.Add(batch.SpanCount);
        return await Answer(cancel);
    }
}

/// <summary>The OTLP ports on a real Kestrel, beside one plain port, all on free port numbers.</summary>
internal sealed class OtlpServer : IAsyncDisposable
{
    public const string Export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    private readonly WebApplication app;
    private readonly OtlpReaderPool readers;
    private readonly HttpClient client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None });

    private OtlpServer(WebApplication app, OtlpReaderPool readers)
    {
        this.app = app;
        this.readers = readers;
    }

    public RecordingIntake Intake { get; } = new();
    public IntakeMetrics Metrics { get; } = new();
    public Uri Grpc { get; private set; } = null!;
    public Uri Http { get; private set; } = null!;
    public Uri Plain { get; private set; } = null!;
    public HttpClient Client => client;

    public static async Task<OtlpServer> StartAsync(IntakeOptions? options = null)
    {
        options ??= new IntakeOptions();
        (options.GrpcPort, options.HttpPort) = (0, 0);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        if (options.Tls.CertificatePath.Length > 0) builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenForOtlp(IPAddress.Loopback, options);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var readers = new OtlpReaderPool(AttributeKeyTable.Default, options.ToLimits(), idleMax: 2);
        var server = new OtlpServer(builder.Build(), readers);
        server.app.UseOtlp(server.Intake, readers, options, server.Metrics, TimeProvider.System, NullLogger.Instance);
        server.app.Run(context => context.Response.WriteAsync("plain"));
        await server.app.StartAsync();
        var listening = server.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        var addresses = listening.Addresses.Select(address => new Uri(address)).ToList();
        (server.Grpc, server.Http, server.Plain) = (addresses[0], addresses[1], addresses[2]);
        return server;
    }

    public Task<GrpcReply> ExportAsync(byte[] message, Action<HttpRequestMessage>? change = null) =>
        CallAsync(Export, GrpcWire.Frame(message), change);

    /// <summary>One gRPC call with <paramref name="body"/> as it stands.</summary>
    public async Task<GrpcReply> CallAsync(string path, byte[] body, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Grpc, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        change?.Invoke(request);
        using var response = await client.SendAsync(request);
        var content = await response.Content.ReadAsByteArrayAsync();
        return new GrpcReply(response, content);
    }

    public async Task<(HttpResponseMessage Response, byte[] Body)> PostAsync(string path, byte[] body, string? contentType,
        string? encoding = null, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, new Uri(Http, path));
        if (method != HttpMethod.Get)
        {
            request.Content = new ByteArrayContent(body);
            if (contentType is not null) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
            if (encoding is not null) request.Content.Headers.ContentEncoding.Add(encoding);
        }
        var response = await client.SendAsync(request);
        return (response, await response.Content.ReadAsByteArrayAsync());
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest)) gzip.Write(bytes);
        return buffer.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
        readers.Dispose();
    }
}

/// <summary>What a gRPC client sees.</summary>
internal sealed class GrpcReply
{
    public GrpcReply(HttpResponseMessage response, byte[] body)
    {
        HttpStatus = (int)response.StatusCode;
        MediaType = response.Content.Headers.ContentType?.MediaType;
        Body = body;
        IsTrailersOnly = response.Headers.Contains("grpc-status");
        var fields = IsTrailersOnly ? response.Headers : response.TrailingHeaders;
        Status = fields.TryGetValues("grpc-status", out var status) ? int.Parse(status.Single()) : null;
        Message = fields.TryGetValues("grpc-message", out var message) ? Uri.UnescapeDataString(message.Single()) : "";
        Details = fields.TryGetValues("grpc-status-details-bin", out var details) ? details.Single() : null;
        AcceptEncoding = response.Headers.TryGetValues("grpc-accept-encoding", out var accept) ? string.Join(',', accept) : null;
    }

    public int HttpStatus { get; }
    public string? MediaType { get; }
    public byte[] Body { get; }
    public bool IsTrailersOnly { get; }
    public int? Status { get; }
    public string Message { get; }
    public string? Details { get; }
    public string? AcceptEncoding { get; }
}
