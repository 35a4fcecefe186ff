using System.Text;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

/// <summary>Books kept by earlier programs must come back as they were: ledger rows name their versions.</summary>
public sealed class KeptRateBookTests
{
    /// <summary>What the program that wrote the file called its version.</summary>
    private const long Format2Version = 1808272407113883130;

    private static readonly byte[] Format2 = File.ReadAllBytes(PathOf("format-2.json"));

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "rate-books", name);

    [Fact]
    public void A_book_kept_in_format_2_is_read_with_its_version_and_written_with_the_same_bytes()
    {
        var book = RateBookText.Read(Format2);

        Assert.Equal(Format2Version, book.Version);
        Assert.Equal(Encoding.UTF8.GetString(Format2), Encoding.UTF8.GetString(RateBookText.Write(book)));
    }

    [Fact]
    public void Cards_that_use_nothing_new_still_make_the_version_they_made()
    {
        var loaded = RateCardLoader.Load([("format-2.yaml", File.ReadAllText(PathOf("format-2.yaml")))]);

        Assert.True(loaded.IsSound, loaded.FaultText);
        Assert.Equal(Format2Version, loaded.Book.Version);
    }

    [Theory]
    [InlineData("large", "", "", "2026-03-02", null, "acme/large", "0.346359937500", "0.346359937500")]
    [InlineData("large", "batch", "us", "2026-03-02T17:00:00Z", null, "acme/large", "0.109748982812", "0.109748982812")]
    [InlineData("large-preview-1", "priority", "eu", "2026-05-01T00:10:00Z", null, "acme/large", "0.304151590625", "0.304151590625")]
    [InlineData("large", "", "", "2026-08-22", null, "acme/large@2026-08", "0.554123000000", "0.554123000000")]
    [InlineData("large", "", "", "2026-10-01", null, "acme/deal", "0.259985650000", "0.554123000000")]
    [InlineData("large-a-turbo", "", "us", "2026-05-01T01:00:00Z", null, "acme/large", "0.737991862500", "0.737991862500")]
    [InlineData("euro", "", "", "2026-03-01", null, "acme/euro", "0.448864160724", "0.448864160724")]
    [InlineData("gift", "", "", "2026-03-01", null, "acme/gift", "0", "0")]
    [InlineData("large", "", "", "2026-03-01", "gateway", "gateway/large", "0.005621", "0.005621")]
    [InlineData("vendor/large", "", "", "2026-03-01", "gateway", "gateway/large", "0.005621", "0.005621")]
    public void It_prices_as_the_program_that_kept_it_did(string model, string tier, string region, string at, string? seller,
        string rateId, string cost, string list)
    {
        var usage = new UsageVector
        {
            InputTokens = 120_001, CacheReadTokens = 90_000, CacheWriteTokens = 7, CacheWrite1hTokens = 3, OutputTokens = 500,
            ReasoningTokens = 11, OtherUnits = [new("house_tokens", 13), new("web_searches", 2)],
        };

        var priced = RateBookText.Read(Format2).Price(Call("acme", model, at, tier, region, seller: seller), in usage);

        Assert.Equal((rateId, Usd(cost), Usd(list)), (priced.RateId, priced.Cost, priced.ListCost));
    }

    [Fact]
    public void Everything_that_format_3_adds_comes_back_and_changes_the_version()
    {
        var plain = Book(Everything.Replace("  - id: deal", "  - id: other"), Everything.Length > 0 ? Head : "");
        var book = Book(Everything, Head);
        var text = RateBookText.Write(book);

        var again = RateBookText.Read(text);

        Assert.NotEqual(plain.Version, book.Version);
        Assert.Equal(book.Version, again.Version);
        Assert.Equal(Encoding.UTF8.GetString(text), Encoding.UTF8.GetString(RateBookText.Write(again)));
        var card = again.CardById("acme/m")!;
        Assert.Equal("Europe/Berlin", card.TimeZone);
        Assert.Equal(new UnitFallback("audio_input_tokens", FallbackPolicy.UpperBound), card.Fallbacks[1]);
        Assert.Equal(["u-1", "u-2"], again.CardById("deal")!.Scope!.Customers);
        Assert.Equal(-3, again.CardById("deal")!.Order);
        Assert.Equal(ModelRuleKind.Any, again.CardById("deal")!.Match[0].Kind);
        Assert.Equal("house_tokens", Assert.Single(again.Units).Name);
        Assert.Equal(PeriodTermKind.VolumeTiers, Assert.Single(again.Terms).Kind);
        Assert.Equal("reads", Assert.Single(again.CostRules).Name);
        var usage = new UsageVector { InputTokens = 10, OtherUnits = [new("house_tokens", 7)] };
        var call = Call("acme", "m", "2026-07-01T09:00:00Z", region: "eu") with { Traits = again.TraitsOf("us", "", "fast") };
        Assert.Equal(book.Price(in call, in usage).Cost, again.Price(in call, in usage).Cost);
        Assert.Equal(new UnitPrice("output_tokens", new Rational(20, 1_000_000), 1), again.CardById("acme/n")!.RequestFlags[0].Rates[0]);
    }

    [Fact]
    public void Evidence_and_the_time_of_recording_are_no_part_of_the_version()
    {
        const string Card = "  - id: a\n    match: [m]\n    rates: { input_tokens: 1 per 1M }\n";
        var plain = Book(Card);
        var told = Book(Card + """
                evidence:
                  fetched_at: 2026-11-22
                  catalogue: "abc"
                  reviewer: jo
                  confidence: high
                  disagreements: [{ source: other, unit: input_tokens, price: 2 per 1M, fetched_at: 2026-11-21 }]
                recorded_at: 2026-11-23

            """);

        Assert.Equal(plain.Version, told.Version);
        var evidence = told.CardById("a")!.Evidence;
        Assert.Equal((Nanos("2026-11-22"), "abc", "jo", RateConfidence.High),
            (evidence.FetchedAtNanos, evidence.Catalogue, evidence.Reviewer, evidence.Confidence));
        Assert.Equal(new UnitPrice("input_tokens", new Rational(2, 1), 1_000_000), evidence.Disagreements[0].Price);
    }

    private const string Head = """
        units: [{ name: house_tokens, family: token, direction: input, counts_as_input: true, takes_factors: false, parent: input_tokens }]
        terms: [{ id: volume, kind: volume_tiers, unit: input_tokens, tiers: [{ above: 1000, factor: "0.9" }, { above: 5000, price: 1 per 1M }] }]
        cost_rules: [{ name: reads, when: { scope: db, attributes: { op: [query, fetch], tag: { present: true } } },
            unit: vector_read_units, quantity: { attribute: n }, price: 1 per 1M }]

        """;

    private const string Everything = """
          - id: acme/m
            match: [m, { suffix: -mini }, { contains: turbo }, { regex: "x[0-9]+" }]
            time_zone: Europe/Berlin
            rates: { input_tokens: 3 per 1M, output_tokens: 9 per 1M, house_tokens: 1 per 1K }
            regions: { eu: { rates: { input_tokens: 4 per 1M },
              thresholds: [{ above: 9, rates: { input_tokens: 5 per 1M } }], tiers: { batch: { factor: "0.5" } } } }
            geographies: { us: { factor: "1.1" } }
            endpoints: { regional: { factor: "1.2" } }
            request_flags: { fast: { factor: "2" } }
            windows: [{ from: "08:00", to: "20:00", days: [mon, tue, wed], factor: "2" }]
            same_price: { reasoning_tokens: output_tokens }
            fallback: { audio_input_tokens: upper_bound }
          - id: acme/n
            match: [n]
            rates: { input_tokens: 3 per 1M }
            request_flags: { hd: { rates: { output_tokens: 20 per 1M } } }
          - id: deal
            layer: contract
            match: [{ any: true }]
            order: -3
            scope: { customers: [u-2, u-1], accounts: [org] }
            list_factor: "0.8"

        """;
}
