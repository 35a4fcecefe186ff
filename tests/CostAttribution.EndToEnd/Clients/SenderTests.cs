using CostAttribution.EndToEnd.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;

namespace CostAttribution.EndToEnd.Clients;

/// <summary>Official exporters and the official SQL client, against the shipped server.</summary>
public sealed class SenderTests(SharedServer shared)
{
    [Theory]
    [InlineData(OtlpExportProtocol.Grpc, ExportProcessorType.Simple)]
    [InlineData(OtlpExportProtocol.Grpc, ExportProcessorType.Batch)]
    [InlineData(OtlpExportProtocol.HttpProtobuf, ExportProcessorType.Simple)]
    [InlineData(OtlpExportProtocol.HttpProtobuf, ExportProcessorType.Batch)]
    public async Task What_the_dotnet_exporter_sends_is_attributed_and_priced_exactly(OtlpExportProtocol protocol, ExportProcessorType processing)
    {
        var server = await shared.GetAsync();
        var customer = $"dotnet-{protocol}-{processing}";
        var endpoint = protocol == OtlpExportProtocol.Grpc ? server.Grpc : new Uri(server.Http, "/v1/traces");

        var traceId = DotnetSender.Send(endpoint, protocol, processing, customer);

        await HelpdeskTrace.CheckAsync(server, traceId, customer);
    }

    [Theory]
    [InlineData("grpc", "simple")]
    [InlineData("grpc", "batch")]
    [InlineData("proto", "simple")]
    [InlineData("proto", "batch")]
    [InlineData("json", "simple")]
    [InlineData("json", "batch")]
    public async Task What_the_node_exporters_send_is_attributed_and_priced_exactly(string transport, string processing)
    {
        var server = await shared.GetAsync();
        var customer = $"node-{transport}-{processing}";
        var endpoint = transport == "grpc" ? server.Grpc : new Uri(server.Http, "/v1/traces");

        var sent = await NodeClient.RunAsync("send.mjs", transport, endpoint.ToString(), processing, customer);

        Assert.All(sent.GetProperty("results").EnumerateArray(), result => Assert.True(result.Count("code") == 0, result.GetRawText()));
        await HelpdeskTrace.CheckAsync(server, sent.Text("traceId"), customer);
    }

    [Fact]
    public async Task The_official_clickhouse_client_reads_the_ledger_and_no_file()
    {
        var server = await shared.GetAsync();
        var traceId = DotnetSender.Send(server.Grpc, OtlpExportProtocol.Grpc, ExportProcessorType.Batch, "sql-reader");
        await HelpdeskTrace.CheckAsync(server, traceId, "sql-reader");

        var answer = await NodeClient.RunAsync("sql.mjs", server.Sql!.ToString(), "cost_attribution", "sql-reader");

        Assert.True(answer.GetProperty("ping").GetBoolean());
        var row = Assert.Single(answer.GetProperty("rows").EnumerateArray());
        Assert.Equal(("sql-reader", "answer-ticket", "0.0029988", "2"), (row.Text("customer_id"), row.Text("feature_id"), row.Text("cost"), row.Text("calls")));
        Assert.Equal("ACCESS_DENIED", answer.Text("refused"));
    }
}
