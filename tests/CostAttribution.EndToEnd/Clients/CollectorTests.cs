using System.Diagnostics;
using System.Net.Sockets;
using CostAttribution.EndToEnd.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace CostAttribution.EndToEnd.Clients;

/// <summary>The usual deployment: applications send to a Collector, which batches, compresses and passes on.</summary>
public sealed class CollectorTests(SharedServer shared)
{
    private static readonly string[] Routes = ["otlp_grpc", "otlp_http", "otlp_http/json"];

    [Fact]
    public async Task A_collector_passes_traces_on_by_grpc_and_by_http_in_protobuf_and_json()
    {
        var (path, reason) = await CollectorProgram.FindAsync();
        if (path is null)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", reason);
            Assert.Skip(reason);
        }
        var server = await shared.GetAsync();
        using var directory = new TempDirectory();
        var ports = Routes.ToDictionary(route => route, _ => int.Parse(ServerProcess.FreePort()));
        using var collector = Process.Start(new ProcessStartInfo(path, ["--config", directory.File("collector.yaml", Configuration(server, ports))])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var output = new ProcessOutput(collector);
            foreach (var (route, port) in ports)
            {
                await Eventually.GetAsync(() => ConnectsAsync(port), connects => connects, output.ToString);
                var customer = $"collector-{route}";

                var traceId = DotnetSender.Send(new Uri($"http://127.0.0.1:{port}"), OtlpExportProtocol.Grpc, ExportProcessorType.Simple, customer);

                await HelpdeskTrace.CheckAsync(server, traceId, customer);
            }
            Assert.DoesNotContain(output.Errors, line => line.Contains("Exporting failed", StringComparison.Ordinal));
        }
        finally
        {
            collector.Kill(entireProcessTree: true);
            await collector.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static string Configuration(ServerProcess server, Dictionary<string, int> ports) => $$"""
        receivers:
        {{string.Join('\n', Routes.Select((route, index) => Receiver(index, ports[route])))}}
        processors:
          batch: { timeout: 50ms }
        exporters:
          otlp_grpc: { endpoint: '{{server.Grpc.Authority}}', tls: { insecure: true }, compression: gzip }
          otlp_http: { endpoint: 'http://{{server.Http.Authority}}', compression: gzip }
          otlp_http/json: { endpoint: 'http://{{server.Http.Authority}}', compression: gzip, encoding: json }
        service:
          telemetry: { metrics: { level: none } }
          pipelines:
        {{string.Join('\n', Routes.Select(Pipeline))}}
        """;

    private static string Receiver(int index, int port) => $"  otlp/{index}: {{ protocols: {{ grpc: {{ endpoint: '127.0.0.1:{port}' }} }} }}";

    private static string Pipeline(string route, int index) =>
        $"    traces/{index}: {{ receivers: [otlp/{index}], processors: [batch], exporters: [{route}] }}";

    private static async Task<bool> ConnectsAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
