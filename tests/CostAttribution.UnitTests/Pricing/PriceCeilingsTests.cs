using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public sealed class PriceCeilingsTests
{
    private const string TwoCards = """
          - id: small
            match: [small]
            rates: { input_tokens: 1.00 per 1M, output_tokens: 4.00 per 1M }
          - id: large
            match: [large]
            to: 2026-06-01
            rates: { input_tokens: 5.00 per 1M }
            thresholds: [{ above: 1000, rates: { input_tokens: 8.00 per 1M } }]
            tiers: { priority: { factor: "2" }, batch: { factor: "0.5" } }
            regions: { eu: { factor: "1.1" } }
          - id: other
            provider: zeta
            match: [z]
            rates: { pages: 0.01 per 1, web_searches: 10.00 per 1K }
        """;

    [Fact]
    public void The_dearest_card_of_the_provider_at_that_time_answers_with_all_that_makes_it_dearer()
    {
        var ceilings = new PriceCeilings(Book(TwoCards));

        var before = ceilings.Dearest("acme", "input_tokens", Nanos("2026-05-31"), Nanos("2026-05-31"));
        var after = ceilings.Dearest("Acme", "input_tokens", Nanos("2026-06-01"), Nanos("2026-07-01"));

        // 8.00 above the threshold × 2 for priority × 1.1 for the region
        Assert.Equal((CeilingBasis.Provider, "large", Usd("17.6")), (before.Basis, before.CardId, before.Of(1_000_000)));
        Assert.Equal((CeilingBasis.Provider, "small", Usd("1")), (after.Basis, after.CardId, after.Of(1_000_000)));
    }

    [Fact]
    public void Without_a_card_of_the_provider_all_others_are_asked_and_without_any_nothing_is_said()
    {
        var ceilings = new PriceCeilings(Book(TwoCards));

        Assert.Equal((CeilingBasis.AllProviders, "other"), Found("acme", "pages"));
        Assert.Equal((CeilingBasis.AllProviders, "large"), Found("nobody", "input_tokens"));
        Assert.Equal((CeilingBasis.None, ""), Found("acme", "seconds"));
        Assert.Null(ceilings.Dearest("acme", "seconds", 0, 0).Of(5));

        (CeilingBasis, string) Found(string provider, string unit)
        {
            var found = ceilings.Dearest(provider, unit, 0, 0);
            return (found.Basis, found.CardId);
        }
    }

    [Fact]
    public void Reasoning_that_no_card_prices_costs_at_most_what_output_does()
    {
        var ceiling = new PriceCeilings(Book(TwoCards)).Dearest("acme", "reasoning_tokens", 0, 0);

        Assert.Equal(("output_tokens", Usd("0.000004")), (ceiling.Unit, ceiling.Of(1)));
    }

    [Fact]
    public void A_bound_is_rounded_up_and_one_that_does_not_fit_is_none()
    {
        var book = Book("  - { id: a, match: [a], rates: { pages: 0.000000000001 per 3, images: 1000000000 per 1 } }\n");
        var ceilings = new PriceCeilings(book);

        Assert.Equal(new Money(1), ceilings.Dearest("acme", "pages", 0, 0).Of(1));
        Assert.Null(ceilings.Dearest("acme", "images", 0, 0).Of(long.MaxValue));
    }

    [Fact]
    public void Foreign_money_counts_at_its_dearest_and_contracts_and_free_cards_do_not_count()
    {
        var book = Book("""
              - { id: eur, currency: EUR, match: [a], from: 2026-01-01, rates: { pages: 1 per 1 } }
              - { id: contract, layer: contract, match: [b], rates: { pages: 99 per 1 } }
              - { id: gift, match: [c], free: true }
            """, "fx:\n  - { currency: EUR, from: 2026-01-01, usd: \"1.1\" }\n  - { currency: EUR, from: 2026-02-01, usd: \"1.2\" }\n");

        Assert.Equal(Usd("1.2"), new PriceCeilings(book).Dearest("acme", "pages", Nanos("2026-01-05"), Nanos("2026-01-06")).Of(1));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void No_shipped_card_asks_more_than_the_ceiling_of_its_provider(int seed)
    {
        var ceilings = new PriceCeilings(Shipped);
        var random = new Random(seed);
        var at = Nanos("2026-11-01");
        for (var round = 0; round < 400; round++)
        {
            var card = Shipped.Cards[random.Next(Shipped.Cards.Count)];
            var tiers = card.Tiers.Select(tier => tier.Tier).Append("").ToArray();
            var regions = card.Regions.Select(region => region.Region).Append("").ToArray();
            var request = Call(card.Providers[0], card.Match[0].Pattern, tier: tiers[random.Next(tiers.Length)],
                region: regions[random.Next(regions.Length)]);
            var quantity = random.Next(1, 3_000_000);

            foreach (var (unit, usage) in new[]
            {
                ("input_tokens", new UsageVector { InputTokens = quantity }),
                ("cache_read_tokens", new UsageVector { CacheReadTokens = quantity }),
                ("output_tokens", new UsageVector { OutputTokens = quantity }),
                ("reasoning_tokens", new UsageVector { ReasoningTokens = quantity }),
            })
            {
                var cost = Shipped.Price(request, usage);
                if (cost.Status != PriceStatus.Priced) continue;
                var most = ceilings.Dearest(card.Providers[0], unit, at, at).Of(quantity);
                Assert.True(most >= cost.ListCost, $"{card.Id} {unit} {request.ServiceTier} {request.Region}: {cost.ListCost} > {most}");
            }
        }
    }
}
