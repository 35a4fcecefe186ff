using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public class UnitFallbackTests
{
    private static string Card(string more = "") => "  - id: a\n    match: [m]\n    rates: { input_tokens: 2 per 1M, "
        + $"cache_read_tokens: 1 per 1M, output_tokens: 8 per 1M, audio_output_tokens: 30 per 1M }}\n{more}";

    private static CostBreakdown PriceOf(string more, string unit, string head = "")
    {
        var usage = unit == UsageUnits.ReasoningTokens ? new UsageVector { ReasoningTokens = 1_000_000 }
            : new UsageVector { OtherUnits = [new(unit, 1_000_000)] };
        return Book(Card(more), head).Price(Call("acme", "m"), in usage);
    }

    [Theory]
    [InlineData("", "reasoning_tokens", "8", PriceStatus.Priced, true)]
    [InlineData("    same_price: { reasoning_tokens: output_tokens }\n", "reasoning_tokens", "8", PriceStatus.Priced, false)]
    [InlineData("    fallback: { reasoning_tokens: fail }\n", "reasoning_tokens", "0", PriceStatus.UnpricedUnit, false)]
    [InlineData("    fallback: { reasoning_tokens: upper_bound }\n", "reasoning_tokens", "30", PriceStatus.Priced, true)]
    [InlineData("", "audio_cache_read_tokens", "0", PriceStatus.UnpricedUnit, false)]
    [InlineData("    fallback: { audio_cache_read_tokens: parent }\n", "audio_cache_read_tokens", "1", PriceStatus.Priced, true)]
    [InlineData("    fallback: { audio_cache_read_tokens: upper_bound }\n", "audio_cache_read_tokens", "2", PriceStatus.Priced, true)]
    [InlineData("    fallback: { video_input_tokens: input_tokens }\n", "video_input_tokens", "2", PriceStatus.Priced, true)]
    [InlineData("    fallback: { web_searches: upper_bound }\n", "web_searches", "0", PriceStatus.UnpricedUnit, false)]
    [InlineData("    fallback: { video_output_tokens: reasoning_tokens }\n", "video_output_tokens", "8", PriceStatus.Priced, true)]
    public void A_unit_that_is_not_on_the_card_follows_the_cards_word_and_is_marked(string more, string unit, string usd,
        PriceStatus status, bool isMarked)
    {
        var cost = PriceOf(more, unit);

        Assert.Equal((Usd(usd), status, isMarked), (cost.Cost, cost.Status, cost.UsedFallback));
    }

    [Fact]
    public void A_unit_of_the_files_own_can_count_as_input_and_fall_back()
    {
        const string Head = """
            units:
              - { name: sensor_tokens, family: token, direction: input, step: token, counts_as_input: true, parent: input_tokens, policy: parent }

            """;
        var book = Book(Card("    thresholds: [{ above: 100, rates: { input_tokens: 5 per 1M } }]\n"
            + "    tiers: { batch: { factor: \"0.5\" } }\n"), Head);
        var below = new UsageVector { OtherUnits = [new("sensor_tokens", 100)] };
        var above = new UsageVector { OtherUnits = [new("sensor_tokens", 101)] };

        Assert.Equal(Usd("0.0002"), book.Price(Call("acme", "m"), in below).Cost);
        Assert.Equal(Usd("0.000505"), book.Price(Call("acme", "m"), in above).Cost);
        Assert.True(book.Price(Call("acme", "m"), in above).UsedFallback);
        Assert.Equal(Usd("0.0001"), book.Price(Call("acme", "m", tier: "batch"), in below).Cost);
    }

    [Fact]
    public void A_guess_in_one_band_is_no_guess_in_a_band_that_prices_the_unit()
    {
        var book = Book(Card("    thresholds: [{ above: 10, rates: { reasoning_tokens: 9 per 1M } }]\n"));
        var below = new UsageVector { InputTokens = 10, ReasoningTokens = 1 };
        var above = new UsageVector { InputTokens = 11, ReasoningTokens = 1 };

        Assert.True(book.Price(Call("acme", "m"), in below).UsedFallback);
        Assert.False(book.Price(Call("acme", "m"), in above).UsedFallback);
    }

    [Fact]
    public void The_units_have_names_once_and_parents_that_exist_and_the_sums_agree_about_input()
    {
        Assert.Equal(RateUnits.Known.Count, RateUnits.All.Count());
        Assert.All(RateUnits.Known, unit =>
        {
            Assert.True(unit.Step.Length > 0, unit.Name);
            if (unit.Parent.Length > 0) Assert.NotNull(RateUnits.Find(unit.Parent));
            if (unit.Policy == FallbackPolicy.Unit) Assert.NotEqual("", unit.Parent);
            Assert.Equal(unit.Family == UnitFamily.Token, unit.TakesFactors);
            Assert.Equal(unit.Family == UnitFamily.Token, unit.Name.EndsWith("_tokens", StringComparison.Ordinal));
            var usage = new UsageVector { OtherUnits = [new(unit.Name, 5)] };
            var isColumn = Array.IndexOf(RateUnits.TokenKindNames, unit.Name) >= 0;
            if (!isColumn) Assert.Equal(unit.InInputTotal ? 5 : 0, usage.InputTotal);
        });
    }

    [Theory]
    [InlineData("storage_byte_hours", "0.10 per GB-day", 24_000_000_000, "0.1")]
    [InlineData("gpu_milliseconds", "3.60 per hour", 1_000, "0.001")]
    [InlineData("audio_seconds", "0.006 per minute", 60, "0.006")]
    [InlineData("characters", "15 per 1M", 1_000_000, "15")]
    [InlineData("video_output_seconds_1080p", "0.5 per 1", 8, "4")]
    [InlineData("images_1024", "0.04 per 1", 2, "0.08")]
    public void Amounts_may_be_named_where_the_unit_has_them(string unit, string price, long quantity, string usd)
    {
        var book = Book($"  - id: a\n    match: [m]\n    rates: {{ {unit}: {price} }}\n");
        var usage = new UsageVector { OtherUnits = [new(unit, quantity)] };

        Assert.Equal(Usd(usd), book.Price(Call("acme", "m"), in usage).Cost);
    }

    [Fact]
    public void Models_of_shipped_cards_bill_reasoning_as_output_by_the_providers_word()
    {
        var usage = new UsageVector { InputTokens = 10, OutputTokens = 10, ReasoningTokens = 10 };

        foreach (var (provider, model) in new[] { ("openai", "gpt-5-mini"), ("anthropic", "claude-sonnet-4-5"), ("x_ai", "grok-4-0709") })
        {
            var cost = Shipped.Price(Call(provider, model), in usage);
            Assert.False(cost.UsedFallback);
            Assert.Equal(cost.OutputCost, cost.ReasoningCost);
        }
    }
}
