using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CostAttribution.Ingest.Intake;
using CostAttribution.Testing.Otlp;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Traces;
using Google.Protobuf;

namespace CostAttribution.UnitTests.Intake;

public sealed class OtlpHttpEndpointTests
{
    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";
    private static readonly byte[] Body = Captures.Get("otel-openai", "httpproto").Body;
    private static readonly byte[] JsonBody = Captures.Get("otel-openai", "httpjson").Body;

    [Theory]
    [InlineData(Protobuf, null, "")]
    [InlineData(Protobuf, "gzip", "")]
    [InlineData(Protobuf, "identity", "")]
    [InlineData(Json, null, "{}")]
    [InlineData("application/json; charset=utf-8", "gzip", "{}")]
    public async Task Traces_are_taken_and_answered_in_the_type_they_came_in(string type, string? encoding, string answer)
    {
        await using var server = await OtlpServer.StartAsync();
        var body = type == Protobuf ? Body : JsonBody;

        var (response, content) = await server.PostAsync("/v1/traces", encoding == "gzip" ? OtlpServer.Gzip(body) : body, type,
            encoding);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type.Split(';')[0], response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(answer, Encoding.UTF8.GetString(content));
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Single(server.Intake.Batches);
    }

    [Fact]
    public async Task Rejected_spans_are_told_in_both_types()
    {
        await using var server = await OtlpServer.StartAsync();
        var request = new ExportTraceServiceRequest
        {
            ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { new Span() } } } } },
        };

        var (_, protobuf) = await server.PostAsync("/v1/traces", request.ToByteArray(), Protobuf);
        var (_, json) = await server.PostAsync("/v1/traces",
            "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{}]}]}]}"u8.ToArray(), Json);

        Assert.Equal(1, ExportTraceServiceResponse.Parser.ParseFrom(protobuf).PartialSuccess.RejectedSpans);
        Assert.Equal("{\"partialSuccess\":{\"rejectedSpans\":\"1\",\"errorMessage\":\"1 span left out: invalid_trace_id 1\"}}",
            Encoding.UTF8.GetString(json));
    }

    [Fact]
    public async Task A_malformed_body_gets_a_status_message_in_its_own_type()
    {
        await using var server = await OtlpServer.StartAsync();

        var (protobuf, status) = await server.PostAsync("/v1/traces", [0x0A, 0x7F], Protobuf);
        var (json, text) = await server.PostAsync("/v1/traces", "{"u8.ToArray(), Json);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (protobuf.StatusCode, json.StatusCode));
        Assert.Equal(3, Testing.Wire.Rpc.Status.Parser.ParseFrom(status).Code);
        Assert.StartsWith("{\"code\":3,\"message\":\"the trace request is refused: not a JSON trace request",
            Encoding.UTF8.GetString(text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/traces", "text/plain", null, 415)]
    [InlineData("/v1/traces", null, null, 415)]
    [InlineData("/v1/traces", Protobuf, "br", 415)]
    [InlineData("/v1/metrics", Protobuf, null, 404)]
    [InlineData("/v1/logs", Json, null, 404)]
    [InlineData("/", Json, null, 404)]
    public async Task What_is_not_a_trace_request_is_refused_without_a_retry(string path, string? type, string? encoding,
        int status)
    {
        await using var server = await OtlpServer.StartAsync();

        var (response, content) = await server.PostAsync(path, Body, type, encoding);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Null(response.Headers.RetryAfter);
        Assert.NotEmpty(content);
        Assert.Empty(server.Intake.Batches);
    }

    [Fact]
    public async Task Other_methods_are_told_to_post()
    {
        await using var server = await OtlpServer.StartAsync();

        var (response, _) = await server.PostAsync("/v1/traces", [], null, method: HttpMethod.Get);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("POST", Assert.Single(response.Content.Headers.Allow));
    }

    [Fact]
    public async Task An_oversized_body_is_refused_for_good()
    {
        await using var server = await OtlpServer.StartAsync(new IntakeOptions { RequestBytesMax = 64 * 1024 });

        var (declared, _) = await server.PostAsync("/v1/traces", new byte[100_000], Protobuf);
        var (bomb, _) = await server.PostAsync("/v1/traces", OtlpServer.Gzip(new byte[10_000_000]), Protobuf, "gzip");

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.RequestEntityTooLarge),
            (declared.StatusCode, bomb.StatusCode));
        Assert.Equal((null, null), (declared.Headers.RetryAfter, bomb.Headers.RetryAfter));
        Assert.Equal(0, server.Metrics.Snapshot().BodyBytesInFlight);
    }

    [Fact]
    public async Task Push_back_and_unavailability_say_when_to_come_back()
    {
        await using var server = await OtlpServer.StartAsync();
        server.Intake.Answer = _ => new(IntakeOutcome.PushedBack(TimeSpan.FromMilliseconds(1500)));
        var (full, _) = await server.PostAsync("/v1/traces", Body, Protobuf);
        server.Intake.Answer = _ => new(IntakeOutcome.Unavailable("the disk fails", TimeSpan.Zero));
        var (failing, content) = await server.PostAsync("/v1/traces", Body, Protobuf);

        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(2)),
            (full.StatusCode, full.Headers.RetryAfter!.Delta));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)),
            (failing.StatusCode, failing.Headers.RetryAfter!.Delta));
        Assert.Equal("the disk fails", Testing.Wire.Rpc.Status.Parser.ParseFrom(content).Message);
    }

    [Fact]
    public async Task Bodies_over_the_common_limit_are_pushed_back()
    {
        await using var server = await OtlpServer.StartAsync(new IntakeOptions { BodyBytesInFlightMax = 1000 });

        var (response, _) = await server.PostAsync("/v1/traces", Body, Protobuf);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(1, server.Metrics.Snapshot().Refusals["bodies_over_limit"]);
    }

    [Fact]
    public async Task Tls_is_spoken_with_a_certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var directory = Directory.CreateTempSubdirectory();
        try
        {
            var path = Path.Combine(directory.FullName, "server.pfx");
            await File.WriteAllBytesAsync(path, certificate.Export(X509ContentType.Pkcs12, "pass"));
            await using var server = await OtlpServer.StartAsync(
                new IntakeOptions { Tls = new TlsOptions { CertificatePath = path, CertificatePassword = "pass" } });
            using var handler = new SocketsHttpHandler
            {
                SslOptions =
                {
                    RemoteCertificateValidationCallback = (_, shown, _, _) =>
                        shown!.GetCertHashString() == certificate.GetCertHashString(),
                },
            };
            using var client = new HttpClient(handler)
            {
                DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            using var content = new ByteArrayContent(Body) { Headers = { ContentType = new(Protobuf) } };

            using var response = await client.PostAsync(new Uri(server.Http, "/v1/traces"), content);

            Assert.Equal("https", server.Grpc.Scheme);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
