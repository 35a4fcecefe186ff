using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public class RateCatalogueTests
{
    private static readonly UsageVector Million = new() { InputTokens = 1_000_000 };

    private const string Text = """
        format: 1
        provider: acme
        cards:
          - { id: a, match: [m], to: 2026-06-01, recorded_at: 2026-01-01, rates: { input_tokens: 1 per 1M } }
          - { id: b, match: [m], from: 2026-06-01, recorded_at: 2026-05-01, rates: { input_tokens: 2 per 1M } }
          - { id: b, match: [m], from: 2026-06-01, recorded_at: 2026-07-10, rates: { input_tokens: 3 per 1M } }
          - { id: e, match: [e], from: 2026-01-01, recorded_at: 2026-01-01, currency: EUR, rates: { input_tokens: 10 per 1M } }
        fx:
          - { currency: EUR, from: 2026-01-01, recorded_at: 2026-01-01, usd: "1.1" }
          - { currency: EUR, from: 2026-01-01, recorded_at: 2026-03-01, usd: "1.2" }
        withdrawals:
          - { id: a, recorded_at: 2026-08-01, reason: never sold }
        """;

    private static RateCatalogue Load(string text)
    {
        var loaded = RateCardLoader.Load([("f.yaml", text)]);
        Assert.True(loaded.IsSound, loaded.FaultText);
        return loaded.Catalogue!;
    }

    private static string? CostAt(RateCatalogue catalogue, string model, string asOf, string knownAt)
    {
        Assert.True(catalogue.TryBookAt(Nanos(knownAt), [], out var book));
        var cost = book.Price(Call("acme", model, asOf), in Million);
        return cost.Status == PriceStatus.Priced ? cost.Cost.ToString()[..4] : null;
    }

    [Theory]
    [InlineData("m", "2026-05-31", "2025-12-31", null)]
    [InlineData("m", "2026-05-31", "2026-01-01", "1.00")]
    [InlineData("m", "2026-06-01", "2026-04-30", null)]
    [InlineData("m", "2026-06-01", "2026-05-01", "2.00")]
    [InlineData("m", "2026-06-01", "2026-07-09T23:59:59Z", "2.00")]
    [InlineData("m", "2026-06-01", "2026-07-10", "3.00")]
    [InlineData("m", "2026-05-31", "2026-07-31", "1.00")]
    [InlineData("m", "2026-05-31", "2026-08-01", null)]
    [InlineData("e", "2026-05-01", "2026-02-01", "11.0")]
    [InlineData("e", "2026-05-01", "2026-03-01", "12.0")]
    public void A_price_as_of_one_day_is_what_was_known_at_another(string model, string asOf, string knownAt, string? usd) =>
        Assert.Equal(usd, CostAt(Load(Text), model, asOf, knownAt));

    [Fact]
    public void The_book_of_now_is_the_book_of_everything_known_and_finds_the_cards()
    {
        var catalogue = Load(Text);

        Assert.True(catalogue.TryBookAt(long.MaxValue, [], out var now));
        Assert.Same(catalogue.Current, now);
        Assert.True(catalogue.TryBookAt(Nanos("2026-05-02"), [], out var then));
        Assert.True(catalogue.TryBookAt(Nanos("2026-07-09"), [], out var same));
        Assert.Same(then, same);
        var call = Call("acme", "m");
        Assert.Equal("b", catalogue.Find(call, Nanos("2026-06-01"), Nanos("2026-05-01"), out var gap)?.Id);
        Assert.Equal(PriceGap.None, gap);
        Assert.Null(catalogue.Find(call, Nanos("2026-05-31"), Nanos("2026-08-01"), out gap));
        Assert.Equal(PriceGap.NoRateAtTime, gap);
        Assert.Equal([Nanos("2026-01-01"), Nanos("2026-08-01")], catalogue.HistoryOf("a").Select(version => version.RecordedAtNanos));
        Assert.Equal("never sold", catalogue.HistoryOf("a")[1].Withdrawal!.Reason);
    }

    [Fact]
    public void A_contradiction_that_was_corrected_is_no_fault_now_and_one_when_the_past_is_asked()
    {
        var catalogue = Load("""
            format: 1
            provider: acme
            cards:
              - { id: a, match: [m], recorded_at: 2026-01-01, rates: { input_tokens: 1 per 1M } }
              - { id: b, match: [m], recorded_at: 2026-01-01, rates: { input_tokens: 2 per 1M } }
              - { id: b, match: [n], recorded_at: 2026-02-01, rates: { input_tokens: 2 per 1M } }
            """);
        var faults = new List<RateCardFault>();

        Assert.False(catalogue.TryBookAt(Nanos("2026-01-15"), faults, out _));
        Assert.Equal(RateCardFaultKind.Contradiction, Assert.Single(faults).Kind);
        Assert.Equal(2, catalogue.Current.Cards.Count);
    }

    [Fact]
    public void A_card_may_stand_again_after_it_was_withdrawn()
    {
        var catalogue = Load(Text + "\n  - { id: b, recorded_at: 2026-07-15 }\n");

        Assert.Null(CostAt(catalogue, "m", "2026-06-01", "2026-07-15"));
        var again = Load(Text.Replace("fx:", "  - { id: b, match: [m], from: 2026-06-01, recorded_at: 2026-09-01, rates: { input_tokens: 9 per 1M } }\nfx:")
            + "\n  - { id: b, recorded_at: 2026-07-15 }\n");
        Assert.Equal("9.00", CostAt(again, "m", "2026-06-01", "2026-09-01"));
    }
}
