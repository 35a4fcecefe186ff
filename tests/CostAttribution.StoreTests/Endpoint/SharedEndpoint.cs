using CostAttribution.ClickHouse.Endpoint;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.StoreTests.Engine;
using CostAttribution.StoreTests.Ledger;

namespace CostAttribution.StoreTests.Endpoint;

/// <summary>One endpoint over a filled store, with another database beside it, for tests that only read.</summary>
public sealed class SharedEndpoint(EngineFixture engine) : IAsyncLifetime
{
    internal IClickHouseTransport Store { get; private set; } = null!;
    internal IClickHouseTransport Other { get; private set; } = null!;
    internal EndpointHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Store = await engine.NewStoreAsync();
        await CostLedgerTests.PostAsync(Store, "p-1", [.. Enumerable.Range(0, 40).Select(i => LedgerEntries.Create(i))]);
        Other = await engine.NewStoreAsync(migrate: false);
        await Other.RunAsync("CREATE TABLE secrets (a String) ENGINE = MergeTree ORDER BY a");
        Host = await EndpointHost.StartAsync(engine, new ClickHouseHttpOptions { Database = Store.Database });
    }

    public async ValueTask DisposeAsync() => await Host.DisposeAsync();
}
