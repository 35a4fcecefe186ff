using System.Globalization;
using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Adjustments;
using CostAttribution.StoreTests.Auditing;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Adjustments;

/// <summary>Terms of rate cards, from the published file to the rows, with the real pipeline and the real engine.</summary>
public sealed class AdjustmentTests(EngineFixture engine)
{
    private const string Calls = "SELECT count(), sum(calls), sum(cost) FROM workflow_runs";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // A call is 100 input tokens at 0.1 and 10 output tokens at 0.152028 millionths of a dollar. Noon: the calls share a day.
    private static DateTimeOffset Noon => new(TimeProvider.System.GetUtcNow().AddDays(-2).Date.AddHours(12), TimeSpan.Zero);

    [Fact]
    public async Task An_allowance_is_posted_once_then_only_what_late_usage_or_a_corrected_term_changes()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await OfferAsync(rig, ("a1", "acme"), ("a2", "acme"), ("a3", "globex"));
        using var bench = await AdjustmentBench.StartAsync(rig, "{ id: gift, kind: allowance, unit: input_tokens, quantity: 150, period: day }");
        var runs = await store.AskAsync(Calls);

        var dry = await bench.RunAsync(new AdjustmentRequest { DryRun = true });
        Assert.Equal(0, await bench.RowsAsync());
        var first = await bench.RunAsync();

        Assert.Equal(["acme,gift,-0.00001", "globex,gift,-0.000005"], await AdjustmentBench.LinesAsync(store));
        Assert.Equal((2, "-0.000015000000"), (first.RowsPosted, first.Difference));
        Assert.Equal((dry.RowsPosted, dry.Difference), (first.RowsPosted, first.Difference));
        var settlement = (await new SettlementLog(store).ListAsync(Noon, Noon.AddDays(1), "gift", 10, Cancel)).First(some => some.Lines > 0);
        Assert.Equal(("300", "0.000030000000", "0.000015000000", SettlementState.Final),
            (settlement.Quantity, settlement.Before, settlement.Settled, settlement.State));
        Assert.Equal(["150 of input_tokens"], [$"{settlement.Steps[0].Quantity} of {settlement.Unit}"]);
        Assert.Equal((0, 0), ((await bench.RunAsync()).RowsPosted, (await bench.RunAsync()).PeriodsChanged));

        // Of 400 tokens 150 are free: each group's part changes, and what is corrected is taken back first.
        await OfferAsync(rig, ("a4", "globex"));
        var late = await bench.RunAsync();
        Assert.Equal((4, "0.000000000000"), (late.RowsPosted, late.Difference));
        Assert.Equal(["acme,gift,-0.0000075", "globex,gift,-0.0000075"], await AdjustmentBench.LinesAsync(store));

        await bench.PublishAsync("{ id: gift, kind: allowance, unit: input_tokens, quantity: 300, period: day }");
        Assert.Equal("-0.000015000000", (await bench.RunAsync()).Difference);
        Assert.Equal(["acme,gift,-0.000015", "globex,gift,-0.000015"], await AdjustmentBench.LinesAsync(store));

        await bench.PublishAsync("{ id: gift, kind: allowance, unit: input_tokens, quantity: 300, period: day, to: 2026-01-01 }");
        Assert.Equal(SettlementState.Withdrawn, (await bench.RunAsync()).Settlements.Single().State);
        Assert.Empty(await AdjustmentBench.LinesAsync(store));
        Assert.Equal(runs.Split('\t')[0], $"{int.Parse((await store.AskAsync(Calls)).Split('\t')[0], CultureInfo.InvariantCulture) - 1}");
        await CleanAsync(rig);
    }

    [Fact]
    public async Task Tiers_count_into_a_minimum_and_that_into_a_commitment_and_a_dry_run_says_the_same()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await OfferAsync(rig, ("a1", "acme"), ("a2", "globex"));
        var month = new DateTime(Noon.Year, Noon.Month, 1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        using var bench = await AdjustmentBench.StartAsync(rig);
        await bench.PublishAsync("{ id: volume, kind: volume_tiers, unit: output_tokens, tiers: [{ above: 10, factor: \"0.5\" }] }\n"
            + "{ id: floor, kind: minimum_charge, amount: \"1.00\" }\n"
            + $"{{ id: promise, kind: commitment, amount: \"2.00\", currency: EUR, from: {month} }}",
            "fx: [{ currency: EUR, from: 2020-01-01, usd: \"1.5\" }]\n");
        var range = new AdjustmentRequest { From = Noon, To = Noon.AddSeconds(1) };

        // While the month goes on, quantities are settled if that is asked for; amounts are owed at its end.
        Assert.Equal((0, 3), ((await bench.RunAsync(range)).RowsPosted, (await bench.RunAsync(range)).PeriodsPending));
        var open = await bench.RunAsync(range with { Open = true });
        Assert.Equal((SettlementState.Provisional, 2L), (open.Settlements.Single().State, open.RowsPosted));

        bench.Clock.Ahead = TimeSpan.FromDays(60);
        var dry = await bench.RunAsync(range with { DryRun = true });
        var done = await bench.RunAsync(range);

        Assert.Equal(["acme,floor,0.49998885979", "acme,promise,1", "acme,volume,-0.00000038007",
            "globex,floor,0.49998885979", "globex,promise,1", "globex,volume,-0.00000038007"], await AdjustmentBench.LinesAsync(store));
        Assert.Equal("3", await store.AskAsync("SELECT sum(cost) FROM cost_ledger"));
        Assert.Equal(dry.Settlements.Select(Figures), done.Settlements.Select(Figures));
        Assert.Equal("3/2", done.Settlements.Single(some => some.Term == "promise").ExchangeRate);
        Assert.Equal(0, (await bench.RunAsync(range)).RowsPosted);
        await CleanAsync(rig);

        static string Figures(SettlementReport some) => $"{some.Term} {some.Before} {some.Settled} {some.Adjustment} {some.Lines}";
    }

    [Fact]
    public async Task Capacity_is_borne_by_the_calls_it_served_and_by_nobody_where_there_were_none()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        using var bench = await AdjustmentBench.StartAsync(rig);
        var day = Noon.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        await bench.PublishAsync($"{{ id: held, kind: capacity, quantity: 3, amount: \"2.00\", from: {day}, card: ptu }}",
            "cards:\n  - { id: ptu, match: [gpt-4.1-2025-04-14], layer: contract, free: true, scope: { customers: [acme] } }\n");
        await OfferAsync(rig, ("a1", "acme"), ("a2", "globex"));

        bench.Clock.Ahead = TimeSpan.FromDays(1);
        var done = await bench.RunAsync(new AdjustmentRequest { From = Noon, To = Noon.AddHours(14) });

        Assert.Equal([",held,144", "acme,held,144"], await AdjustmentBench.LinesAsync(store));
        Assert.Equal(["0.000000000000", "144.000000000000"], done.Settlements.Select(some => some.Unallocated).Order());
        Assert.Equal(["24", "24"], done.Settlements.Select(some => some.Steps[0].Quantity));
        Assert.Equal(0, (await bench.RunAsync(new AdjustmentRequest { From = Noon, To = Noon.AddHours(14) })).RowsPosted);
        await CleanAsync(rig);
    }

    [Fact]
    public async Task A_unit_whose_cost_stands_with_that_of_others_is_told_apart_by_the_book_of_its_row()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        using var bench = await AdjustmentBench.StartAsync(rig);
        await bench.PublishAsync("{ id: gift, kind: allowance, unit: web_searches, quantity: 4, period: day }",
            "cards:\n  - { id: art, match: [art], rates: { web_searches: 0.03 per 1, images: 0.70 per 1, pages: 0.001 per 1 } }\n");
        LedgerEntry[] rows =
        [
            Row(1, "acme", [new("images", 3), new("web_searches", 2)]), Row(2, "acme", [new("web_searches", 4)]),
            Row(3, "globex", [new("images", 1), new("pages", 5), new("web_searches", 2)]), Row(4, "globex", [new("images", 9)]),
            // No price for characters: what the row's searches cost is known all the same.
            Row(5, "initech", [new("characters", 7), new("web_searches", 2)]),
        ];
        await Ledger.CostLedgerTests.PostAsync(store, "p-1", rows);
        // A dearer book from now on changes nothing of what stands.
        await bench.PublishAsync("", "cards:\n  - { id: art, match: [art], rates: { web_searches: 0.09 per 1, images: 0.01 per 1, pages: 5 per 1 } }\n");

        var done = await bench.RunAsync();

        Assert.Equal(["acme,gift,-0.072", "globex,gift,-0.024", "initech,gift,-0.024"], await AdjustmentBench.LinesAsync(store));
        Assert.Equal(("10", "0.300000000000"), (done.Settlements.Single().Quantity, done.Settlements.Single().Before));

        LedgerEntry Row(int number, string customer, UnitQuantity[] units)
        {
            var entry = new LedgerEntry
            {
                EntryId = (UInt128)number, PostingId = "p-1", EventTimeMicros = Noon.ToUnixTimeMilliseconds() * 1000,
                AccountingDay = (ushort)(Noon.ToUnixTimeSeconds() / 86_400), TraceId = new TraceId(1, (ulong)number), SpanId = new SpanId(1),
                RunId = "r", Provider = "openai", Model = "art", CustomerId = customer, CustomerEvidence = Evidence.Own, Calls = 1,
                PostedAtMillis = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
            };
            entry.Usage.OtherUnits = units;
            EntryPricing.Price(entry, rig.Snapshots.Current.Rates);
            return entry;
        }
    }

    [Fact]
    public async Task What_customers_bear_sums_to_every_settlement_over_a_whole_workload()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 21, spans: 1_500);
        using var bench = await AdjustmentBench.StartAsync(rig,
            "{ id: v1, kind: volume_tiers, unit: input_tokens, tiers: [{ above: 1000, factor: \"0.77\" }, { above: 70001, price: 0.0717 per 1M }] }\n"
            + "{ id: v2, kind: volume_tiers, unit: output_tokens, mode: whole, match: [{ prefix: gpt-5 }], tiers: [{ above: 7, factor: \"0.333\" }] }\n"
            + "{ id: g1, kind: allowance, unit: cache_read_tokens, quantity: 997, period: day }\n"
            + "{ id: m1, kind: minimum_charge, amount: \"7.77\" }", new AdjustmentOptions { RowsHeldMax = 100 });
        bench.Clock.Ahead = TimeSpan.FromDays(60);
        var range = new AdjustmentRequest { From = Noon.AddDays(1), To = Noon.AddDays(2) };

        var done = await bench.RunAsync(range);

        Assert.Equal(4, done.Settlements.DistinctBy(some => some.Term).Count());
        foreach (var settlements in done.Settlements.GroupBy(some => some.Term))
        {
            var (term, sum) = (settlements.Key, settlements.Sum(one => Amount(one.Adjustment)));
            Assert.NotEqual(0m, sum);
            Assert.Equal(sum, Amount(await store.AskAsync($"SELECT sum(cost) FROM cost_ledger WHERE cost_kind = 'adjustment' AND cost_item = '{term}'")));
        }
        // The settlement of each term, by another way: from the sums of the ledger.
        Assert.Equal("1", await store.AskAsync("SELECT round(sumIf(cost, cost_item = 'v2')::Float64 / sumIf(output_cost, cost_kind = 'usage' AND "
            + "startsWith(model, 'gpt-5') AND provider = 'openai')::Float64, 6) = round(-0.667, 6) FROM cost_ledger"));
        var (rows, sums) = (await bench.RowsAsync(), await rig.SumsAsync());
        Assert.Equal(done.RowsPosted, rows);
        Assert.Equal((0, rows, sums), ((await bench.RunAsync(range)).RowsPosted, await bench.RowsAsync(), await rig.SumsAsync()));
        await CleanAsync(rig);
    }

    [Fact]
    public async Task A_run_that_is_cut_off_is_gone_on_with_and_posts_nothing_twice()
    {
        await using var store = await engine.NewStoreAsync();
        const string terms = "{ id: t1, kind: allowance, unit: input_tokens, quantity: 50, period: day }\n"
            + "{ id: t2, kind: allowance, unit: output_tokens, quantity: 5, period: day }";
        AdjustmentReport cut;
        await using (var rig = await AuditRig.StartAsync(store))
        {
            await OfferAsync(rig, ("a1", "acme"), ("a2", "globex"));
            using var bench = await AdjustmentBench.StartAsync(rig, terms);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            bench.Clock.OnRead = () =>
            {
                if (bench.Adjuster.Current is { RowsPosted: > 0 }) stop.Cancel();
            };
            cut = (await bench.Adjuster.RunAsync(new AdjustmentRequest(), stop.Token)).Report!;
        }
        Assert.Equal((AdjustmentState.Failed, 2), (cut.State, cut.RowsPosted));

        await using var next = await AuditRig.StartAsync(store);
        using var resumed = await AdjustmentBench.StartAsync(next);
        var rest = await resumed.RunAsync();

        Assert.Equal((2, 1), (rest.RowsPosted, rest.PeriodsChanged));
        Assert.Equal(["acme,t1,-0.0000025", "acme,t2,-0.00000038007", "globex,t1,-0.0000025", "globex,t2,-0.00000038007"],
            await AdjustmentBench.LinesAsync(store));
        await CleanAsync(next);
    }

    [Fact]
    public async Task Scheduled_runs_look_at_what_changed_alone_and_a_new_price_is_settled_by_the_next()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await OfferAsync(rig, ("a1", "acme"));
        using var bench = await AdjustmentBench.StartAsync(rig, "{ id: gift, kind: allowance, unit: input_tokens, quantity: 50, period: day }");

        Assert.Equal(1, (await bench.Adjuster.RunDueAsync(Cancel))!.RowsPosted);
        // What was posted within the margin is looked at again; nothing differs.
        Assert.Equal(0, (await bench.Adjuster.RunDueAsync(Cancel))!.RowsPosted);
        bench.Clock.Ahead = TimeSpan.FromHours(7);
        await bench.Adjuster.RunDueAsync(Cancel);
        bench.Clock.Ahead = TimeSpan.FromHours(14);
        Assert.Equal(0, (await bench.Adjuster.RunDueAsync(Cancel))!.RowsPosted);

        await bench.PublishAsync("", "cards:\n  - { id: dear, match: [gpt-4.1-2025-04-14], layer: contract, list_factor: \"2\" }\n");
        using var repricer = bench.Repricer();
        Assert.Equal(1, (await repricer.RunAsync(new RepricingRequest { Kind = RepricingKind.Apply }, Cancel)).Report!.RowsChanged);
        Assert.Equal("-0.000005000000", (await bench.Adjuster.RunDueAsync(Cancel))!.Difference);
        Assert.Equal(["acme,gift,-0.00001"], await AdjustmentBench.LinesAsync(store));
        await CleanAsync(rig);
    }

    [Fact]
    public async Task Of_the_nodes_of_a_store_one_settles_and_the_others_name_it()
    {
        await using var store = await engine.NewStoreAsync();
        await using var one = await AuditRig.StartAsync(store, "node-1");
        await using var two = await AuditRig.StartAsync(store, "node-2");
        await OfferAsync(one, ("a1", "acme"));
        const string terms = "{ id: gift, kind: allowance, unit: input_tokens, quantity: 50, period: day }";
        using var first = await AdjustmentBench.StartAsync(one, terms);
        using var second = await AdjustmentBench.StartAsync(two);
        await one.BeatAsync();
        await two.BeatAsync();

        var starts = await Task.WhenAll(first.Adjuster.RunAsync(new AdjustmentRequest(), Cancel), second.Adjuster.RunAsync(new AdjustmentRequest(), Cancel));

        var refused = Assert.Single(starts, start => start.Report is null);
        Assert.Equal(1, Assert.Single(starts, start => start.Report is not null).Report!.RowsPosted);
        Assert.Matches("node node-[12] settles the terms of this store; ask it", refused.Fault);
        Assert.Equal(1, await first.RowsAsync());
    }

    [Fact]
    public async Task A_copy_of_an_adjustment_is_taken_back_by_the_next_run_over_its_period()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await OfferAsync(rig, ("a1", "acme"));
        using var bench = await AdjustmentBench.StartAsync(rig, "{ id: gift, kind: allowance, unit: input_tokens, quantity: 50, period: day }");
        await bench.RunAsync();
        await store.AskAsync("INSERT INTO cost_ledger SELECT * REPLACE ('copy' AS posting_id) FROM cost_ledger WHERE cost_kind = 'adjustment'");
        Assert.Equal(["acme,gift,-0.00001"], await AdjustmentBench.LinesAsync(store));

        Assert.Equal(1, (await bench.RunAsync()).RowsPosted);

        Assert.Equal(["acme,gift,-0.000005"], await AdjustmentBench.LinesAsync(store));
        await CleanAsync(rig);
    }

    [Fact]
    public async Task More_groups_than_the_limit_are_refused_by_name_and_nothing_is_posted()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await OfferAsync(rig, ("a1", "acme"), ("a2", "globex"));
        using var bench = await AdjustmentBench.StartAsync(rig, "{ id: gift, kind: allowance, unit: input_tokens, quantity: 50, period: day }",
            new AdjustmentOptions { GroupsMax = 1 });

        var done = await bench.RunAsync();

        var refused = Assert.Single(done.Settlements);
        Assert.Equal((SettlementState.Refused, 1, 0), (refused.State, done.PeriodsRefused, await bench.RowsAsync()));
        Assert.Contains("Adjustments:GroupsMax", refused.Failure, StringComparison.Ordinal);
    }

    private static decimal Amount(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    private static async Task OfferAsync(AuditRig rig, params (string Id, string Customer)[] calls)
    {
        var before = await rig.Store.AskAsync("SELECT sum(toInt64(calls)) FROM cost_ledger");
        foreach (var (id, customer) in calls) await rig.OfferAsync(AuditRig.Trace(id, customer, Noon));
        await rig.SettledAsync(long.Parse(before, CultureInfo.InvariantCulture) + calls.Length);
    }

    private static async Task CleanAsync(AuditRig rig)
    {
        var audit = await rig.AuditAsync();
        Assert.True(audit.IsClean, audit.ToJson(indented: true));
    }
}
