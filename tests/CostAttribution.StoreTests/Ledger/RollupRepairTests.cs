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

    private const string Keys = "cost_kind, customer_id, feature_id, product, team, environment, plan, audience, workflow, " +
        "agent, provider, model, service_tier, region, customer_evidence, feature_evidence, price_status, ownership";

    private const string Measures = "sum(input_tokens), sum(cache_read_tokens), sum(cache_write_tokens), " +
        "sum(cache_write_1h_tokens), sum(output_tokens), sum(reasoning_tokens), " +
        "mapSort(mapFilter((k, v) -> v != 0, sumMap(other_units))) AS units, sum(calls), sum(failed_calls), sum(input_cost), " +
        "sum(cache_read_cost), sum(cache_write_cost), sum(output_cost), sum(reasoning_cost), sum(other_cost), sum(cost), " +
        "sum(list_cost), sum(retry_cost), sum(ifNull(provider_reported_cost, 0))";

    private static readonly DateTimeOffset Hour =
        DateTimeOffset.UnixEpoch.AddHours(LedgerEntries.BaseMicros / 3_600_000_000);

    private static readonly DateTimeOffset[] Hours =
        [.. new[] { 0, 1, 2 }.Select(hour => Hour.AddHours(hour))];

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

        await new RollupRepair(store).RepairAsync(Hours, Cancel);

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
        await repair.RepairAsync(Hours, Cancel);
        var parts = await store.AskAsync("SELECT count(), sum(cost) FROM cost_hourly");
        await repair.RepairAsync(Hours, Cancel);

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
            await repair.RepairAsync(Hours, Cancel);
            Assert.Equal("0", await ApartAsync(store));
        }
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task Every_measure_that_the_rollup_lacks_is_added_once(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind);
        var repair = new RollupRepair(store);
        var entries = Enumerable.Range(0, 50).Select(i => LedgerEntries.Create(i)).ToArray();
        await CostLedgerTests.PostAsync(store, "p-1", [.. entries[..30]]);
        await store.RunAsync("DROP VIEW cost_hourly_feed");
        await CostLedgerTests.PostAsync(store, "p-2", [.. entries[30..], LedgerEntries.Reverse(entries[3], 3)]);

        var apart = await repair.HoursApartAsync([Hour, Hour.AddHours(5)], Cancel);
        var added = await repair.RepairAsync([Hour, Hour.AddHours(5)], Cancel);
        var again = await repair.RepairAsync([Hour], Cancel);

        Assert.Equal([Hour], apart);
        Assert.Equal((19L, "19.000000000000"), (added.Entries, Whole(added)));
        Assert.Equal([Hour], added.Hours);
        Assert.True(again.IsNone);
        await RollupEqualsLedgerAsync(store);
        Assert.Empty(await repair.HoursApartAsync([Hour], Cancel));
        Assert.Equal([Hour], await repair.HoursOfAsync(["node-1", "node-2"], DateTimeOffset.UnixEpoch, Cancel));
    }

    [Fact]
    public async Task What_another_node_is_just_writing_is_not_added_to_the_rollup()
    {
        await using var store = await engine.NewStoreAsync();
        await CostLedgerTests.PostAsync(store, "p-1", [LedgerEntries.Create(1)]);
        await using var busy = new BusyStore(store);
        // The other's rows are in the ledger, and its view has not had them yet.
        await store.RunAsync("DETACH TABLE cost_hourly_feed");
        await CostLedgerTests.PostAsync(store, "other-2", [LedgerEntries.Create(2)]);
        var repair = new RollupRepair(busy);

        busy.Running = $"{store.Database}/other-2/cost_ledger/a-1";
        var whileItRuns = await repair.RepairAsync([Hour], Cancel);
        busy.Running = null;
        // More comes while it measures, and none of it runs when the server is asked.
        var number = 2;
        busy.AfterMeasuring = () => CostLedgerTests.PostAsync(store, $"other-{++number}", [LedgerEntries.Create(number)]);
        var whileOneComes = await repair.RepairAsync([Hour], Cancel);
        busy.AfterMeasuring = null;
        var atRest = await repair.RepairAsync([Hour], Cancel);

        Assert.Equal((0L, 0L, 3L), (whileItRuns.Groups, whileOneComes.Groups, atRest.Entries));
        Assert.Equal([Hour], whileItRuns.Busy);
        Assert.Equal([Hour], whileOneComes.Busy);
        Assert.Empty(atRest.Busy);
        await RollupEqualsLedgerAsync(store);
    }

    [Fact]
    public async Task Two_nodes_that_find_the_same_difference_at_the_same_time_add_it_once()
    {
        await using var store = await engine.NewStoreAsync();
        await store.RunAsync("DETACH TABLE cost_hourly_feed");
        await InsertAsync(store, 0, 40);
        await using var busy = new BusyStore(store)
        {
            // The other looks at more hours, and adds what it found when the first has measured.
            BeforeAdding = () => new RollupRepair(store).RepairAsync([.. Hours, Hour.AddHours(9)], Cancel),
        };

        await new RollupRepair(busy).RepairAsync([Hour.AddHours(1)], Cancel);

        await RollupEqualsLedgerAsync(store);
    }

    [Fact]
    public async Task Differences_that_cancel_out_are_found_group_by_group()
    {
        await using var store = await engine.NewStoreAsync();
        await CostLedgerTests.PostAsync(store, "p-1", [LedgerEntries.Create(1)]);
        await store.RunAsync("DROP VIEW cost_hourly_feed");
        // The cost moves from one feature to another: the customer's total stays.
        var moved = LedgerEntries.Create(1, entry => (entry.EntryId, entry.FeatureId) = (new UInt128(0xf0, 1), "other"));
        await CostLedgerTests.PostAsync(store, "p-2", [LedgerEntries.Reverse(LedgerEntries.Create(1), 1), moved]);

        var found = await new RollupRepair(store).RepairAsync([Hour], Cancel);

        Assert.Equal((2, 0), (found.Groups, found.Entries));
        await RollupEqualsLedgerAsync(store);
    }

    /// <summary>Every measure of every group is the same in the ledger and in the rollup.</summary>
    internal static async Task RollupEqualsLedgerAsync(IClickHouseTransport store)
    {
        var ledger = await store.AskAsync($"SELECT toStartOfHour(event_time) AS hour, {Keys}, {Measures}, sum(sign) AS net " +
            $"FROM cost_ledger GROUP BY hour, {Keys} HAVING net != 0 OR sum(cost) != 0 ORDER BY ALL");
        var rollup = await store.AskAsync($"SELECT hour, {Keys}, {Measures}, sum(entries) AS net " +
            $"FROM cost_hourly GROUP BY hour, {Keys} HAVING net != 0 OR sum(cost) != 0 ORDER BY ALL");
        Assert.Equal(ledger, rollup);
    }

    // Without the picodollars that the made-up entries differ by.
    private static string Whole(RollupAddition difference) =>
        $"{difference.Cost.PicoUsd / 1_000_000_000_000}.000000000000";

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
