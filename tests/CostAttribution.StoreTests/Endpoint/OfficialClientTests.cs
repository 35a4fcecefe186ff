using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using CostAttribution.ClickHouse.Endpoint;
using CostAttribution.StoreTests.Engine;
using CostAttribution.StoreTests.Ledger;

namespace CostAttribution.StoreTests.Endpoint;

public sealed class OfficialClientTests(EngineFixture engine)
{
    [Fact]
    public async Task The_official_client_reads_the_ledger_and_can_do_nothing_else()
    {
        await using var store = await engine.NewStoreAsync();
        await CostLedgerTests.PostAsync(store, "p-1",
            [LedgerEntries.Create(1), LedgerEntries.Create(8), LedgerEntries.Create(9)]);
        await using var host = await EndpointHost.StartAsync(engine,
            new ClickHouseHttpOptions { Database = store.Database, User = "reader", Password = "secret" });

        using var answer = JsonDocument.Parse(await RunAsync(host.Url.ToString(), store.Database, "reader", "secret"));

        var root = answer.RootElement;
        Assert.True(root.GetProperty("ping").GetBoolean());
        var row = Assert.Single(root.GetProperty("rows").EnumerateArray());
        Assert.Equal(("c-1", "2.000000000051", "2"), (row.GetProperty("customer_id").GetString(),
            row.GetProperty("cost").GetString(), row.GetProperty("calls").ToString()));
        Assert.Equal(1, root.GetProperty("statistics").GetInt32());
        Assert.Equal("[[0],[1],[2]]", root.GetProperty("streamed").GetRawText().Replace("\"", "", StringComparison.Ordinal));
        Assert.Equal(("497", "ACCESS_DENIED"), ErrorOf("refused"));
        Assert.Equal(("164", "READONLY"), ErrorOf("written"));

        (string?, string?) ErrorOf(string name) =>
            (root.GetProperty(name).GetProperty("code").GetString(), root.GetProperty(name).GetProperty("type").GetString());
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var script = typeof(OfficialClientTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(data => data.Key == "ClickHouseClient").Value!;
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, script)));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var node = Process.Start(start)!;
        var output = node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0, await errors);
        return await output;
    }
}
