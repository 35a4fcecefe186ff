using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.RateCards;

namespace CostAttribution.UnitTests.Costing;

public sealed class EntryRepricingTests
{
    private static readonly RateBook Old = Book("2.00");
    private static readonly RateBook New = Book("3.00");

    [Fact]
    public void Only_the_price_is_another_and_the_row_that_stands_is_left_alone()
    {
        var standing = Entry();

        var priced = EntryRepricing.Reprice(standing, New, [])!;

        Assert.Equal(("0.002000000000", Old.Version), (standing.Cost.Cost.ToString(), standing.RateBookVersion));
        Assert.Equal(("0.003000000000", New.Version), (priced.Cost.Cost.ToString(), priced.RateBookVersion));
        Assert.Equal((standing.CustomerId, standing.Usage.InputTokens, standing.Revision), (priced.CustomerId, priced.Usage.InputTokens, priced.Revision));
    }

    [Fact]
    public void A_row_whose_price_stays_keeps_its_book() =>
        Assert.Null(EntryRepricing.Reprice(Entry(), Book("2.00", more: "  - { id: acme/other, match: [other], rates: { input_tokens: 1.00 per 1M } }"), []));

    [Fact]
    public void A_price_back_and_forth_is_the_first_one()
    {
        var back = EntryRepricing.Reprice(EntryRepricing.Reprice(Entry(), New, [])!, Old, [])!;

        Assert.True(EntryRepricing.SamePrice(Entry(), back));
    }

    [Fact]
    public void What_is_no_usage_keeps_its_price()
    {
        var standing = Entry();
        standing.CostKind = CostKind.Adjustment;

        Assert.Null(EntryRepricing.Reprice(standing, New, []));
    }

    [Fact]
    public void The_first_move_that_fits_counts_and_another_provider_knows_no_tier_but_batch()
    {
        var (batch, fast) = (Entry("batch"), Entry("fast"));
        ModelMove[] moves = [new("other", "large", "acme", "nothing"), new("", "large", "beta", "small"), new("", "large", "acme", "nothing")];

        var (first, second) = (EntryRepricing.Reprice(batch, Old, moves)!, EntryRepricing.Reprice(fast, Old, moves)!);

        Assert.Equal(("beta", "small", "batch", "0.000500000000"), (first.Provider, first.Model, first.ServiceTier, first.Cost.Cost.ToString()));
        Assert.Equal(("", "0.001000000000"), (second.ServiceTier, second.Cost.Cost.ToString()));
    }

    private static LedgerEntry Entry(string tier = "")
    {
        var entry = new LedgerEntry
        {
            Provider = "acme", Model = "large", RequestModel = "large", ServiceTier = tier, CustomerId = "c-1", Calls = 1, Revision = 3,
            EventTimeMicros = 1_780_000_000_000_000,
        };
        entry.Usage.InputTokens = 1000;
        EntryPricing.Price(entry, Old);
        return entry;
    }

    private static RateBook Book(string price, string more = "")
    {
        var loaded = RateCardLoader.Load([("acme.yaml", $$"""
            format: 1
            provider: acme
            cards:
              - id: acme/large
                match: [large]
                rates: { input_tokens: {{price}} per 1M }
              - id: beta/small
                provider: beta
                match: [small]
                rates: { input_tokens: 1.00 per 1M }
                tiers: { batch: { factor: "0.5" } }

            """ + more)]);
        return loaded.Book ?? throw new InvalidOperationException(loaded.FaultText);
    }
}
