using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Costing;

/// <summary>What a call says of itself reaches the contracts and conditions of rate cards, through the real assembler.</summary>
public sealed class ContractPriceTests
{
    private static readonly RateBook Rates = RateCardLoader.Load([("test.yaml", """
        format: 1
        provider: openai
        cards:
          - id: list
            match: [test-model]
            rates: { input_tokens: 100 per 1M, output_tokens: 0 per 1M }
            regions: { us: { factor: "1.1" } }
            endpoints: { responses: { factor: "2" } }
            request_flags: { fast: { factor: "6" } }
          - id: deal
            layer: contract
            match: [test-model]
            scope: { customers: [acme] }
            rates: { input_tokens: 50 per 1M, output_tokens: 0 per 1M }
          - id: account
            layer: contract
            match: [test-model]
            scope: { accounts: [org-1] }
            rates: { input_tokens: 80 per 1M, output_tokens: 0 per 1M }
          - id: only-contract
            layer: contract
            match: [other-model]
            rates: { input_tokens: 10 per 1M, output_tokens: 0 per 1M }
        """)]).Book!;

    private static readonly RateBook Dearer = RateCardLoader.Load([("test.yaml", """
        format: 1
        provider: openai
        cards:
          - id: list
            match: [test-model]
            rates: { input_tokens: 900 per 1M, output_tokens: 0 per 1M }
          - id: deal
            layer: contract
            match: [test-model]
            scope: { customers: [acme] }
            rates: { input_tokens: 700 per 1M, output_tokens: 0 per 1M }
        """)]).Book!;

    private static LedgerEntry Row(params (string Key, object Value)[] attributes)
    {
        using var bench = new AssemblyBench(rates: Rates);
        var call = attributes.Aggregate(TestSpan.Call(1, 2, 1), (span, attribute) => span.With(attribute.Key, attribute.Value));
        bench.Offer(TestSpan.Root(1, 1, "globex"), call);
        bench.Pass(10);
        return Assert.Single(bench.Rows);
    }

    [Fact]
    public void A_late_parent_that_names_the_customer_of_a_contract_changes_the_price_and_keeps_the_list_price()
    {
        using var bench = new AssemblyBench(rates: Rates);
        bench.Offer(TestSpan.Call(1, 2, 1));
        Settle(bench);
        Assert.Equal((Money.Parse("0.1"), "list"), (Assert.Single(bench.Rows).Cost.Cost, bench.Rows[0].Cost.RateId));

        bench.Offer(TestSpan.Root(1, 1));
        Settle(bench);

        var row = bench.Rows[^1];
        Assert.Equal([1, -1, 1], bench.Rows.Select(row => (int)row.Sign));
        Assert.Equal(("acme", "deal", Money.Parse("0.05"), Money.Parse("0.1")),
            (row.CustomerId, row.Cost.RateId, row.Cost.Cost, row.Cost.ListCost));
    }

    [Fact]
    public void Where_the_rates_of_a_row_were_not_kept_another_customer_is_not_billed_the_first_ones_price()
    {
        using var bench = new AssemblyBench(rates: Rates);
        bench.Offer(TestSpan.Call(1, 2, 1));
        Settle(bench);
        bench.LoseSnapshots();
        bench.Restart(Dearer);
        bench.Offer(TestSpan.Root(1, 1));
        Settle(bench);

        var row = bench.Rows[^1];
        Assert.Equal(("acme", Money.Parse("0.7"), true),
            (row.CustomerId, row.Cost.Cost, row.Flags.HasFlag(SpanFlags.SnapshotMissing)));
    }

    [Fact]
    public void The_account_geography_endpoint_and_speed_of_a_call_select_its_price()
    {
        Assert.Equal((Money.Parse("0.08"), Money.Parse("0.1")), PricesOf(Row(("openai.organization", "org-1"))));
        Assert.Equal(Money.Parse("0.2"), Row(("openai.api.type", "responses")).Cost.Cost);
        Assert.Equal(Money.Parse("0.6"), Row(("gen_ai.usage.raw:speed", "fast")).Cost.Cost);
        Assert.Equal(Money.Parse("0.1"), Row(("gen_ai.usage.raw:speed", "standard")).Cost.Cost);
        var american = Row(("gen_ai.usage.raw:inference_geo", "us"));
        Assert.Equal((Money.Parse("0.11"), "us"), (american.Cost.Cost, american.Region));
        Assert.Equal("", Row(("gen_ai.usage.raw:inference_geo", "not_available")).Region);

        static (Money, Money) PricesOf(LedgerEntry row) => (row.Cost.Cost, row.Cost.ListCost);
    }

    [Fact]
    public void A_contract_without_list_price_is_flagged_on_the_row()
    {
        Assert.True(Row(("gen_ai.request.model", "other-model")).Flags.HasFlag(SpanFlags.ListPriceMissing));
        Assert.False(Row().Flags.HasFlag(SpanFlags.ListPriceMissing));
    }

    [Fact]
    public void A_unit_priced_as_another_is_flagged_on_the_row() =>
        Assert.True(Row(("gen_ai.usage.reasoning.output_tokens", 5L)).Flags.HasFlag(SpanFlags.UnitFallbackPrice));

    // Through idle and every answer of the store.
    private static void Settle(AssemblyBench bench)
    {
        bench.Answer();
        bench.Pass(4);
        bench.Answer();
        bench.Pass(62);
        bench.Answer();
        bench.Pass(4);
    }

    [Theory]
    [InlineData("claude-opus-5", "fast", "", PriceStatus.Priced, "10.000000000000")]
    [InlineData("claude-opus-5", "standard", "", PriceStatus.Priced, "5.000000000000")]
    [InlineData("claude-opus-5", "1.25", "", PriceStatus.Priced, "5.000000000000")]
    [InlineData("claude-opus-4-6", "Fast", "standard", PriceStatus.Priced, "30.000000000000")]
    [InlineData("claude-opus-5", "", "fast", PriceStatus.Priced, "10.000000000000")]
    [InlineData("claude-opus-4-8", "fast", "", PriceStatus.UnpricedModel, "0.000000000000")]
    [InlineData("claude-opus-4-8", "", "", PriceStatus.Priced, "5.000000000000")]
    [InlineData("claude-sonnet-5", "fast", "", PriceStatus.UnpricedModel, "0.000000000000")]
    public void A_fast_mode_has_its_own_price_or_none_but_never_the_ordinary_one(string model, string speed, string tier, PriceStatus status,
        string cost)
    {
        var entry = new LedgerEntry
        {
            Provider = "anthropic", Model = model, Speed = speed, ServiceTier = tier, EventTimeMicros = 1_795_000_000_000_000,
            Usage = new UsageVector { InputTokens = 1_000_000 }, Calls = 1,
        };

        EntryPricing.Price(entry, Pricing.PricingKit.Shipped);

        Assert.Equal((status, cost), (entry.Cost.Status, entry.Cost.Cost.ToString()));
    }

    [Fact]
    public void A_fast_mode_that_an_import_has_as_a_tier_prices_the_calls_that_say_so()
    {
        var book = RateCardLoader.Load([("test.yaml", """
            format: 1
            provider: anthropic
            cards:
              - id: m
                match: [m]
                rates: { input_tokens: 1 per 1M }
                tiers: { fast: { rates: { input_tokens: 3 per 1M } } }
            """)]).Book!;
        var entry = new LedgerEntry
        {
            Provider = "anthropic", Model = "m", Speed = "fast", Usage = new UsageVector { InputTokens = 1_000_000 }, Calls = 1,
        };

        EntryPricing.Price(entry, book);

        Assert.Equal("3.000000000000", entry.Cost.Cost.ToString());
    }
}
