using System.Globalization;
using CostAttribution.ClickHouse.Rates;
using CostAttribution.ClickHouse.Repricing;
using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Rates;
using CostAttribution.Ingest.Repricing;
using CostAttribution.StoreTests.Auditing;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Pricing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.StoreTests.Repricing;

/// <summary>Prices that change, from the publication to the corrections, with the real pipeline and the real engine.</summary>
public sealed class RepricingTests(EngineFixture engine)
{
    private const string Usage = "SELECT customer_id, model, sum(calls), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), " +
        "sum(reasoning_tokens), count() > 0 FROM cost_ledger GROUP BY customer_id, model ORDER BY customer_id, model";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly RepricingRequest Apply = new() { Kind = RepricingKind.Apply };
    private static readonly RepricingRequest DryRun = new() { Kind = RepricingKind.DryRun };

    [Fact]
    public async Task What_a_dry_run_counts_is_what_is_posted_and_the_second_time_there_is_nothing_to_post()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 11, spans: 1_500);
        using var node = await Node.StartAsync(rig);
        var (usage, rows) = (await store.AskAsync(Usage), await CountAsync(rig));

        var told = await node.Publisher.PublishAsync([Dearer("gpt-5-2025-08-07", "claude-sonnet-4-5-20250929")], dryRun: false, Cancel);
        Assert.Empty(told.Faults);
        var dry = await node.RunAsync(DryRun);
        Assert.Equal(rows, await CountAsync(rig));
        var done = await node.RunAsync(Apply);

        Assert.True(dry.RowsChanged > 20, $"{dry.RowsChanged} rows differ");
        Assert.Equal((RepricingState.Completed, dry.RowsChanged, dry.Difference), (done.State, done.RowsChanged, done.Difference));
        Assert.Equal((dry.CostBefore, dry.CostAfter), (done.CostBefore, done.CostAfter));
        Assert.Equal(dry.Groups, done.Groups);
        Assert.Equal((0, 0, 0), (done.TracesOpen, done.TracesLeft, done.RowsUnreadable));
        Assert.Equal(Lines(dry), await PostedAsync(rig));
        Assert.Equal(usage, await store.AskAsync(Usage));
        Assert.Equal(rows + 2 * dry.RowsChanged, await CountAsync(rig));

        var again = await node.RunAsync(Apply);
        Assert.Equal((0, rows + 2 * dry.RowsChanged), (again.RowsChanged, await CountAsync(rig)));
        Assert.Equal("0.000000000000", (await node.RunAsync(DryRun)).Difference);
        var audit = await rig.AuditAsync();
        Assert.True(audit.IsClean, audit.ToJson(indented: true));
        Assert.Equal(rows + 2 * dry.RowsChanged, await CountAsync(rig));
    }

    [Fact]
    public async Task One_that_is_cut_off_goes_on_with_the_next_start_and_posts_each_correction_once()
    {
        await using var store = await engine.NewStoreAsync();
        RepricingReport dry, cut;
        long rows;
        var correction = Dearer("gpt-5-2025-08-07", "gpt-4.1-2025-04-14", "claude-opus-4-1-20250805", "claude-sonnet-4-5-20250929");
        await using (var rig = await AuditRig.StartAsync(store))
        {
            await rig.FillAsync(seed: 12, spans: 1_500);
            using var node = await Node.StartAsync(rig, rowsHeldMax: 40);
            await node.Publisher.PublishAsync([correction], dryRun: false, Cancel);
            dry = await node.RunAsync(DryRun);
            rows = await CountAsync(rig);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var running = node.Repricer.RunAsync(Apply, stop.Token);
            await rig.UntilAsync(() => node.Repricer.Current is { RowsChanged: > 0 } or null);
            await stop.CancelAsync();
            cut = (await running).Report!;
        }
        Assert.Equal(RepricingState.Running, cut.State);
        Assert.InRange(cut.RowsChanged, 1, dry.RowsChanged - 1);

        await using var next = await AuditRig.StartAsync(store);
        using var resumed = await Node.StartAsync(next, rowsHeldMax: 40);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var queue = resumed.Repricer.RunQueueAsync(ended.Token);
        await next.UntilAsync(() => resumed.Repricer.Last is not null);
        await ended.CancelAsync();
        await queue;

        Assert.Equal((cut.Id, RepricingState.Completed), (resumed.Repricer.Last!.Id, resumed.Repricer.Last.State));
        Assert.Equal(Lines(dry), await PostedAsync(next));
        Assert.Equal(rows + 2 * dry.RowsChanged, await CountAsync(next));
        Assert.Equal(0, (await resumed.RunAsync(DryRun)).RowsChanged);
    }

    [Fact]
    public async Task Spans_that_come_late_keep_the_new_price_and_what_they_add_costs_by_the_same_book()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        var start = TimeProvider.System.GetUtcNow().AddHours(-3);
        await rig.OfferAsync(AuditRig.Trace("a1", "acme", start));
        await rig.OfferAsync(AuditRig.Trace("a2", "acme", start));
        await rig.SettledAsync(2);
        using var node = await Node.StartAsync(rig);
        await node.Publisher.PublishAsync([Dearer("gpt-4.1-2025-04-14")], dryRun: false, Cancel);
        Assert.Equal(2, (await node.RunAsync(Apply)).RowsChanged);
        var before = await store.AskAsync("SELECT sum(cost), sum(sign), uniqExact(rate_book_version) FROM cost_ledger");

        // The same span again says nothing new; one that says more is corrected at the price that stands by now.
        await rig.OfferAsync(AuditRig.Trace("a1", "acme", start));
        await rig.OfferAsync(AuditRig.Trace("a3", "acme", start));
        await rig.SettledAsync(3);

        var price = await store.AskAsync("SELECT sum(cost), sum(sign), sum(calls) FROM cost_ledger WHERE trace_id LIKE 'a1%' OR trace_id LIKE 'a2%'");
        Assert.Equal(before.Split('\t')[..2], price.Split('\t')[..2]);
        Assert.Equal("1", await store.AskAsync("SELECT uniqExact(net) FROM (SELECT trace_id, sum(cost) AS net FROM cost_ledger GROUP BY trace_id)"));
        Assert.Equal(0, (await node.RunAsync(DryRun)).RowsChanged);
        var audit = await rig.AuditAsync();
        Assert.True(audit.IsClean, audit.ToJson(indented: true));
    }

    [Fact]
    public async Task Spans_that_arrive_meanwhile_end_at_the_new_price_and_none_is_posted_twice()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 13, spans: 800);
        using var node = await Node.StartAsync(rig, rowsHeldMax: 40);
        await node.Publisher.PublishAsync([Dearer("gpt-4.1-2025-04-14", "gpt-5-2025-08-07", "claude-opus-4-1-20250805")], dryRun: false, Cancel);
        var calls = long.Parse(await store.AskAsync("SELECT sum(toInt64(calls)) + sum(toInt64(failed_calls)) FROM cost_ledger"), CultureInfo.InvariantCulture);
        var start = TimeProvider.System.GetUtcNow().AddHours(-3);

        var running = node.RunAsync(Apply);
        string[] ids = ["b1", "b2", "b3", "b4", "b5", "b6"];
        foreach (var id in ids)
        {
            await rig.OfferAsync(AuditRig.Trace(id, "", start));
            await rig.OfferAsync(AuditRig.Trace(id, "acme", start));
        }
        var done = await running;
        await rig.SettledAsync(calls + ids.Length);

        Assert.Equal(RepricingState.Completed, done.State);
        Assert.Equal(0, (await node.RunAsync(DryRun)).RowsChanged);
        Assert.Equal("0", await store.AskAsync("SELECT count() FROM (SELECT trace_id, span_id, cost_item FROM cost_ledger " +
            "GROUP BY ALL HAVING sum(sign) NOT IN (0, 1))"));
        var audit = await rig.AuditAsync();
        Assert.True(audit.IsClean, audit.ToJson(indented: true));
    }

    [Fact]
    public async Task What_if_tells_what_re_pricing_would_and_posts_nothing()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        await rig.FillAsync(seed: 14, spans: 800);
        using var node = await Node.StartAsync(rig);
        var rows = await CountAsync(rig);
        var files = Dearer("gpt-5-2025-08-07");

        var whatIf = await node.RunAsync(new RepricingRequest { Kind = RepricingKind.WhatIf, Files = [files] });
        Assert.Equal(rows, await CountAsync(rig));
        await node.Publisher.PublishAsync([files], dryRun: false, Cancel);
        var dry = await node.RunAsync(DryRun);

        Assert.True(dry.RowsChanged > 0);
        Assert.Equal((dry.RowsChanged, dry.CostBefore, dry.CostAfter), (whatIf.RowsChanged, whatIf.CostBefore, whatIf.CostAfter));
        Assert.Equal(dry.Groups, whatIf.Groups);
    }

    [Fact]
    public async Task Calls_moved_to_another_model_cost_what_it_costs_and_what_has_no_price_is_listed()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        var start = TimeProvider.System.GetUtcNow().AddHours(-3);
        await rig.OfferAsync(AuditRig.Trace("a1", "acme", start));
        await rig.SettledAsync(1);
        using var node = await Node.StartAsync(rig);
        var rows = await CountAsync(rig);

        var moved = await node.RunAsync(Move("", "anthropic", "claude-opus-4-1-20250805"));
        var unknown = await node.RunAsync(Move("openai", "openai", "no-such-model"));
        var other = await node.RunAsync(Move("anthropic", "openai", "gpt-5-2025-08-07"));

        var (before, after) = (TestRates.CostOf("gpt-4.1-2025-04-14", Tokens), TestRates.CostOf("claude-opus-4-1-20250805", Tokens));
        Assert.Equal((new Money(before).ToString(), new Money(after).ToString()), (moved.CostBefore, moved.CostAfter));
        Assert.Equal(("acme", "openai", "gpt-4.1-2025-04-14", 1L),
            (moved.Groups.Single().Customer, moved.Groups.Single().Provider, moved.Groups.Single().Model, moved.Groups.Single().Calls));
        Assert.Equal(new RepricingGap("openai", "no-such-model", "", 1, 110), unknown.Unpriced.Single());
        Assert.Equal(0, other.RowsChanged);
        Assert.Equal(rows, await CountAsync(rig));

        static RepricingRequest Move(string from, string toProvider, string to) => new()
        {
            Kind = RepricingKind.WhatIf, Moves = [new RepricingMove(from, "gpt-4.1-2025-04-14", toProvider, to)],
        };
    }

    [Fact]
    public async Task Only_what_is_asked_for_is_corrected_and_an_earlier_book_can_be_gone_back_to()
    {
        await using var store = await engine.NewStoreAsync();
        await using var rig = await AuditRig.StartAsync(store);
        var start = new DateTimeOffset(TimeProvider.System.GetUtcNow().AddDays(-2).Date, TimeSpan.Zero);
        await rig.OfferAsync(AuditRig.Trace("a1", "acme", start));
        await rig.OfferAsync(AuditRig.Trace("a2", "acme", start.AddDays(1)));
        await rig.OfferAsync(AuditRig.Trace("a3", "globex", start));
        await rig.SettledAsync(3);
        using var node = await Node.StartAsync(rig);
        var first = node.Snapshots.Current.Rates.Version;
        await rig.Pipeline.WhileQuietAsync(_ => Task.FromResult(0), Cancel);
        var sums = await rig.SumsAsync();
        await node.Publisher.PublishAsync([Dearer("gpt-4.1-2025-04-14")], dryRun: false, Cancel);

        var some = await node.RunAsync(Apply with { From = start, To = start.AddDays(1), Customer = "acme" });

        Assert.Equal(["a1"], (await store.AskAsync("SELECT DISTINCT substring(trace_id, 1, 2) FROM cost_ledger WHERE reason = 'reprice'")).Split('\n'));
        Assert.Equal(1, some.RowsChanged);
        Assert.Equal(2, (await node.RunAsync(Apply)).RowsChanged);
        var back = await node.RunAsync(Apply with { RateBookVersion = first });
        Assert.Equal((3, RepricingState.Completed), (back.RowsChanged, back.State));
        Assert.Equal(sums, await rig.SumsAsync());
        Assert.NotEmpty((await node.Repricer.RunAsync(Apply with { RateBookVersion = 1 }, Cancel)).Faults);
    }

    private static readonly Workload.TruthTotals Tokens = new() { InputTokens = 100, OutputTokens = 10 };

    // The cards of some models, published again at the double.
    private static RateFile Dearer(params string[] models)
    {
        var parts = TestRates.Yaml.Split("  - id:");
        var head = string.Join('\n', parts[0].Split('\n').Where(line => !line.StartsWith("recorded_at", StringComparison.Ordinal)));
        var cards = parts[1..].Where(card => models.Any(model => card.Contains($"\"{model}\"", StringComparison.Ordinal)));
        return new RateFile("dearer.yaml", head + string.Concat(cards.Select(card => "  - id:" + string.Join('\n', card.Split('\n').Select(Doubled)))));

        static string Doubled(string line) => line.Split(": ") is [var unit, var price] && price.EndsWith(" per 1M", StringComparison.Ordinal)
            ? $"{unit}: {new Money(Money.Parse(price[..^7]).PicoUsd * 2)} per 1M" : line;
    }

    private static async Task<long> CountAsync(AuditRig rig) =>
        long.Parse(await rig.Store.AskAsync("SELECT count() FROM cost_ledger"), CultureInfo.InvariantCulture);

    private static string Lines(RepricingReport report) => string.Join('\n', report.Groups
        .Where(group => group.Difference != "0.000000000000")
        .Select(group => $"{group.Customer}|{group.Provider}|{group.Model}|{group.Day}|{group.Rows}|{group.Difference}").Order(StringComparer.Ordinal));

    private static async Task<string> PostedAsync(AuditRig rig) => string.Join('\n', (await rig.Store.AskAsync(
        "SELECT concat(customer_id, '|', provider, '|', model, '|', toString(toDate(event_time)), '|', toString(countIf(sign = 1)), '|', " +
        "toString(toDecimalString(sum(cost), 12))) FROM cost_ledger WHERE reason = 'reprice' " +
        "GROUP BY customer_id, provider, model, toDate(event_time) HAVING sum(cost) != 0")).Split('\n').Order(StringComparer.Ordinal));

    private sealed class Node : IDisposable
    {
        public required RateBookPublisher Publisher { get; init; }
        public required Repricer Repricer { get; init; }
        public required CostingSnapshots Snapshots { get; init; }

        public static async Task<Node> StartAsync(AuditRig rig, int rowsHeldMax = StandingRows.RowsMax)
        {
            var publisher = new RateBookPublisher(new RateBookParts
            {
                Store = rig.Store, Files = [("test.yaml", TestRates.Yaml)], NodeId = rig.Node, Clock = TimeProvider.System,
            });
            var loaded = await publisher.LoadAsync(Cancel);
            publisher.Attach(rig.Snapshots);
            var pair = new CostingPair(loaded.Book!, rig.Snapshots.Current.Attribution);
            await rig.Snapshots.PublishAsync(pair, new SnapshotArchive(rig.Store), TimeProvider.System, Cancel);
            return new Node
            {
                Publisher = publisher, Snapshots = rig.Snapshots,
                Repricer = new Repricer(new RepricerParts
                {
                    Pipeline = rig.Pipeline, Store = rig.Store, Snapshots = rig.Snapshots, Publisher = publisher, NodeId = rig.Node,
                    Clock = TimeProvider.System, Logger = NullLogger.Instance, RowsHeldMax = rowsHeldMax,
                }),
            };
        }

        public async Task<RepricingReport> RunAsync(RepricingRequest request)
        {
            var start = await Repricer.RunAsync(request, Cancel);
            Assert.Empty(start.Faults);
            return start.Report!;
        }

        public void Dispose()
        {
            Publisher.Dispose();
            Repricer.Dispose();
        }
    }
}
