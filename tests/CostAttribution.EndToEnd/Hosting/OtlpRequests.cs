using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using CostAttribution.Otlp.Grpc;

namespace CostAttribution.EndToEnd.Hosting;

/// <summary>OTLP requests put together by hand, as they stand on the wire.</summary>
internal sealed class OtlpRequests(ServerProcess server) : IDisposable
{
    public const string TraceExport = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    private readonly HttpClient client = new();

    /// <summary>Status and message of a unary gRPC call, from the trailers or the head of the answer.</summary>
    public async Task<(string Status, string Message)> CallAsync(string path, byte[] message, bool gzip = false,
        IEnumerable<KeyValuePair<string, string>>? headers = null)
    {
        var frame = GrpcWire.Frame(gzip ? Gzip(message) : message);
        if (gzip) frame[0] = 1;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Grpc, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (gzip) request.Headers.Add("grpc-encoding", "gzip");
        AddHeaders(request, headers);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var fields = response.Headers.Contains("grpc-status") ? response.Headers : response.TrailingHeaders;
        return (fields.GetValues("grpc-status").Single(), fields.TryGetValues("grpc-message", out var text) ? Uri.UnescapeDataString(text.Single()) : "");
    }

    /// <summary>Status and Retry-After of one protobuf request, on the HTTP port.</summary>
    public async Task<(HttpStatusCode Status, TimeSpan? RetryAfter)> TryPostAsync(byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Http, "/v1/traces")) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, response.Headers.RetryAfter?.Delta);
    }

    /// <summary>Status of one request on the gRPC port, and the details that come with it, decoded from base64.</summary>
    public async Task<(string Status, byte[] Details)> TryCallAsync(byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Grpc, TraceExport))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(GrpcWire.Frame(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var fields = response.Headers.Contains("grpc-status") ? response.Headers : response.TrailingHeaders;
        var details = fields.TryGetValues("grpc-status-details-bin", out var text) ? text.Single() : "";
        return (fields.GetValues("grpc-status").Single(), Convert.FromBase64String(details.PadRight((details.Length + 3) / 4 * 4, '=')));
    }

    public async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, byte[] body, string contentType, bool gzip = false,
        IEnumerable<KeyValuePair<string, string>>? headers = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Http, path)) { Content = new ByteArrayContent(gzip ? Gzip(body) : body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (gzip) request.Content.Headers.ContentEncoding.Add("gzip");
        AddHeaders(request, headers);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Sends a JSON trace request; returns once it is acknowledged.</summary>
    public async Task SendJsonAsync(byte[] body)
    {
        var (status, answer) = await PostAsync("/v1/traces", body, "application/json");
        Assert.True(status == HttpStatusCode.OK, $"{(int)status} {answer}\n{server}");
        Assert.DoesNotContain("rejectedSpans", answer, StringComparison.Ordinal);
    }

    public void Dispose() => client.Dispose();

    // What the connection itself decides is left to the connection.
    private static void AddHeaders(HttpRequestMessage request, IEnumerable<KeyValuePair<string, string>>? headers)
    {
        foreach (var (name, value) in headers ?? [])
        {
            switch (name)
            {
                case "host" or "connection" or "content-length" or "content-type": break;
                case "transfer-encoding": request.Headers.TransferEncodingChunked = true; break;
                default: Assert.True(request.Headers.TryAddWithoutValidation(name, value)); break;
            }
        }
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest)) gzip.Write(bytes);
        return buffer.ToArray();
    }
}
