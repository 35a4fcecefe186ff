using System.ComponentModel.DataAnnotations;
using CostAttribution.ClickHouse.Transport;
using OpenTelemetry.Exporter;

namespace CostAttribution.Server.Telemetry;

/// <summary>Where the server's figures about itself go: nowhere unless here or a standard variable names an endpoint.</summary>
public sealed class TelemetryOptions
{
    public const string Section = "Telemetry";

    /// <summary>
    /// Base address of an OTLP receiver, for example <c>http://collector:4317</c>; empty for the one that
    /// <c>OTEL_EXPORTER_OTLP_METRICS_ENDPOINT</c> or <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names, if any.
    /// </summary>
    public string OtlpEndpoint { get; set; } = "";

    /// <summary><c>Grpc</c> or <c>HttpProtobuf</c>; empty for what <c>OTEL_EXPORTER_OTLP_PROTOCOL</c> says, else gRPC.</summary>
    public OtlpExportProtocol? Protocol { get; set; }

    /// <summary>How often metrics are sent.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(15);

    internal IEnumerable<string> Faults()
    {
        if (OtlpEndpoint.Length > 0 && !TryParse(OtlpEndpoint, out _))
        {
            yield return "Telemetry:OtlpEndpoint must be an http or https address such as http://collector:4317; "
                + $"it is '{ShownAddress.Of(OtlpEndpoint)}'";
        }
    }

    internal static bool TryParse(string text, out Uri endpoint) =>
        Uri.TryCreate(text, UriKind.Absolute, out endpoint!) && endpoint.Scheme is "http" or "https";
}
