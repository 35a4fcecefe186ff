using CostAttribution.ClickHouse.Rates;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Rates;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.StoreTests.Rates;

public sealed class RateBookPublisherTests(EngineFixture engine)
{
    private const string Shipped = """
        format: 1
        provider: acme
        recorded_at: 2026-01-01
        cards:
          - id: acme/large
            match: [large]
            rates: { input_tokens: 2.00 per 1M, output_tokens: 8.00 per 1M }
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_published_is_in_force_at_once_after_a_restart_and_on_other_nodes()
    {
        await using var store = await engine.NewStoreAsync();
        var clock = new ManualClock();
        using var here = await StartAsync(store, clock);
        using var there = await StartAsync(store, clock, "node-2");

        var told = await here.Publisher.PublishAsync([Correction("3.00")], dryRun: false, Cancel);

        Assert.True(told.InForce);
        Assert.Equal(["acme/large"], told.Changed);
        Assert.Equal("3.000000000000", here.Price());
        Assert.Equal("2.000000000000", there.Price());
        await there.Publisher.PollAsync(NullLogger.Instance, Cancel);
        Assert.Equal("3.000000000000", there.Price());
        using var restarted = await StartAsync(store, clock);
        Assert.Equal("3.000000000000", restarted.Price());
        Assert.Equal(told.RateBookVersion, restarted.Snapshots.Current.Rates.Version.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task What_was_known_before_a_publication_can_still_be_asked_for()
    {
        await using var store = await engine.NewStoreAsync();
        var clock = new ManualClock();
        using var node = await StartAsync(store, clock);
        var before = clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        clock.Advance(TimeSpan.FromDays(1));
        await node.Publisher.PublishAsync([Correction("3.00")], dryRun: false, Cancel);

        Assert.True(node.Publisher.Catalogue!.TryBookAt(before, [], out var then));

        Assert.Equal("2.000000000000", Price(then));
        Assert.Equal("3.000000000000", Price(node.Publisher.Catalogue.Current));
    }

    [Fact]
    public async Task A_dry_run_says_what_would_change_and_changes_nothing()
    {
        await using var store = await engine.NewStoreAsync();
        using var node = await StartAsync(store, new ManualClock());

        var told = await node.Publisher.PublishAsync([Correction("3.00")], dryRun: true, Cancel);

        Assert.False(told.InForce);
        Assert.Equal((1, "acme/large"), (told.CardsTouched, told.Changed.Single()));
        Assert.Equal("2.000000000000", node.Price());
        Assert.Equal("0", await store.AskAsync("SELECT count() FROM rate_documents"));
    }

    [Fact]
    public async Task The_same_file_again_is_nothing_new_and_a_changed_one_repeats_what_it_keeps()
    {
        await using var store = await engine.NewStoreAsync();
        var clock = new ManualClock();
        using var node = await StartAsync(store, clock);
        await node.Publisher.PublishAsync([Correction("3.00")], dryRun: false, Cancel);

        var again = await node.Publisher.PublishAsync([Correction("3.00")], dryRun: false, Cancel);
        var dated = Shipped.Replace("cards:", "cards:\n  - { id: acme/small, match: [small], rates: { input_tokens: 1.00 per 1M } }",
            StringComparison.Ordinal);
        var repeats = await node.Publisher.PublishAsync([new RateFile("repeats.yaml", dated)], dryRun: false, Cancel);

        Assert.Equal((again.PreviousVersion, 0), (again.RateBookVersion, again.Files.Count));
        Assert.Equal(["acme/small"], repeats.Added);
        Assert.Empty(repeats.Changed);
        Assert.Equal("3.000000000000", node.Price());
        Assert.Equal("2", await store.AskAsync("SELECT count() FROM rate_documents"));
    }

    [Theory]
    [InlineData("contradictory", "{ id: acme/other, match: [large], rates: { input_tokens: 1.00 per 1M } }")]
    [InlineData("dated alike", "{ id: acme/large, recorded_at: 2026-01-01, match: [large], rates: { input_tokens: 1.00 per 1M } }")]
    [InlineData("negative", "{ id: acme/new, match: [new], rates: { input_tokens: -1.00 per 1M } }")]
    [InlineData("reversed", "{ id: acme/new, match: [new], from: 2026-02-01, to: 2026-01-01, rates: { input_tokens: 1.00 per 1M } }")]
    [InlineData("unit", "{ id: acme/new, match: [new], rates: { input_toknes: 1.00 per 1M } }")]
    [InlineData("currency", "{ id: acme/new, currency: EUR, match: [new], rates: { input_tokens: 1.00 per 1M } }")]
    public async Task A_bad_card_is_refused_with_file_line_and_reason_and_the_book_in_force_stays(string kind, string card)
    {
        await using var store = await engine.NewStoreAsync();
        using var node = await StartAsync(store, new ManualClock());
        var before = node.Snapshots.Current;

        var told = await node.Publisher.PublishAsync(
            [new RateFile("good.yaml", Correction("3.00").Text), new RateFile("bad.yaml", $"format: 1\nprovider: acme\ncards:\n  - {card}\n")],
            dryRun: false, Cancel);

        Assert.False(told.InForce);
        Assert.Contains(told.Faults, fault => fault.Line == 4 && $"{fault.File}: {fault.Reason}".Contains("bad.yaml", StringComparison.Ordinal));
        Assert.True(ReferenceEquals(before, node.Snapshots.Current), kind);
        Assert.Equal("0", await store.AskAsync("SELECT count() FROM rate_documents"));
        using var restarted = await StartAsync(store, new ManualClock());
        Assert.Equal("2.000000000000", restarted.Price());
    }

    [Fact]
    public async Task Of_two_publications_that_contradict_each_other_the_later_is_refused()
    {
        await using var store = await engine.NewStoreAsync();
        var clock = new ManualClock();
        using var here = await StartAsync(store, clock);
        using var there = await StartAsync(store, clock, "node-2");
        const string one = "format: 1\nprovider: acme\ncards:\n  - { id: acme/ONE, match: [new], rates: { input_tokens: 1.00 per 1M } }\n";

        Assert.True((await here.Publisher.PublishAsync([new RateFile("one.yaml", one)], dryRun: false, Cancel)).InForce);
        var late = await there.Publisher.PublishAsync([new RateFile("two.yaml", one.Replace("ONE", "TWO", StringComparison.Ordinal))], dryRun: false, Cancel);

        Assert.NotEmpty(late.Faults);
        Assert.Equal(here.Snapshots.Current.Rates.Version, there.Snapshots.Current.Rates.Version);
    }

    [Fact]
    public async Task Contracts_rates_of_exchange_terms_and_withdrawals_are_known_from_their_publication_on_and_not_before()
    {
        await using var store = await engine.NewStoreAsync();
        var clock = new ManualClock();
        using var node = await StartAsync(store, clock);
        var known = new List<long>();
        var withdrawn = clock.GetUtcNow().AddDays(4).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        foreach (var file in new[]
        {
            "format: 1\nfx:\n  - { currency: EUR, from: 2026-01-01, usd: \"2.00\", source: x }\n",
            "format: 1\nprovider: acme\nlayer: contract\ncurrency: EUR\ncards:\n  - { id: acme/deal, from: 2026-01-01, match: [large], list_factor: \"1\", "
                + "rates: { input_tokens: 0.50 per 1M } }\nterms:\n  - { id: floor, from: 2026-01-01, kind: minimum_charge, amount: \"250.00\" }\n",
            "format: 1\nfx:\n  - { currency: EUR, from: 2026-01-01, usd: \"3.00\", source: x }\n",
            $"format: 1\nwithdrawals:\n  - {{ id: acme/deal, recorded_at: {withdrawn}, reason: cancelled }}\n"
                + $"  - {{ id: acme/large, recorded_at: {withdrawn}, reason: wrong }}\n",
        })
        {
            known.Add(Nanos(clock));
            clock.Advance(TimeSpan.FromDays(1));
            var told = await node.Publisher.PublishAsync([new RateFile($"{known.Count}.yaml", file)], dryRun: false, Cancel);
            Assert.Equal([], told.Faults);
        }
        known.Add(Nanos(clock));

        using var restarted = await StartAsync(store, clock);
        Assert.Equal(["2.000000000000 0 0", "2.000000000000 1 0", "1.000000000000 1 1", "1.500000000000 1 1", "unpriced 1 1"],
            known.Select(at =>
            {
                Assert.True(restarted.Publisher.Catalogue!.TryBookAt(at, [], out var book));
                Assert.True(node.Publisher.Catalogue!.TryBookAt(at, [], out var same));
                Assert.Equal(same.Version, book.Version);
                return $"{Price(book)} {book.FxRates.Count} {book.Terms.Count}";
            }));
        Assert.Equal("unpriced", restarted.Price());
    }

    [Fact]
    public async Task What_another_node_published_and_this_one_cannot_use_leaves_its_book_in_force()
    {
        await using var store = await engine.NewStoreAsync();
        var clock = new ManualClock();
        using var here = await StartAsync(store, clock);
        const string own = Shipped + "\n  - id: acme/own\n    match: [new]\n    rates: { input_tokens: 1.00 per 1M }\n";
        using var there = await StartAsync(store, clock, "node-2", own);
        var before = there.Snapshots.Current;
        const string other = "format: 1\nprovider: acme\ncards:\n  - { id: acme/other, match: [new], rates: { input_tokens: 9.00 per 1M } }\n";

        Assert.True((await here.Publisher.PublishAsync([new RateFile("other.yaml", other)], dryRun: false, Cancel)).InForce);
        await there.Publisher.PollAsync(NullLogger.Instance, Cancel);

        Assert.True(ReferenceEquals(before, there.Snapshots.Current));
        Assert.NotEmpty((await there.Publisher.PublishAsync([Correction("3.00")], dryRun: false, Cancel)).Faults);
    }

    [Fact]
    public async Task Attributes_that_are_decoded_only_after_a_restart_are_told()
    {
        await using var store = await engine.NewStoreAsync();
        using var node = await StartAsync(store, new ManualClock());
        node.Publisher.Attach(node.Snapshots, AttributionTable.Default.Keys);
        var file = new RateFile("rules.yaml", "format: 1\ncards: []\ncost_rules:\n  - { name: gpu, when: { attributes: { gpu.kind: h100, "
            + "gen_ai.request.model: m } }, unit: gpu_milliseconds, quantity: { duration: true, times_attribute: gpu.count }, price: 3.60 per hour }\n");

        var dry = await node.Publisher.PublishAsync([file], dryRun: true, Cancel);
        var done = await node.Publisher.PublishAsync([file], dryRun: false, Cancel);
        var later = await node.Publisher.PublishAsync([Correction("3.00")], dryRun: false, Cancel);

        Assert.Equal(["gpu.count", "gpu.kind"], dry.ReadAfterRestart);
        Assert.Equal(["gpu.count", "gpu.kind"], done.ReadAfterRestart);
        Assert.Equal(["gpu.count", "gpu.kind"], later.ReadAfterRestart);
    }

    private static long Nanos(ManualClock clock) => clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;

    private static RateFile Correction(string price) => new("correction.yaml", $$"""
        format: 1
        provider: acme
        cards:
          - id: acme/large
            match: [large]
            rates: { input_tokens: {{price}} per 1M, output_tokens: 8.00 per 1M }
        """);

    private static async Task<Node> StartAsync(IClickHouseTransport store, TimeProvider clock, string node = "node-1",
        string shipped = Shipped)
    {
        var publisher = new RateBookPublisher(new RateBookParts { Store = store, Files = [("shipped.yaml", shipped)], NodeId = node, Clock = clock });
        var loaded = await publisher.LoadAsync(Cancel);
        Assert.True(loaded.IsSound, loaded.FaultText);
        var snapshots = new CostingSnapshots(loaded.Book, AttributionTable.Default);
        publisher.Attach(snapshots);
        return new Node(publisher, snapshots);
    }

    private static string Price(RateBook book)
    {
        var cost = new CostBreakdown();
        var request = new PricingRequest { Provider = "acme", Model = "large", RequestModel = "", Region = "", ServiceTier = "",
            EventTimeNanos = 1_780_000_000_000_000_000 };
        Pricer.Price(book, request, new UsageVector { InputTokens = 1_000_000 }, ref cost);
        return cost.Status == PriceStatus.Priced ? cost.Cost.ToString() : "unpriced";
    }

    private sealed record Node(RateBookPublisher Publisher, CostingSnapshots Snapshots) : IDisposable
    {
        public string Price() => RateBookPublisherTests.Price(Snapshots.Current.Rates);

        public void Dispose() => Publisher.Dispose();
    }
}
