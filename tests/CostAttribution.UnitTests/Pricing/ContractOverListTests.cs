using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

/// <summary>Contracts over a list that says less, says it otherwise, or names models with their vendors.</summary>
public sealed class ContractOverListTests
{
    private static readonly UsageVector Usage = new() { InputTokens = 1_000_000, OutputTokens = 1_000_000 };

    private const string List = "  - id: list\n    match: [m]\n    rates: { input_tokens: 2 per 1M, output_tokens: 10 per 1M }\n"
        + "    tiers: { batch: { factor: \"0.5\" } }\n";

    [Theory]
    [InlineData("rates: { input_tokens: 1 per 1M, output_tokens: 5 per 1M }\n    tiers: { scale: { factor: \"3\" } }", "18")]
    [InlineData("list_factor: \"0.9\"\n    tiers: { scale: { rates: { input_tokens: 4 per 1M, output_tokens: 20 per 1M } } }", "24")]
    [InlineData("list_factor: \"0.9\"\n    rates: { input_tokens: 1 per 1M }\n"
        + "    tiers: { scale: { rates: { input_tokens: 4 per 1M, output_tokens: 20 per 1M } } }", "24")]
    public void A_tier_that_only_the_contract_names_has_the_contracts_price_and_no_list_price(string deal, string usd)
    {
        var book = Book(List + $"  - id: deal\n    layer: contract\n    match: [m]\n    {deal}\n");

        var cost = book.Price(Call("acme", "m", tier: "scale"), in Usage);

        Assert.Equal((PriceStatus.Priced, "deal", Usd(usd)), (cost.Status, cost.RateId, cost.Cost));
        Assert.True(cost.ListPriceMissing);
    }

    [Fact]
    public void Calls_on_capacity_are_free_also_in_a_tier_that_the_list_does_not_know()
    {
        var book = Book(List + "  - id: ptu\n    layer: contract\n    match: [m]\n    free: true\n");

        var cost = book.Price(Call("acme", "m", tier: "provisioned"), in Usage);

        Assert.Equal((PriceStatus.Free, "ptu", Money.Zero), (cost.Status, cost.RateId, cost.Cost));
        Assert.True(cost.ListPriceMissing);
    }

    [Theory]
    [InlineData("list_factor: \"0.9\"")]
    [InlineData("rates: { input_tokens: 1 per 1M }")]
    [InlineData("list_factor: \"0.9\"\n    tiers: { scale: { factor: \"2\" } }")]
    public void A_contract_that_does_not_price_the_tier_itself_leaves_it_unpriced(string deal)
    {
        var book = Book(List + $"  - id: deal\n    layer: contract\n    match: [m]\n    {deal}\n");

        var cost = book.Price(Call("acme", "m", tier: "scale"), in Usage);

        Assert.Equal((PriceStatus.UnpricedModel, PriceGap.TierNotOnCard), (cost.Status, cost.Gap));
    }

    [Theory]
    [InlineData("marginal", "whole")]
    [InlineData("whole", "marginal")]
    public void A_contract_and_a_list_that_price_long_prompts_in_different_ways_give_no_price(string contract, string list)
    {
        var book = Book("  - id: list\n    match: [m]\n    rates: { input_tokens: 2 per 1M, output_tokens: 10 per 1M }\n"
            + $"    thresholds: [{{ above: 100, mode: {list}, rates: {{ input_tokens: 4 per 1M }} }}]\n"
            + "  - id: deal\n    layer: contract\n    match: [m]\n    rates: { input_tokens: 1 per 1M }\n    list_factor: \"0.9\"\n"
            + $"    thresholds: [{{ above: 200, mode: {contract}, rates: {{ input_tokens: 3 per 1M }} }}]\n");

        var cost = book.Price(Call("acme", "m"), in Usage);

        Assert.Equal((PriceStatus.UnpricedModel, PriceGap.AmbiguousCards), (cost.Status, cost.Gap));
    }

    [Fact]
    public void A_discount_on_every_model_holds_for_names_with_a_vendor_in_them()
    {
        var book = Book("  - id: list\n    match: [{ prefix: vendor/ }]\n    rates: { input_tokens: 2 per 1M, output_tokens: 10 per 1M }\n"
            + "  - id: deal\n    layer: contract\n    match: [{ any: true }]\n    except: [{ prefix: vendor/x }]\n    list_factor: \"0.5\"\n"
            + "  - id: other\n    match: [{ any: true }]\n    order: 5\n    rates: { input_tokens: 9 per 1M, output_tokens: 9 per 1M }\n");

        var cost = book.Price(Call("acme", "vendor/m"), in Usage);

        Assert.Equal((Usd("6"), Usd("12")), (cost.Cost, cost.ListCost));
        Assert.Equal(PriceStatus.UnpricedModel, book.Price(Call("acme", "reseller/other"), in Usage).Status);
        Assert.Equal(Usd("12"), book.Price(Call("acme", "vendor/x1"), in Usage).Cost);
        Assert.Equal(Usd("9"), book.Price(Call("acme", "plain"), in Usage).Cost);
    }
}
