using System.Net;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Server.Settings;
using CostAttribution.Server.Telemetry;
using Microsoft.Extensions.Configuration;

namespace CostAttribution.UnitTests.Hosting;

/// <summary>A password that somebody wrote into an address is never shown.</summary>
public sealed class AddressSecretTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://me:secret@store:8123/path?password=secret", "http://store:8123")]
    [InlineData("https://store/", "https://store")]
    [InlineData("htps://me:secret@store:8123", "…@store:8123")]
    [InlineData("me:secret@store:8123?password=secret", "…@store:8123")]
    [InlineData("store?password=secret", "store")]
    public void Of_an_address_scheme_host_and_port_are_shown(string given, string shown) =>
        Assert.Equal(shown, ShownAddress.Of(given));

    [Theory]
    [InlineData("http://me:secret@store:8123", "ClickHouse:Password")]
    [InlineData("http://store:8123/?password=secret", "ClickHouse:Password")]
    [InlineData("htps://me:secret@store:8123", "http or https")]
    public void A_store_address_with_a_user_or_a_query_is_refused_without_showing_it(string url, string words)
    {
        var fault = Assert.Single(Faults(new() { ["ClickHouse:Mode"] = "Remote", ["ClickHouse:Url"] = url }));

        Assert.Contains(words, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_telemetry_address_is_refused_without_its_password()
    {
        var fault = Assert.Single(Faults(new() { ["Telemetry:OtlpEndpoint"] = "grpc://me:secret@collector:4317" }));

        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_telemetry_address_that_is_the_server_itself_is_told_without_its_password()
    {
        var options = new TelemetryOptions { OtlpEndpoint = "http://me:secret@127.0.0.1:4317" };

        var fault = Assert.Throws<StartupException>(() => MetricExport.Start(
            options, new ConfigurationBuilder().Build(), "node", IPAddress.Loopback, [4317], new LogLines()));

        Assert.Contains("http://127.0.0.1:4317 is this server itself", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_metrics_go_is_logged_without_a_password()
    {
        var log = new LogLines();
        var environment = new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://me:secret@127.0.0.1:4317" }).Build();

        Assert.Null(MetricExport.Start(new TelemetryOptions(), environment, "node", IPAddress.Loopback, [4317], log));

        Assert.DoesNotContain("secret", Assert.Single(log.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_named_without_its_password()
    {
        var options = new HttpTransportOptions { Url = new Uri("http://me:secret@127.0.0.1:1/"), Database = "cost" };
        await using var transport = new HttpTransport(options);

        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => transport.QueryAsync(new ClickHouseQuery("SELECT 1"), Cancel));

        Assert.Contains("http://127.0.0.1:1 cannot be reached", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Faults(Dictionary<string, string?> given) => Assert.Throws<StartupException>(
        () => ServerSettings.From(new ConfigurationBuilder().AddInMemoryCollection(given).Build(), demo: false)).Faults;
}
