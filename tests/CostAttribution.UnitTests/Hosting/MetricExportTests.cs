using System.Net;
using CostAttribution.Server.Telemetry;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;

namespace CostAttribution.UnitTests.Hosting;

/// <summary>Where metrics go, and where never.</summary>
public sealed class MetricExportTests
{
    private static readonly int[] OwnPorts = [4317, 4318, 8080];

    [Theory]
    [InlineData("", "", "", OtlpExportProtocol.Grpc, null)]
    [InlineData("http://a:4317", "", "", OtlpExportProtocol.Grpc, "http://a:4317/")]
    [InlineData("http://a:4318", "", "", OtlpExportProtocol.HttpProtobuf, "http://a:4318/v1/metrics")]
    [InlineData("http://a:4318/otlp/", "", "", OtlpExportProtocol.HttpProtobuf, "http://a:4318/otlp/v1/metrics")]
    [InlineData("http://a:4318/v1/metrics", "", "", OtlpExportProtocol.HttpProtobuf, "http://a:4318/v1/metrics")]
    [InlineData("", "http://b:4317", "", OtlpExportProtocol.Grpc, "http://b:4317/")]
    [InlineData("", "http://b:4318", "http://c:9/take", OtlpExportProtocol.HttpProtobuf, "http://c:9/take")]
    [InlineData("http://a:4317", "http://b:4317", "http://c:9", OtlpExportProtocol.Grpc, "http://a:4317/")]
    [InlineData("", "not an address", "", OtlpExportProtocol.Grpc, null)]
    public void The_setting_comes_before_the_variables_and_the_signals_own_before_the_common_one(
        string setting, string common, string own, OtlpExportProtocol protocol, string? expected)
    {
        var environment = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = common, ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = own,
        }).Build();

        var endpoint = MetricExport.EndpointOf(new TelemetryOptions { OtlpEndpoint = setting }, environment, protocol);

        Assert.Equal(expected, endpoint?.ToString());
    }

    [Theory]
    [InlineData("http://localhost:4317", true)]
    [InlineData("http://127.0.0.1:4318/v1/metrics", true)]
    [InlineData("http://[::1]:4317", true)]
    [InlineData("http://0.0.0.0:8080", true)]
    [InlineData("http://192.0.2.7:4317", true)]
    [InlineData("http://localhost:4319", false)]
    [InlineData("http://192.0.2.8:4317", false)]
    [InlineData("http://collector:4317", false)]
    public void A_port_of_the_server_itself_is_known_by_every_name_of_the_machine(string endpoint, bool own) =>
        Assert.Equal(own, MetricExport.IsOwn(new Uri(endpoint), IPAddress.Parse("192.0.2.7"), OwnPorts));
}
