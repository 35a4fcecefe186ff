using CostAttribution.Domain.Usage;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

/// <summary>Prices of shipped models worked out by hand; each comment is the sum in dollars per million tokens.</summary>
public class GoldenPriceTests
{
    [Fact]
    public void Gpt_4o_with_cached_input_and_reasoning_at_the_output_rate()
    {
        var usage = new UsageVector { InputTokens = 489, CacheReadTokens = 512, OutputTokens = 137, ReasoningTokens = 64 };

        var cost = Shipped.Price(Call("openai", "gpt-4o-2024-08-06"), in usage);

        Assert.Equal(Usd("0.0012225"), cost.InputCost);     // 489 × 2.50
        Assert.Equal(Usd("0.00064"), cost.CacheReadCost);   // 512 × 1.25
        Assert.Equal(Usd("0.00137"), cost.OutputCost);      // 137 × 10
        Assert.Equal(Usd("0.00064"), cost.ReasoningCost);   // 64 × 10
        Assert.Equal(Usd("0.0038725"), cost.Cost);
        Assert.Equal("openai/gpt-4o", cost.RateId);
    }

    [Fact]
    public void Gpt_4o_mini_in_a_batch_is_half()
    {
        var usage = new UsageVector { InputTokens = 1_000, OutputTokens = 200 };

        // (150 + 120) / 2
        Assert.Equal(Usd("0.000135"), Shipped.Price(Call("openai", "gpt-4o-mini", tier: "batch"), in usage).Cost);
    }

    [Fact]
    public void Gpt_5_mini_at_priority_has_rates_of_its_own()
    {
        var usage = new UsageVector { InputTokens = 1_000, CacheReadTokens = 1_000, OutputTokens = 1_000 };

        // 450 + 45 + 3600
        Assert.Equal(Usd("0.004095"), Shipped.Price(Call("openai", "gpt-5-mini", tier: "priority"), in usage).Cost);
    }

    [Fact]
    public void Gpt_4_1_with_a_web_search()
    {
        var usage = new UsageVector { InputTokens = 1_000, OutputTokens = 100, OtherUnits = [new(UsageUnits.WebSearches, 3)] };

        var cost = Shipped.Price(Call("openai", "gpt-4.1"), in usage);

        Assert.Equal(Usd("0.03"), cost.OtherCost);          // 3 × 10 / 1000
        Assert.Equal(Usd("0.0328"), cost.Cost);             // 2000 + 800
    }

    [Fact]
    public void Gpt_5_4_beyond_272k_prices_the_whole_request_at_the_long_rates()
    {
        var at = new UsageVector { InputTokens = 272_000, OutputTokens = 1_000 };
        var beyond = new UsageVector { InputTokens = 172_001, CacheReadTokens = 100_000, OutputTokens = 1_000 };

        Assert.Equal(Usd("0.695"), Shipped.Price(Call("openai", "gpt-5.4"), in at).Cost);            // 272000 × 2.50 + 15000
        // 172001 × 5 + 100000 × 0.50 + 22500
        Assert.Equal(Usd("0.932505"), Shipped.Price(Call("openai", "gpt-5.4"), in beyond).Cost);
    }

    [Fact]
    public void O3_became_cheaper_on_10_june_2025()
    {
        var usage = new UsageVector { InputTokens = 1_000, OutputTokens = 1_000 };

        Assert.Equal(Usd("0.05"), Shipped.Price(Call("openai", "o3-2025-04-16", at: "2025-06-09T23:59:59Z"), in usage).Cost);
        Assert.Equal(Usd("0.01"), Shipped.Price(Call("openai", "o3-2025-04-16", at: "2025-06-10"), in usage).Cost);
    }

    [Fact]
    public void Claude_sonnet_4_5_with_both_cache_write_lifetimes()
    {
        var usage = new UsageVector
        {
            InputTokens = 300, CacheReadTokens = 5_000, CacheWriteTokens = 1_500, CacheWrite1hTokens = 500, OutputTokens = 280,
            ReasoningTokens = 120,
            OtherUnits = [new(UsageUnits.CompactionInputTokens, 40_000), new(UsageUnits.CompactionOutputTokens, 900)],
        };

        var cost = Shipped.Price(Call("anthropic", "claude-sonnet-4-5-20250929", tier: "standard"), in usage);

        Assert.Equal(Usd("0.0009"), cost.InputCost);        // 300 × 3
        Assert.Equal(Usd("0.0015"), cost.CacheReadCost);    // 5000 × 0.30
        Assert.Equal(Usd("0.008625"), cost.CacheWriteCost); // 1500 × 3.75 + 500 × 6
        Assert.Equal(Usd("0.0042"), cost.OutputCost);       // 280 × 15
        Assert.Equal(Usd("0.0018"), cost.ReasoningCost);    // 120 × 15
        Assert.Equal(Usd("0.1335"), cost.OtherCost);        // 40000 × 3 + 900 × 15
        Assert.Equal(Usd("0.150525"), cost.Cost);
    }

    [Fact]
    public void Claude_sonnet_4_5_beyond_200k_counts_cached_input_towards_the_threshold()
    {
        var usage = new UsageVector { InputTokens = 1, CacheReadTokens = 200_000, OutputTokens = 10 };

        Assert.Equal(Usd("0.120231"), Shipped.Price(Call("anthropic", "claude-sonnet-4-5"), in usage).Cost); // 6 + 120000 + 225
    }

    [Fact]
    public void Claude_opus_4_6_in_the_us_costs_a_tenth_more_and_its_batch_half()
    {
        var usage = new UsageVector { InputTokens = 1_000, OutputTokens = 100, OtherUnits = [new(UsageUnits.WebSearches, 1)] };

        // (5000 + 2500) × 1.1 × 0.5, and a search that neither factor touches
        var cost = Shipped.Price(Call("anthropic", "claude-opus-4-6", tier: "batch", region: "us"), in usage);

        Assert.Equal(Usd("0.014125"), cost.Cost);
    }

    [Fact]
    public void Claude_on_bedrock_costs_a_tenth_more_outside_the_global_profile()
    {
        var usage = new UsageVector { InputTokens = 1_000, CacheWrite1hTokens = 1_000, OutputTokens = 100 };
        const string model = "anthropic.claude-haiku-4-5-20251001-v1:0";

        // 1000 + 2000 + 500
        Assert.Equal(Usd("0.0035"), Shipped.Price(Call("aws.bedrock", model, region: "global"), in usage).Cost);
        Assert.Equal(Usd("0.00385"), Shipped.Price(Call("aws.bedrock", model, region: "eu"), in usage).Cost);
        Assert.Equal(Usd("0.00385"), Shipped.Price(Call("aws.bedrock", model), in usage).Cost);
    }

    [Fact]
    public void Gemini_2_5_pro_beyond_200k_and_in_a_batch()
    {
        var usage = new UsageVector { InputTokens = 200_000, CacheReadTokens = 1, OutputTokens = 1_000, ReasoningTokens = 1_000 };

        // × 2.50, 0.25, 15
        Assert.Equal(Usd("0.53000025"), Shipped.Price(Call("gcp.gemini", "gemini-2.5-pro"), in usage).Cost);
        // cache as ever
        Assert.Equal(Usd("0.26500025"), Shipped.Price(Call("gcp.gemini", "gemini-2.5-pro", tier: "batch"), in usage).Cost);
    }

    [Fact]
    public void Gemini_2_5_flash_hears_at_a_price_of_its_own()
    {
        var usage = new UsageVector { InputTokens = 1_000, OutputTokens = 100, OtherUnits = [new(UsageUnits.AudioInputTokens,
            2_000)] };

        Assert.Equal(Usd("0.00255"), Shipped.Price(Call("gcp.vertex_ai", "gemini-2.5-flash"), in usage).Cost); // 300 + 250 + 2000
    }

    [Fact]
    public void Nova_micro_has_the_finest_cache_price()
    {
        var usage = new UsageVector { InputTokens = 7, CacheReadTokens = 3, OutputTokens = 1 };

        // .245 + .02625 + .14
        Assert.Equal(Usd("0.00000041125"), Shipped.Price(Call("aws.bedrock", "amazon.nova-micro-v1:0"), in usage).Cost);
    }

    [Theory]
    [InlineData("2026-11-04T00:59:59Z", "0.00075")] // Wednesday before the peak: 150 + 600
    [InlineData("2026-11-04T01:00:00Z", "0.0015")]
    [InlineData("2026-11-04T04:00:00Z", "0.00075")]
    [InlineData("2026-11-04T06:00:00Z", "0.0015")]
    [InlineData("2026-11-07T01:00:00Z", "0.00075")] // Saturday
    [InlineData("2026-10-01T01:00:00Z", "0.00075")] // a public holiday on a Thursday
    [InlineData("2026-09-30T01:00:00Z", "0.0015")]
    public void Deepseek_doubles_in_weekday_peak_hours(string at, string usd)
    {
        var usage = new UsageVector { InputTokens = 1_000, OutputTokens = 1_000 };

        Assert.Equal(Usd(usd), Shipped.Price(Call("deepseek", "deepseek-flash", at), in usage).Cost);
    }

    [Fact]
    public void Cohere_rerank_is_paid_by_search_unit()
    {
        var usage = new UsageVector { OtherUnits = [new(UsageUnits.SearchUnits, 2)] };

        Assert.Equal(Usd("0.004"), Shipped.Price(Call("cohere", "rerank-v3.5"), in usage).Cost);
    }

    [Fact]
    public void Whisper_is_paid_by_the_second_and_rounded_once()
    {
        var usage = new UsageVector { OtherUnits = [new(UsageUnits.AudioSeconds, 61)] };

        Assert.Equal(Usd("0.0061"), Shipped.Price(Call("openai", "whisper-1"), in usage).Cost); // 61 × 0.36 / 3600
    }
}
