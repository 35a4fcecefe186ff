using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Testing.Otlp;

/// <summary>One number that was received: the newest point of an instrument and its attributes.</summary>
/// <param name="Unit">As sent.</param>
/// <param name="Value">Of a histogram, how many values it holds.</param>
public readonly record struct ReceivedPoint(string Unit, double Value);

/// <summary>
/// Takes OTLP metrics by gRPC and by HTTP and keeps the newest value of everything, under <c>name{key=value,…}</c>. Reads the few
/// fields it needs of opentelemetry/proto/metrics/v1.
/// </summary>
public sealed class MetricsReceiver : IAsyncDisposable
{
    private const string GrpcPath = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    private const int FrameHeadBytes = 5;

    private readonly WebApplication app;
    private int requests;

    private MetricsReceiver(WebApplication app) => this.app = app;

    public Uri Grpc => new(app.Urls.First());
    public Uri Http => new(app.Urls.Last());

    /// <summary>Everything received so far.</summary>
    public ConcurrentDictionary<string, ReceivedPoint> Points { get; } = new();

    /// <summary>Attributes of the resource, as text.</summary>
    public ConcurrentDictionary<string, string> Resource { get; } = new();

    /// <summary>Paths of all requests, also of those that are no metrics.</summary>
    public ConcurrentDictionary<string, int> Paths { get; } = new();

    public int Requests => Volatile.Read(ref requests);

    public static async Task<MetricsReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        var receiver = new MetricsReceiver(app);
        app.Run(receiver.ReceiveAsync);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>The newest value; null when none came.</summary>
    public double? Find(string key) => Points.TryGetValue(key, out var point) ? point.Value : null;

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext http)
    {
        Paths.AddOrUpdate(http.Request.Path, 1, (_, count) => count + 1);
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var isGrpc = http.Request.Path == GrpcPath;
        var message = body.ToArray();
        Read(isGrpc ? message[FrameHeadBytes..] : message);
        Interlocked.Increment(ref requests);
        if (!isGrpc)
        {
            http.Response.ContentType = "application/x-protobuf";
            return;
        }
        http.Response.ContentType = "application/grpc";
        http.Response.AppendTrailer("grpc-status", "0");
        await http.Response.Body.WriteAsync(new byte[FrameHeadBytes]);
    }

    private void Read(byte[] request) => Each(request, (1, resourceMetrics => Each(resourceMetrics,
        (1, resource => Each(resource, (1, attribute =>
        {
            var (key, value) = Attribute(attribute);
            Resource[key] = value;
        }))),
        (2, scopeMetrics => Each(scopeMetrics, (2, ReadMetric))))));

    private void ReadMetric(byte[] metric)
    {
        string name = "", unit = "";
        Each(metric, (1, bytes => name = Text(bytes)), (3, bytes => unit = Text(bytes)));
        // Gauge 5, sum 7 and histogram 9 hold their points in field 1.
        Each(metric, (5, data => Each(data, (1, Keep))), (7, data => Each(data, (1, Keep))), (9, data => Each(data, (1, KeepHistogram))));

        void Keep(byte[] point) => Note(point, attributesField: 7, valueFields: [4, 6]);
        void KeepHistogram(byte[] point) => Note(point, attributesField: 9, valueFields: [4]);

        void Note(byte[] point, int attributesField, int[] valueFields)
        {
            var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
            Each(point, (attributesField, bytes =>
            {
                var (key, value) = Attribute(bytes);
                attributes[key] = value;
            }));
            var isHistogram = attributesField == 9;
            var value = Fixed(point, valueFields, isHistogram);
            var shown = attributes.Count == 0 ? "" : $"{{{string.Join(',', attributes.Select(pair => $"{pair.Key}={pair.Value}"))}}}";
            Points[name + shown] = new ReceivedPoint(unit, value);
        }
    }

    // as_double is field 4 of a number, as_int field 6; field 4 of a histogram is its count.
    private static double Fixed(byte[] point, int[] fields, bool isCount)
    {
        var input = new CodedInputStream(point);
        while (input.ReadTag() is var tag and not 0)
        {
            var field = WireFormat.GetTagFieldNumber(tag);
            if (!fields.Contains(field)) input.SkipLastField();
            else if (isCount) return input.ReadFixed64();
            else return field == 4 ? input.ReadDouble() : input.ReadSFixed64();
        }
        return 0;
    }

    private static (string Key, string Value) Attribute(byte[] bytes)
    {
        string key = "", value = "";
        Each(bytes, (1, name => key = Text(name)), (2, any => Each(any, (1, text => value = Text(text)))));
        return (key, value);
    }

    private static string Text(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes);

    private static void Each(byte[] message, params (int Field, Action<byte[]> Take)[] wanted)
    {
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            var take = WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited
                ? wanted.FirstOrDefault(pair => pair.Field == WireFormat.GetTagFieldNumber(tag)).Take
                : null;
            if (take is null) input.SkipLastField();
            else take(input.ReadBytes().ToByteArray());
        }
    }
}
