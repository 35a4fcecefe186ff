using System.Net;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Server.Settings;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace CostAttribution.Server.Telemetry;

/// <summary>
/// Sends the server's metrics, and nothing else, to an OTLP receiver with the official exporter. Never to itself: an endpoint
/// that is one of this server's own ports is a fault when it was set here, and is passed over when it comes from the
/// environment, where it may be meant for the applications on the machine.
/// </summary>
internal sealed partial class MetricExport : IDisposable
{
    private const string MetricsPath = "/v1/metrics";
    private const int TimeoutMillis = 5_000;

    /// <summary>Longest that a stop waits for the last figures to go out.</summary>
    private const int LastMillis = 1_000;

    private readonly MeterProvider provider;

    private MetricExport(MeterProvider provider) => this.provider = provider;

    /// <summary>
    /// Null when no endpoint is named. Throws <see cref="StartupException"/> for one that is this server's own.
    /// </summary>
    public static MetricExport? Start(TelemetryOptions options, IConfiguration environment, string nodeId, IPAddress bind,
        IReadOnlyList<int> ownPorts, ILogger logger)
    {
        var protocol = options.Protocol ?? ProtocolOf(environment["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        var isOurs = options.OtlpEndpoint.Length > 0;
        if (EndpointOf(options, environment, protocol) is not { } endpoint) return null;
        if (IsOwn(endpoint, bind, ownPorts))
        {
            if (isOurs)
            {
                throw new StartupException(
                    $"Telemetry:OtlpEndpoint {ShownAddress.Of(endpoint)} is this server itself; name a Collector's address");
            }
            EndpointIsOwn(logger, ShownAddress.Of(endpoint));
            return null;
        }
        var provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService("cost-attribution",
                serviceVersion: typeof(MetricExport).Assembly.GetName().Version?.ToString(3), serviceInstanceId: nodeId))
            .AddMeter(SelfMeter.Name)
            .AddOtlpExporter((exporter, reader) =>
            {
                exporter.Endpoint = endpoint;
                exporter.Protocol = protocol;
                exporter.TimeoutMilliseconds = TimeoutMillis;
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.Interval.TotalMilliseconds;
                reader.PeriodicExportingMetricReaderOptions.ExportTimeoutMilliseconds = TimeoutMillis;
            })
            .Build();
        Exporting(logger, ShownAddress.Of(endpoint), options.Interval.TotalSeconds);
        return new MetricExport(provider);
    }

    public void Dispose()
    {
        provider.Shutdown(LastMillis);
        provider.Dispose();
    }

    /// <summary>The address that requests go to; null when none is named.</summary>
    internal static Uri? EndpointOf(TelemetryOptions options, IConfiguration environment, OtlpExportProtocol protocol)
    {
        var whole = options.OtlpEndpoint.Length == 0 ? environment["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] : null;
        if (!string.IsNullOrWhiteSpace(whole)) return TelemetryOptions.TryParse(whole, out var stated) ? stated : null;
        var text = options.OtlpEndpoint.Length > 0 ? options.OtlpEndpoint : environment["OTEL_EXPORTER_OTLP_ENDPOINT"];
        if (string.IsNullOrWhiteSpace(text) || !TelemetryOptions.TryParse(text, out var endpoint)) return null;
        // A base address: over HTTP the path of the signal is added (the exporter does so only for its own variables).
        return protocol == OtlpExportProtocol.Grpc || endpoint.AbsolutePath.EndsWith(MetricsPath, StringComparison.Ordinal)
            ? endpoint
            : new Uri(endpoint.ToString().TrimEnd('/') + MetricsPath);
    }

    internal static bool IsOwn(Uri endpoint, IPAddress bind, IReadOnlyList<int> ownPorts)
    {
        if (!ownPorts.Contains(endpoint.Port)) return false;
        if (endpoint.IsLoopback || endpoint.Host.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase)) return true;
        return IPAddress.TryParse(endpoint.Host.Trim('[', ']'), out var address)
            && (address.Equals(bind) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
    }

    private static OtlpExportProtocol ProtocolOf(string? text) =>
        text?.Trim() == "http/protobuf" ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;

    [LoggerMessage(3101, LogLevel.Information, "sending metrics about this server to {Endpoint} every {Seconds} s")]
    private static partial void Exporting(ILogger logger, string endpoint, double seconds);

    [LoggerMessage(3102, LogLevel.Warning,
        "the environment's OTLP endpoint {Endpoint} is this server itself: no metrics are sent; set Telemetry:OtlpEndpoint")]
    private static partial void EndpointIsOwn(ILogger logger, string endpoint);
}
