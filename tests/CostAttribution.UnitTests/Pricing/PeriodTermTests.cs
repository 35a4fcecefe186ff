using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public class PeriodTermTests
{
    private const string Card = "  - id: a\n    match: [m]\n    rates: { input_tokens: 2 per 1M, pages: 1 per 1 }\n"
        + "  - id: ptu\n    match: [m]\n    layer: contract\n    free: true\n    scope: { keys: [k] }\n";

    private const string Terms = """
        terms:
          - id: volume
            kind: volume_tiers
            unit: input_tokens
            from: 2026-01-01
            tiers: [{ above: 1000000, factor: "0.9" }, { above: 5000000, price: 1 per 1M }]
          - { id: gift, kind: allowance, unit: pages, quantity: 100, period: day, match: [m] }
          - { id: floor, kind: minimum_charge, amount: "250.00", scope: { accounts: [org] } }
          - { id: promise, kind: commitment, amount: "100000", period: year, from: 2026-01-01, to: 2027-01-01 }
          - { id: held, kind: capacity, quantity: 50, amount: "2.00", from: 2026-01-01, card: ptu }
          - { id: more, kind: capacity, quantity: 5, amount: "2.00", from: 2026-01-01 }

        """;

    [Fact]
    public void Terms_are_read_kept_and_never_part_of_a_calls_price()
    {
        var plain = Book(Card);
        var book = Book(Card + Terms);
        var usage = new UsageVector { InputTokens = 9_000_000, OtherUnits = [new("pages", 3)] };

        Assert.Equal(["floor", "gift", "held", "more", "promise", "volume"], book.Terms.Select(term => term.Id));
        Assert.Equal([PeriodTermKind.MinimumCharge, PeriodTermKind.Allowance, PeriodTermKind.Capacity, PeriodTermKind.Capacity,
            PeriodTermKind.Commitment, PeriodTermKind.VolumeTiers], book.Terms.Select(term => term.Kind));
        var volume = book.Terms[5];
        Assert.Equal([1_000_000, 5_000_000], volume.Tiers.Select(tier => tier.Above));
        Assert.Equal((new Rational(9, 10), new Rational(1, 1_000_000)), (volume.Tiers[0].Factor, volume.Tiers[1].Price!.Each));
        Assert.Equal([TermPeriod.Month, TermPeriod.Day, TermPeriod.Hour, TermPeriod.Hour, TermPeriod.Year, TermPeriod.Month],
            book.Terms.Select(term => term.Period));
        Assert.Equal(plain.Price(Call("acme", "m"), in usage).Cost, book.Price(Call("acme", "m"), in usage).Cost);
        Assert.NotEqual(plain.Version, book.Version);
        Assert.Equal(book.Version, RateBookText.Read(RateBookText.Write(book)).Version);
    }

    [Theory]
    [InlineData("{ id: two, kind: allowance, unit: pages, quantity: 1 }", true)]
    [InlineData("{ id: two, kind: allowance, unit: pages, quantity: 1, match: [{ prefix: m }] }", true)]
    [InlineData("{ id: two, kind: allowance, unit: pages, quantity: 1, match: [n] }", false)]
    [InlineData("{ id: two, kind: allowance, unit: pages, quantity: 1, match: [{ prefix: m-2 }] }", true)]
    [InlineData("{ id: two, kind: allowance, unit: images, quantity: 1 }", false)]
    [InlineData("{ id: two, kind: allowance, unit: input_tokens, quantity: 1, from: 2026-03-01 }", true)]
    [InlineData("{ id: two, kind: allowance, unit: input_tokens, quantity: 1, to: 2026-01-01 }", false)]
    [InlineData("{ id: two, kind: minimum_charge, amount: \"1\", scope: { accounts: [other] } }", false)]
    [InlineData("{ id: two, kind: minimum_charge, amount: \"1\", scope: { customers: [c] } }", true)]
    [InlineData("{ id: two, kind: commitment, amount: \"1\", from: 2027-01-01 }", false)]
    [InlineData("{ id: two, kind: commitment, amount: \"1\", from: 2026-12-31 }", true)]
    public void Terms_that_would_settle_the_same_usage_twice_are_refused(string term, bool isFault)
    {
        var loaded = RateCardLoader.Load([("f.yaml", Cards(Card + Terms.TrimEnd() + $"\n  - {term}\n"))]);

        Assert.Equal(isFault ? [RateCardFaultKind.Contradiction] : [], loaded.Faults.Select(fault => fault.Kind));
        Assert.All(loaded.Faults, fault => Assert.Contains("f.yaml:", fault.Reason));
    }
}
