using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public class ShippedRateCardTests
{
    [Fact]
    public void Every_shipped_file_loads_without_faults()
    {
        foreach (var file in RateCardFiles.Shipped())
        {
            var loaded = RateCardLoader.Load([file]);

            Assert.True(loaded.IsSound, loaded.FaultText);
            Assert.NotEmpty(loaded.Book.Cards);
        }
        Assert.True(RateCardFiles.Load(null).IsSound);
    }

    [Fact]
    public void Every_shipped_card_names_a_public_source_and_the_day_it_was_checked()
    {
        foreach (var card in Shipped.Cards)
        {
            Assert.StartsWith("https://", card.Source);
            Assert.True(RateCardTime.TryParse(card.Checked, out _), card.Id);
        }
    }

    [Fact]
    public void A_batch_or_flex_price_is_never_above_the_ordinary_price_and_a_cache_read_never_above_input()
    {
        var usage = new UsageVector { InputTokens = 1_000, OutputTokens = 1_000 };
        foreach (var card in Shipped.Cards.Where(card => card.Rates.Any(rate => rate.Unit == UsageUnits.OutputTokens)))
        {
            var rates = card.Rates.ToDictionary(rate => rate.Unit, rate => rate.Each);
            if (rates.TryGetValue(UsageUnits.CacheReadTokens, out var read))
            {
                Assert.True(read.Numerator * rates[UsageUnits.InputTokens].Denominator
                    <= rates[UsageUnits.InputTokens].Numerator * read.Denominator, card.Id);
            }
            foreach (var tier in card.Tiers.Where(tier => tier.Tier is "batch" or "flex"))
            {
                var book = new RateBook([card], []);
                var at = card.FromNanos == long.MinValue ? "2026-11-01" : RateCardTime.ToText(card.FromNanos);
                var model = card.Match[0].Pattern;
                var ordinary = book.Price(Call(card.Providers[0], model, at), in usage);
                var cheap = book.Price(Call(card.Providers[0], model, at, tier.Tier), in usage);
                if (ordinary.Status != PriceStatus.Priced) continue;
                Assert.True(cheap.Cost < ordinary.Cost, $"{card.Id} {tier.Tier}");
            }
        }
    }

    [Theory]
    [InlineData("openai", "gpt-4o-2024-08-06")]
    [InlineData("openai", "gpt-4o")]
    [InlineData("openai", "gpt-4o-mini-2024-07-18")]
    [InlineData("openai", "gpt-5-mini-2025-08-07")]
    [InlineData("openai", "o3-mini-2025-01-31")]
    [InlineData("openai", "gpt-4.1-2025-04-14")]
    [InlineData("openai", "gpt-5.4-nano-2026-03-17")]
    [InlineData("openai", "gpt-5.6-sol")]
    [InlineData("openai", "gpt-6-luna")]
    [InlineData("openai", "gpt-realtime-2025-08-28")]
    [InlineData("azure.ai.openai", "gpt-4o-mini-2024-07-18")]
    [InlineData("azure.ai.openai", "gpt-35-turbo")]
    [InlineData("anthropic", "claude-sonnet-4-5-20250929")]
    [InlineData("anthropic", "claude-sonnet-4-5")]
    [InlineData("anthropic", "claude-3-5-sonnet-20241022")]
    [InlineData("anthropic", "claude-3-7-sonnet-latest")]
    [InlineData("anthropic", "claude-opus-4-1-20250805")]
    [InlineData("anthropic", "claude-opus-4-20250514")]
    [InlineData("anthropic", "claude-haiku-4-5-20251001")]
    [InlineData("anthropic", "claude-opus-5-5")]
    [InlineData("gcp.vertex_ai", "claude-sonnet-4-5@20250929")]
    [InlineData("gcp.vertex_ai", "gemini-2.5-pro")]
    [InlineData("gcp.gemini", "gemini-2.5-flash")]
    [InlineData("gcp.gemini", "gemini-1.5-flash-8b-001")]
    [InlineData("gcp.gemini", "gemini-3-pro-preview")]
    [InlineData("aws.bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0")]
    [InlineData("aws.bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0")]
    [InlineData("aws.bedrock", "amazon.nova-pro-v1:0")]
    [InlineData("aws.bedrock", "amazon.nova-2-lite-v1:0")]
    [InlineData("aws.bedrock", "meta.llama3-3-70b-instruct-v1:0")]
    [InlineData("aws.bedrock", "openai.gpt-oss-120b-1:0")]
    [InlineData("mistral_ai", "mistral-large-2411")]
    [InlineData("deepseek", "deepseek-flash")]
    [InlineData("x_ai", "grok-4-0709")]
    [InlineData("cohere", "command-a-03-2025")]
    public void Models_in_wide_use_are_priced(string provider, string model)
    {
        var usage = new UsageVector { InputTokens = 1_000, OutputTokens = 100 };

        var cost = Shipped.Price(Call(provider, model), in usage);

        Assert.Equal(PriceStatus.Priced, cost.Status);
        Assert.True(cost.Cost > Money.Zero);
        Assert.Equal(cost.Cost, cost.ListCost);
    }

    [Theory]
    [InlineData("openai", "text-embedding-3-small", "0.000020000000")]
    [InlineData("openai", "text-embedding-ada-002", "0.000100000000")]
    [InlineData("mistral_ai", "mistral-embed", "0.000100000000")]
    [InlineData("gcp.gemini", "gemini-embedding-001", "0.000150000000")]
    [InlineData("cohere", "embed-v4.0", "0.000120000000")]
    [InlineData("voyage_ai", "voyage-3.5", "0.000060000000")]
    [InlineData("aws.bedrock", "amazon.titan-embed-text-v2:0", "0.000020000000")]
    public void Embedding_models_price_a_thousand_tokens(string provider, string model, string usd)
    {
        var usage = new UsageVector { InputTokens = 1_000 };

        Assert.Equal(Usd(usd), Shipped.Price(Call(provider, model), in usage).Cost);
    }

    [Theory]
    [InlineData("openai", "openrouter/openai/gpt-4o")]
    [InlineData("openai", "gpt-4o-super")]
    [InlineData("openai", "my-gpt-4o")]
    [InlineData("anthropic", "accounts/other/models/claude-sonnet-4-5")]
    [InlineData("groq", "gpt-4o")]
    [InlineData("", "gpt-4o")]
    [InlineData("openai", "")]
    public void A_model_that_only_looks_like_a_known_one_is_unpriced(string provider, string model)
    {
        var usage = new UsageVector { InputTokens = 1_000 };

        var cost = Shipped.Price(Call(provider, model), in usage);

        Assert.Equal(PriceStatus.UnpricedModel, cost.Status);
        Assert.Equal(PriceGap.NoCard, cost.Gap);
        Assert.Equal(Money.Zero, cost.Cost);
        Assert.Equal("", cost.RateId);
    }
}
