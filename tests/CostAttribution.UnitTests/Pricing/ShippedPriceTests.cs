using System.Globalization;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

/// <summary>Prices of much used models as their makers' pages gave them in November 2026, US dollars per million.</summary>
public sealed class ShippedPriceTests
{
    /// <param name="input">Prompt tokens of the call, all of them uncached.</param>
    [Theory]
    [InlineData("openai", "gpt-4o-2024-08-06", "2026-11-20", "", 1_000, "2.5", "1.25", "", "10")]
    [InlineData("openai", "gpt-4o-2024-05-13", "2026-11-20", "", 1_000, "5", "", "", "15")]
    [InlineData("openai", "gpt-4o-mini", "2026-11-20", "batch", 1_000, "0.075", "0.0375", "", "0.3")]
    [InlineData("openai", "gpt-4.1-2025-04-14", "2026-11-20", "", 1_000, "2", "0.5", "", "8")]
    [InlineData("openai", "o3-2025-04-16", "2025-06-09", "", 1_000, "10", "2.5", "", "40")]
    [InlineData("openai", "o3-2025-04-16", "2025-06-10", "", 1_000, "2", "0.5", "", "8")]
    [InlineData("openai", "gpt-5-2025-08-07", "2026-11-20", "flex", 1_000, "0.625", "0.0625", "", "5")]
    [InlineData("openai", "gpt-5.4", "2026-11-20", "", 272_000, "2.5", "0.25", "", "15")]
    [InlineData("openai", "gpt-5.4", "2026-11-20", "", 272_001, "5", "0.5", "", "22.5")]
    [InlineData("openai", "gpt-5.5", "2026-11-20", "fast", 1_000, "12.5", "1.25", "", "75")]
    [InlineData("openai", "gpt-5.6-sol", "2026-08-20", "", 1_000, "5", "0.5", "6.25", "30")]
    [InlineData("openai", "gpt-5.6-sol", "2026-08-21", "", 1_000, "4", "0.4", "5", "20")]
    [InlineData("openai", "gpt-6-astra", "2026-11-20", "priority", 1_000, "20", "2", "25", "100")]
    [InlineData("openai", "gpt-6-astra", "2026-11-20", "", 300_000, "20", "2", "25", "75")]
    [InlineData("openai", "gpt-6.1-sol-2026-09-29", "2026-11-20", "", 1_000, "2", "0.1", "2.5", "10")]
    [InlineData("openai", "gpt-6.2-sol", "2026-11-20", "fast", 300_000, "8", "0.4", "10", "30")]
    [InlineData("anthropic", "claude-haiku-4-5-20251001", "2026-11-20", "", 1_000, "1", "0.1", "1.25", "5")]
    [InlineData("anthropic", "claude-haiku-5-5", "2026-11-20", "", 100_000, "0.1", "0.01", "0.125", "0.5")]
    [InlineData("anthropic", "claude-haiku-5-5", "2026-11-20", "batch", 100_001, "0.25", "0.025", "0.3125", "1.25")]
    [InlineData("anthropic", "claude-sonnet-4-5-20250929", "2026-11-20", "", 200_001, "6", "0.6", "7.5", "22.5")]
    [InlineData("anthropic", "claude-sonnet-4-6", "2026-03-12", "", 200_001, "6", "0.6", "7.5", "22.5")]
    [InlineData("anthropic", "claude-sonnet-4-6", "2026-03-13", "", 200_001, "3", "0.3", "3.75", "15")]
    [InlineData("anthropic", "claude-sonnet-5", "2026-11-20", "", 500_000, "2", "0.2", "2.5", "10")]
    [InlineData("anthropic", "claude-sonnet-5-5", "2026-10-06", "", 1_000, "2", "0.2", "2.5", "10")]
    [InlineData("anthropic", "claude-sonnet-5-5", "2026-10-07", "", 1_000, "2", "0.1", "2.5", "10")]
    [InlineData("anthropic", "claude-opus-4-5-20251101", "2026-11-20", "", 1_000, "5", "0.5", "6.25", "25")]
    [InlineData("anthropic", "claude-opus-5-5", "2026-11-20", "", 1_000, "4", "0.2", "5", "20")]
    [InlineData("anthropic", "claude-mythos-5-1", "2026-11-20", "", 1_000, "10", "0.25", "12.5", "50")]
    [InlineData("gcp.gemini", "gemini-2.5-pro", "2026-11-20", "", 200_001, "2.5", "0.25", "", "15")]
    [InlineData("gcp.gemini", "gemini-3.1-pro-preview", "2026-11-20", "", 1_000, "2", "0.2", "", "12")]
    [InlineData("gcp.gemini", "gemini-3.8-flash", "2026-12-31", "", 1_000, "0.75", "0.075", "", "3.75")]
    [InlineData("gcp.gemini", "gemini-3.8-flash", "2027-01-01", "", 1_000, "1.5", "0.15", "", "7.5")]
    public void A_model_costs_what_its_maker_asks(string provider, string model, string at, string tier, long input, string perInput,
        string perRead, string perWrite, string perOutput)
    {
        var call = Call(provider, model, at, tier);
        var usage = new UsageVector { InputTokens = input, OutputTokens = 1_000_000 };
        var cost = Shipped.Price(in call, in usage);

        Assert.Equal(PriceStatus.Priced, cost.Status);
        Assert.Equal(Times(perInput, input), cost.InputCost);
        Assert.Equal(Times(perOutput, 1_000_000), cost.OutputCost);
        Assert.Equal(perRead.Length > 0, Shipped.Price(in call, new UsageVector { CacheReadTokens = input }) is
            { Status: PriceStatus.Priced } read && read.CacheReadCost == Times(perRead, input));
        Assert.Equal(perWrite.Length > 0, Shipped.Price(in call, new UsageVector { CacheWriteTokens = input }) is
            { Status: PriceStatus.Priced } write && write.CacheWriteCost == Times(perWrite, input));
    }

    [Theory]
    [InlineData("claude-haiku-4-5", "2")]
    [InlineData("claude-sonnet-5-5", "4")]
    [InlineData("claude-opus-5-5", "8")]
    [InlineData("claude-fable-5-1", "20")]
    public void A_cache_write_for_an_hour_costs_twice_the_input(string model, string usd)
    {
        var cost = Shipped.Price(Call("anthropic", model), new UsageVector { CacheWrite1hTokens = 10_000 });

        Assert.Equal((PriceStatus.Priced, Times(usd, 10_000)), (cost.Status, cost.CacheWriteCost));
    }

    private static Money Times(string perMillion, long tokens) => perMillion.Length == 0 ? default
        : Usd((decimal.Parse(perMillion, CultureInfo.InvariantCulture) * tokens / 1_000_000)
            .ToString("0.############", CultureInfo.InvariantCulture));
}
