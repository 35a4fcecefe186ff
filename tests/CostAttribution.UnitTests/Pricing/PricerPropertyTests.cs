using System.Numerics;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using FsCheck;
using FsCheck.Fluent;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

/// <summary>The pricer against an independent sum in whole fractions, over random cards and quantities.</summary>
public class PricerPropertyTests
{
    private static readonly Config Runs = Config.QuickThrowOnFailure.WithMaxTest(1_500);
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue - 1).ToArbitrary();
    private static readonly string[] Units =
    [
        UsageUnits.InputTokens, UsageUnits.CacheReadTokens, UsageUnits.CacheWriteTokens, UsageUnits.CacheWrite1hTokens,
        UsageUnits.OutputTokens, UsageUnits.ReasoningTokens, UsageUnits.AudioInputTokens, UsageUnits.WebSearches,
    ];

    /// <summary>A card as plain fractions, and the same card as a book.</summary>
    private sealed record Sample(RateBook Book, Dictionary<string, (BigInteger Num, BigInteger Den)> Base,
        Dictionary<string, (BigInteger Num, BigInteger Den)> Long, long Above);

    [Fact]
    public void Every_component_equals_the_exact_fraction_rounded_once()
    {
        var overflows = 0;
        Prop.ForAll(Seeds, seed =>
        {
            var random = new Random(seed);
            var sample = NewSample(random);
            var usage = NewUsage(random);
            var expected = Reference(sample, usage);

            var cost = sample.Book.Price(Call("acme", "m", tier: "fast", region: "north"), in usage);

            if (expected is null)
            {
                overflows++;
                Assert.True(cost.Overflowed);
                Assert.Equal((PriceStatus.UnpricedUnit, PriceGap.Overflow, Money.Zero, Money.Zero), (cost.Status, cost.Gap,
                    cost.Cost, cost.ListCost));
                return;
            }
            BigInteger[] actual = [.. new[] { cost.InputCost, cost.CacheReadCost, cost.CacheWriteCost, cost.OutputCost,
                cost.ReasoningCost,
                cost.OtherCost }.Select(part => (BigInteger)part.PicoUsd)];
            Assert.Equal(expected, actual);
            Assert.Equal(expected.Aggregate(BigInteger.Zero, BigInteger.Add), (BigInteger)cost.Cost.PicoUsd);
            Assert.Equal(cost.Cost, cost.ListCost);
        }).Check(Runs);
        Assert.InRange(overflows, 1, Runs.MaxTest - 1);
    }

    [Fact]
    public void More_of_a_unit_never_costs_less()
    {
        Prop.ForAll(Seeds, seed =>
        {
            var random = new Random(seed);
            var sample = NewSample(random);
            var less = NewUsage(random);
            var more = less;
            more.OutputTokens = less.OutputTokens > long.MaxValue / 2 ? less.OutputTokens : less.OutputTokens
                + random.NextInt64(1, 1_000_000);

            var low = sample.Book.Price(Call("acme", "m"), in less);
            var high = sample.Book.Price(Call("acme", "m"), in more);

            Assert.True(high.Overflowed || high.Cost >= low.Cost);
            Assert.True(!low.Overflowed || high.Overflowed);
        }).Check(Runs);
    }

    [Fact]
    public void The_largest_quantities_at_the_largest_price_are_rejected_and_never_wrap()
    {
        var book = Book("  - id: a\n    match: [m]\n"
            + "    rates: { input_tokens: 999999999999999999999999999999 per 1, output_tokens: 1 per 1 }\n");
        var huge = new UsageVector { InputTokens = long.MaxValue, OutputTokens = long.MaxValue,
            OtherUnits = [new("audio_input_tokens", long.MaxValue)] };
        var large = new UsageVector { OutputTokens = long.MaxValue };

        var rejected = book.Price(Call("acme", "m"), in huge);
        var priced = book.Price(Call("acme", "m"), in large);

        Assert.True(rejected.Overflowed);
        Assert.Equal((Money.Zero, "a"), (rejected.Cost, rejected.RateId));
        Assert.Equal(Usd("9223372036854775807"), priced.Cost);
    }

    [Fact]
    public void A_negative_quantity_is_not_priced()
    {
        var book = Book("  - id: a\n    match: [m]\n    rates: { input_tokens: 1 per 1, output_tokens: 1 per 1 }\n");
        var usage = new UsageVector { InputTokens = -5, OutputTokens = 2 };

        var cost = book.Price(Call("acme", "m"), in usage);

        Assert.Equal((PriceStatus.UnpricedUnit, PriceGap.NegativeQuantity, "input_tokens"), (cost.Status, cost.Gap,
            cost.UnpricedUnit));
        Assert.Equal(Usd("2"), cost.Cost);
    }

    [Theory]
    [InlineData(1, "0.000000000000")] // 0.5 pico-dollars: to even
    [InlineData(2, "0.000000000001")]
    [InlineData(3, "0.000000000002")] // 1.5: to even
    [InlineData(5, "0.000000000002")] // 2.5: to even
    [InlineData(7, "0.000000000004")]
    public void Half_a_pico_dollar_rounds_to_even(long tokens, string usd)
    {
        var book = Book("  - id: a\n    match: [m]\n    rates: { input_tokens: 0.0000005 per 1M }\n");
        var usage = new UsageVector { InputTokens = tokens };

        Assert.Equal(Usd(usd), book.Price(Call("acme", "m"), in usage).Cost);
    }

    [Fact]
    public void Pricing_does_not_allocate_once_a_model_has_been_seen()
    {
        var request = Call("anthropic", "claude-sonnet-4-5-20250929", requestModel: "claude-sonnet-4-5", tier: "standard");
        var usage = new UsageVector
        {
            InputTokens = 300, CacheReadTokens = 5_000, CacheWriteTokens = 1_500, CacheWrite1hTokens = 500, OutputTokens = 280,
            OtherUnits = [new(UsageUnits.WebSearches, 1)],
        };
        var copied = request with { Model = new string(request.Model.AsSpan()),
            RequestModel = new string(request.RequestModel.AsSpan()) };
        CostBreakdown cost = default;

        // The runtime itself may allocate while it compiles a hot method anew; an allocation of ours would be in every round.
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1_000; i++)
            {
                Pricer.Price(Shipped, in request, in usage, ref cost);
                Pricer.Price(Shipped, in copied, in usage, ref cost);
            }
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        Assert.Equal(PriceStatus.Priced, cost.Status);
    }

    private static Sample NewSample(Random random)
    {
        var above = random.NextInt64(1, 400_000);
        var (tier, region, fx) = (Fraction(random, 4), Fraction(random, 4), Fraction(random, 8));
        var (rates, longer) = (NewRates(random), NewRates(random));
        var card = new RateCard
        {
            Id = "a", Providers = ["acme"], Match = [new(ModelRuleKind.Equals, "m")], Currency = "EUR", FromNanos = 0,
            Rates = rates, Thresholds = [new(above, ThresholdMode.Whole, longer)],
            Tiers = [new("fast", tier, [], [])], Regions = [new("north", region)],
        };
        var faults = new List<RateCardFault>();
        Assert.True(RateBookBuilder.TryBuild([card], [new("EUR", 0, fx)], faults, out var book), string.Join('\n', faults));
        return new Sample(book, Effective(rates), Effective(longer), above);

        Dictionary<string, (BigInteger Num, BigInteger Den)> Effective(UnitPrice[] prices) => prices
            .ToDictionary(price => price.Unit, price =>
        {
            var num = price.Amount.Numerator * fx.Numerator * BigInteger.Pow(10, 12);
            var den = price.Amount.Denominator * fx.Denominator * price.Per;
            return price.Unit == UsageUnits.WebSearches ? (num, den)
                : (num * tier.Numerator * region.Numerator, den * tier.Denominator * region.Denominator);
        });
    }

    private static UnitPrice[] NewRates(Random random) =>
    [
        .. Units.Select(unit => new UnitPrice(unit, Fraction(random, random.Next(12) == 0 ? 18 : 7), random.Next(4) switch
        {
            0 => 1_000_000, 1 => 1_000, 2 => random.Next(1, 5_000), _ => 1,
        })),
    ];

    /// <summary>A positive decimal of up to that many digits, as a card would state it.</summary>
    private static Rational Fraction(Random random, int digits) =>
        new(random.NextInt64(1, (long)BigInteger.Pow(10, digits)), BigInteger.Pow(10, random.Next(0, digits)));

    private static UsageVector NewUsage(Random random)
    {
        return new UsageVector
        {
            InputTokens = Quantity(), CacheReadTokens = Quantity(), CacheWriteTokens = Quantity(),
                CacheWrite1hTokens = Quantity(),
            OutputTokens = Quantity(), ReasoningTokens = Quantity(),
            OtherUnits = [new(UsageUnits.AudioInputTokens, Quantity()), new(UsageUnits.WebSearches, Quantity())],
        };

        long Quantity() => random.Next(20) switch
        {
            0 => random.NextInt64(),
            1 => long.MaxValue,
            < 8 => 0,
            _ => random.NextInt64(0, 300_000),
        };
    }

    private static BigInteger[]? Reference(Sample sample, UsageVector usage)
    {
        BigInteger inputTotal = (BigInteger)usage.InputTokens + usage.CacheReadTokens + usage.CacheWriteTokens
            + usage.CacheWrite1hTokens
            + usage.OtherUnits![0].Quantity;
        var rates = inputTotal > sample.Above ? sample.Long : sample.Base;
        BigInteger[] parts =
        [
            Rounded((UsageUnits.InputTokens, usage.InputTokens)),
            Rounded((UsageUnits.CacheReadTokens, usage.CacheReadTokens)),
            Rounded((UsageUnits.CacheWriteTokens, usage.CacheWriteTokens), (UsageUnits.CacheWrite1hTokens,
                usage.CacheWrite1hTokens)),
            Rounded((UsageUnits.OutputTokens, usage.OutputTokens)),
            Rounded((UsageUnits.ReasoningTokens, usage.ReasoningTokens)),
            Rounded((UsageUnits.AudioInputTokens, usage.OtherUnits[0].Quantity), (UsageUnits.WebSearches,
                usage.OtherUnits[1].Quantity)),
        ];
        var total = parts.Aggregate(BigInteger.Zero, BigInteger.Add);
        return total > BigInteger.Pow(10, 38) - 1 ? null : parts;

        BigInteger Rounded(params (string Unit, long Quantity)[] lines)
        {
            BigInteger num = 0, den = 1;
            foreach (var (unit, quantity) in lines)
            {
                var (rateNum, rateDen) = rates[unit];
                num = num * rateDen + rateNum * quantity * den;
                den *= rateDen;
            }
            var floor = num / den;
            var twice = (num - floor * den) * 2;
            return twice > den || (twice == den && !floor.IsEven) ? floor + 1 : floor;
        }
    }
}
