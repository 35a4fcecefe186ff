using CostAttribution.ClickHouse.Embedded;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.StoreTests.Engine;

public sealed class ChdbEngineTests(EngineFixture engine)
{
    [Fact]
    public void A_second_engine_in_the_process_is_refused_with_what_to_do()
    {
        var error = Assert.Throws<StoreUnavailableException>(
            () => ChdbEngine.Start(new ChdbOptions { Directory = engine.DataDirectory + "-2" }));

        Assert.Contains("already runs an embedded engine", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_directory_in_use_is_refused_with_what_to_do()
    {
        var error = Assert.Throws<StoreUnavailableException>(() => DirectoryLock.Acquire(engine.DataDirectory));

        Assert.Contains("in use by another process", error.Message, StringComparison.Ordinal);
        Assert.Contains(engine.DataDirectory, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_null_reference_is_still_an_exception_beside_the_engine()
    {
        await using var store = await engine.NewStoreAsync(migrate: false);
        string? nothing = null;

        Assert.Throws<NullReferenceException>(() => nothing!.Length);
        Assert.Equal("1", await store.AskAsync("SELECT 1"));
    }

    [Fact]
    public async Task Readers_that_fill_every_query_lane_do_not_delay_an_insert()
    {
        await using var store = await engine.NewStoreAsync();
        using var stop = new CancellationTokenSource();
        var slow = Enumerable.Range(0, 6).Select(_ => store.QueryAsync(
            new ClickHouseQuery("SELECT sleepEachRow(0.05) FROM numbers(20) SETTINGS max_block_size = 1") { Format = "Null" },
                stop.Token)).ToArray();

        await Ledger.CostLedgerTests.PostAsync(store, "p-1", [LedgerEntries.Create(1)]);

        Assert.DoesNotContain(slow[^1..], query => query.IsCompleted);
        await Task.WhenAll(slow);
    }
}
