using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Ledger;

public sealed class CostLedgerTests(EngineFixture engine)
{
    private const string Dimensions = "toStartOfHour(event_time) AS hour, cost_kind, customer_id, feature_id, product, " +
        "team, environment, plan, " +
        "audience, workflow, agent, provider, model, service_tier, region, customer_evidence, feature_evidence, " +
            "price_status, ownership";

    private const string Measures = "sum(input_tokens), sum(cache_read_tokens), sum(cache_write_tokens), " +
        "sum(cache_write_1h_tokens), sum(output_tokens), " +
        "sum(reasoning_tokens), mapFilter((k, v) -> v != 0, sumMap(other_units)), sum(calls), sum(failed_calls), " +
            "sum(input_cost), sum(cache_read_cost), " +
        "sum(cache_write_cost), sum(output_cost), sum(reasoning_cost), sum(other_cost), sum(cost), sum(list_cost), " +
            "sum(retry_cost), sum(ifNull(provider_reported_cost, 0))";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task An_entry_comes_back_as_it_was_written(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind);
        var entries = Enumerable.Range(0, 40).Select(i => LedgerEntries.Create(i)).ToArray();
        await PostAsync(store, "p-1", entries);

        var history = await new LedgerReader(store)
            .LoadLedgerAsync([.. entries.Select(entry => entry.TraceId).Distinct()], Cancel);

        Assert.Empty(history.Surplus);
        Assert.Equal(entries.Select(LedgerEntries.Describe),
            history.Standing.OrderBy(entry => entry.EntryId).Select(LedgerEntries.Describe));
    }

    [Fact]
    public async Task A_block_is_what_select_returns()
    {
        await using var store = await engine.NewStoreAsync();
        using var block = new CostLedgerBlock();
        block.Append(Enumerable.Range(0, 50).Select(i => LedgerEntries.Create(i, entry => entry.CustomerId = "c")).ToArray());
        var insert = block.ToInsert("p-1/cost_ledger");
        await store.InsertAsync(insert, Cancel);

        var bytes = await store.QueryAsync(
            new ClickHouseQuery($"SELECT {string.Join(", ", block.ColumnNames)} FROM cost_ledger ORDER BY " +
                $"event_time") { Format = "Native" }, Cancel);

        var mine = NativeBlockReader.ReadAll(insert.NativeBlock)[0];
        var its = Assert.Single(NativeBlockReader.ReadAll(bytes), candidate => candidate.Rows > 0);
        Assert.Equal(mine.Columns.Select(column => (column.Name, column.Type)),
            its.Columns.Select(column => (column.Name, column.Type)));
        var (mineReader, itsReader) = (new LedgerRowReader(mine), new LedgerRowReader(its));
        for (var row = 0; row < mine.Rows; row++)
        {
            Assert.Equal(LedgerEntries.Describe(mineReader.At(row)), LedgerEntries.Describe(itsReader.At(row)));
        }
        Assert.Equal("0", await store.AskAsync(
            "SELECT countIf(cost != input_cost + cache_read_cost + cache_write_cost + output_cost + reasoning_cost + " +
                "other_cost) FROM cost_ledger"));
    }

    [Fact]
    public async Task Every_column_of_the_table_is_written()
    {
        await using var store = await engine.NewStoreAsync();
        using var ledger = new CostLedgerBlock();
        using var facts = new ClickHouse.Facts.TraceFactsBlock();
        using var segments = new ClickHouse.Facts.RunSegmentBlock();

        foreach (var block in new RowBlock[] { ledger, facts, segments })
        {
            var columns = await store.AskAsync(
                "SELECT arrayStringConcat(groupArray(concat(name, ' ', type)), '; ') FROM (SELECT * FROM system.columns " +
                "WHERE database = currentDatabase() AND table = {table:String} ORDER BY position)", ("table", block.Table));
            Assert.Equal(columns.Replace("\\'", "'", StringComparison.Ordinal),
                string.Join("; ", block.NamedColumns.Select(named => $"{named.Name} {named.Column.Type}")));
        }
    }

    [Fact]
    public async Task A_posting_sent_three_times_counts_once_in_ledger_and_rollup()
    {
        await using var store = await engine.NewStoreAsync();
        // Two months, so that the block becomes two parts.
        var entries = Enumerable.Range(0, 200)
            .Select(i => LedgerEntries.Create(i, entry => entry.EventTimeMicros += i % 2 * 40L * 86_400_000_000)).ToArray();

        for (var attempt = 0; attempt < 3; attempt++) await PostAsync(store, "p-1", entries);

        Assert.Equal("200", await store.AskAsync("SELECT count() FROM cost_ledger"));
        Assert.Equal("200", await store.AskAsync("SELECT sum(entries) FROM cost_hourly"));
        await AssertRollupEqualsLedgerAsync(store);
    }

    [Fact]
    public async Task The_rollup_equals_the_ledger_after_reversals_and_replacements()
    {
        await using var store = await engine.NewStoreAsync();
        var first = Enumerable.Range(0, 120).Select(i => LedgerEntries.Create(i)).ToArray();
        await PostAsync(store, "p-1", first);
        var corrections = new List<LedgerEntry>();
        for (var i = 0; i < first.Length; i += 3)
        {
            corrections.Add(LedgerEntries.Reverse(first[i], i));
            if (i % 2 == 0) continue;
            corrections.Add(LedgerEntries.Create(i, entry =>
            {
                entry.EntryId += 2_000_000;
                entry.Revision = 2;
                entry.CustomerId = "late-customer";
                entry.Reason = PostingReason.LateParent;
                entry.PostingId = "p-2";
            }));
        }
        await PostAsync(store, "p-2", corrections);

        await AssertRollupEqualsLedgerAsync(store);
        Assert.Equal("100", await store.AskAsync("SELECT sum(entries) FROM cost_hourly"));
        Assert.Equal("20", await store.AskAsync("SELECT sum(entries) FROM cost_hourly WHERE customer_id = 'late-customer'"));
        await store.RunAsync("OPTIMIZE TABLE cost_hourly FINAL");
        await AssertRollupEqualsLedgerAsync(store);

        var history = await new LedgerReader(store).LoadLedgerAsync([.. first.Select(entry => entry.TraceId).Distinct()], Cancel);
        Assert.Equal(100, history.Standing.Count);
        Assert.Empty(history.Surplus);
        var replaced = LedgerKey.Of(first[3]);
        Assert.Equal((2, 1), (history.RevisionMax[replaced], history.RevisionMax[LedgerKey.Of(first[6])]));
        Assert.Equal("late-customer", history.Standing.Single(entry => LedgerKey.Of(entry) == replaced).CustomerId);
        Assert.DoesNotContain(history.Standing, entry => LedgerKey.Of(entry) == LedgerKey.Of(first[6]));
    }

    [Fact]
    public async Task A_reversal_negates_every_additive_column_and_copies_the_rest()
    {
        await using var store = await engine.NewStoreAsync();
        var entry = LedgerEntries.Create(9);
        await PostAsync(store, "p-1", [entry, LedgerEntries.Reverse(entry, 9)]);

        Assert.Equal(
            $"{string.Join('\t', Enumerable.Repeat("0", 6))}\t{{}}\t0\t0\t{string.Join('\t', Enumerable.Repeat("0", 10))}",
            await store.AskAsync($"SELECT {Measures} FROM cost_ledger"));
        Assert.Equal("1", await store.AskAsync(
            $"SELECT count() FROM (SELECT {Dimensions}, run_id, step, user_id, session_id, dimensions, flags, rate_id, " +
                $"rate_book_version, " +
            "trace_id, span_id, parent_span_id, cost_item, accounting_date, attempt, call_status, operation, request_model " +
                "FROM cost_ledger GROUP BY ALL)"));
    }

    [Fact]
    public async Task Two_standing_rows_for_one_key_show_as_surplus()
    {
        await using var store = await engine.NewStoreAsync();
        var entry = LedgerEntries.Create(1);
        await PostAsync(store, "p-1", [entry]);
        await PostAsync(store, "p-2", [entry]);

        var history = await new LedgerReader(store).LoadLedgerAsync([entry.TraceId], Cancel);

        Assert.Single(history.Standing);
        Assert.Single(history.Surplus);
    }

    [Fact]
    public async Task A_posting_is_counted_per_table_and_its_rows_are_named()
    {
        await using var store = await engine.NewStoreAsync();
        await PostAsync(store, "node-1", [LedgerEntries.Create(1), LedgerEntries.Create(2)]);
        var reader = new PostingReader(store);

        var there = await reader.CountAsync(["node-1", "node-9"], DateTimeOffset.UnixEpoch, Cancel);
        var keys = await reader.KeysAsync("node-1", "cost_ledger", Cancel);

        Assert.Equal(new Dictionary<(string, string), long> { [("node-1", "cost_ledger")] = 2 }, there);
        Assert.Equal([LedgerEntries.Create(1).EntryId, LedgerEntries.Create(2).EntryId], keys.Order());
        Assert.Empty(await reader.KeysAsync("node-9", "trace_facts", Cancel));
        Assert.Empty(await reader.CountAsync(["node-1"], DateTimeOffset.FromUnixTimeMilliseconds(long.MaxValue >> 20), Cancel));
    }

    [Fact]
    public async Task Unpriced_usage_lists_what_is_at_risk()
    {
        await using var store = await engine.NewStoreAsync();
        await PostAsync(store, "p-1",
        [
            LedgerEntries.Create(1, entry => SetStatus(entry, "m-unknown", PriceStatus.UnpricedModel, null)),
            LedgerEntries.Create(2, entry => SetStatus(entry, "m-partly", PriceStatus.UnpricedUnit, UsageUnits.OutputTokens)),
            LedgerEntries.Create(3, entry => SetStatus(entry, "m-priced", PriceStatus.Priced, null)),
        ]);

        var rows = await store.AskAsync(
            "SELECT provider, model, unit, quantity, calls, reason FROM unpriced_usage ORDER BY model, unit");

        Assert.Equal(
            """
            openai	m-partly	output_tokens	50	1	unpriced_unit
            openai	m-unknown	cache_read_tokens	20	1	unpriced_model
            openai	m-unknown	cache_write_1h_tokens	4	1	unpriced_model
            openai	m-unknown	cache_write_tokens	3	1	unpriced_model
            openai	m-unknown	input_tokens	101	1	unpriced_model
            openai	m-unknown	output_tokens	50	1	unpriced_model
            openai	m-unknown	pages	2	1	unpriced_model
            openai	m-unknown	reasoning_tokens	6	1	unpriced_model
            openai	m-unknown	web_searches	1	1	unpriced_model
            """, rows);

        static void SetStatus(LedgerEntry entry, string model, PriceStatus status, string? unit)
        {
            entry.Model = model;
            entry.Cost.Status = status;
            entry.Cost.UnpricedUnit = unit;
        }
    }

    [Fact]
    public async Task Looking_up_a_trace_reads_a_few_granules_only()
    {
        await using var store = await engine.NewStoreAsync();
        await PostAsync(store, "p-1",
            [.. Enumerable.Range(0, 60_000).Select(i => LedgerEntries.Create(i, entry => entry.CustomerId = $"c-{i / 1000}"))]);

        var plan = await store.AskAsync(
            $"EXPLAIN indexes = 1 SELECT count() FROM cost_ledger WHERE trace_id = '{new TraceId(0xaaaa, 500)}'");

        var index = plan[plan.IndexOf("by_trace", StringComparison.Ordinal)..];
        var granules = index[index.IndexOf("Granules: ", StringComparison.Ordinal)..].Split('\n')[0];
        var (kept, total) = (int.Parse(granules["Granules: ".Length..].Split('/')[0]), int.Parse(granules.Split('/')[1]));
        Assert.True(kept <= 2 && total >= 7, granules);
    }

    internal static async Task PostAsync(IClickHouseTransport store, string postingId, IReadOnlyList<LedgerEntry> entries)
    {
        using var block = new CostLedgerBlock();
        block.Append(entries);
        await store.InsertAsync(block.ToInsert($"{postingId}/{block.Table}"), Cancel);
    }

    private static async Task AssertRollupEqualsLedgerAsync(IClickHouseTransport store)
    {
        var keys = Dimensions.Replace("toStartOfHour(event_time) AS hour", "hour", StringComparison.Ordinal);
        var fromLedger = await store.AskAsync(
            $"SELECT {Dimensions}, {Measures}, sum(sign) FROM cost_ledger GROUP BY {keys} ORDER BY ALL");
        var fromRollup = await store.AskAsync(
            $"SELECT {keys}, {Measures}, sum(entries) FROM cost_hourly GROUP BY {keys} ORDER BY ALL");
        Assert.Equal(fromLedger, fromRollup);
    }
}
