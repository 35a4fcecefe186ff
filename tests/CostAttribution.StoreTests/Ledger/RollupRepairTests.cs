using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Usage;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Ledger;

/// <summary>The rollup is made equal to the ledger by appended rows, in every measure, and left alone where it is equal.</summary>
public sealed class RollupRepairTests(EngineFixture engine)
{
    private const string Ledger = "SELECT toStartOfHour(event_time) AS hour, customer_id, model, sum(toInt64(sign)), " +
        "sum(cost), sum(list_cost), sum(retry_cost), sum(input_tokens), sum(reasoning_tokens), sumMap(other_units), " +
        "sum(ifNull(provider_reported_cost, 0)) FROM cost_ledger GROUP BY ALL HAVING sum(sign) != 0 ORDER BY ALL";

    private const string Rollup = "SELECT hour, customer_id, model, sum(entries), sum(cost), sum(list_cost), sum(retry_cost), " +
        "sum(input_tokens), sum(reasoning_tokens), sumMap(other_units), sum(provider_reported_cost) FROM cost_hourly " +
        "GROUP BY ALL HAVING sum(entries) != 0 ORDER BY ALL";

    private static readonly DateTimeOffset[] Hours =
        [.. new[] { 0, 1, 2 }.Select(hour => DateTimeOffset.FromUnixTimeSeconds(LedgerEntries.BaseMicros / 3_600_000_000 * 3600).AddHours(hour))];

    private static readonly Dictionary<string, string> NoSettings = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ALTER TABLE cost_hourly DROP PARTITION ID 'all'")]
    [InlineData("INSERT INTO cost_hourly (hour, customer_id, entries, cost) SELECT min(hour), 'stray', 1, 5 FROM cost_hourly")]
    [InlineData("INSERT INTO cost_hourly SELECT * FROM cost_hourly")]
    [InlineData("INSERT INTO cost_hourly (hour, customer_id, other_units) SELECT min(hour), 'c-1', map('images', 3) FROM cost_hourly")]
    public async Task Whatever_the_rollup_says_it_says_what_the_ledger_says_afterwards(string damage)
    {
        await using var store = await engine.NewStoreAsync();
        await InsertAsync(store, 0, 200);
        var partition = await store.AskAsync("SELECT DISTINCT partition_id FROM system.parts " +
            "WHERE database = currentDatabase() AND table = 'cost_hourly' AND active");
        await store.AskAsync(damage.Replace("'all'", $"'{partition}'", StringComparison.Ordinal));
        var ledger = await store.AskAsync(Ledger);

        await new RollupRepair(store).RepairAsync(Hours, "repair-1", NoSettings, Cancel);

        Assert.Equal("0", await ApartAsync(store));
        Assert.Equal(ledger, await store.AskAsync(Rollup));
    }

    [Fact]
    public async Task Rows_that_never_reached_the_rollup_reach_it_once()
    {
        await using var store = await engine.NewStoreAsync();
        await InsertAsync(store, 0, 50);
        await store.AskAsync("DETACH TABLE cost_hourly_feed");
        await InsertAsync(store, 50, 100);
        await store.AskAsync("ATTACH TABLE cost_hourly_feed");
        Assert.NotEqual("0", await ApartAsync(store));

        var repair = new RollupRepair(store);
        await repair.RepairAsync(Hours, "repair-1", NoSettings, Cancel);
        var parts = await store.AskAsync("SELECT count(), sum(cost) FROM cost_hourly");
        await repair.RepairAsync(Hours, "repair-2", NoSettings, Cancel);

        Assert.Equal("0", await ApartAsync(store));
        Assert.Equal(parts, await store.AskAsync("SELECT count(), sum(cost) FROM cost_hourly"));
    }

    [Fact]
    public async Task The_same_damage_twice_is_mended_twice()
    {
        await using var store = await engine.NewStoreAsync();
        await InsertAsync(store, 0, 20);
        var repair = new RollupRepair(store);
        for (var round = 0; round < 2; round++)
        {
            await store.AskAsync("INSERT INTO cost_hourly (hour, customer_id, entries, cost) SELECT min(hour), 'stray', 1, 5 FROM cost_hourly");
            await repair.RepairAsync(Hours, $"repair-{round}", NoSettings, Cancel);
            Assert.Equal("0", await ApartAsync(store));
        }
    }

    private static Task<string> ApartAsync(IClickHouseTransport store) =>
        store.AskAsync($"SELECT count() FROM ({RollupDifference.Select("1", "1")})");

    private static async Task InsertAsync(IClickHouseTransport store, int from, int to)
    {
        using var block = new CostLedgerBlock();
        for (var i = from; i < to; i++)
        {
            block.Append(LedgerEntries.Create(i, entry =>
            {
                entry.EventTimeMicros += i % 3 * 3_600_000_000L;
                entry.Usage.OtherUnits = [new UnitQuantity("images", i), new UnitQuantity("pages", 2)];
                if (i % 10 == 9) entry.Sign = -1;
            }));
        }
        await store.InsertAsync(block.ToInsert($"insert-{from}"), Cancel);
    }
}
