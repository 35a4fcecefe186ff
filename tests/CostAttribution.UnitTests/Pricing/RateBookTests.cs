using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public class RateBookTests
{
    private static readonly UsageVector Million = new() { InputTokens = 1_000_000 };

    private static string Card(string id, string match, string price, string more = "") =>
        $"  - id: {id}\n    match: {match}\n    rates: {{ input_tokens: {price} per 1M }}\n{more}";

    private static string RateId(RateBook book, PricingRequest request) => book.Price(in request, in Million).RateId;

    [Fact]
    public void The_most_specific_rule_wins_whatever_the_order_of_the_file()
    {
        var book = Book(Card("glob", "[{ glob: \"m-*-x\" }]", "1") + Card("prefix", "[{ prefix: m- }]", "1")
            + Card("longer", "[{ prefix: m-1 }]", "1") + Card("dated", "[m-1]", "1")
                + Card("equals", "[{ equals: m-1-20260101 }]", "1"));

        Assert.Equal("equals", RateId(book, Call("acme", "m-1-20260101")));
        Assert.Equal("dated", RateId(book, Call("acme", "m-1-2026-01-02")));
        Assert.Equal("dated", RateId(book, Call("acme", "m-1")));
        Assert.Equal("longer", RateId(book, Call("acme", "m-1-beta")));
        Assert.Equal("prefix", RateId(book, Call("acme", "m-2-x")));
        Assert.Equal("", RateId(book, Call("acme", "n-1-x")));
    }

    [Fact]
    public void The_response_model_comes_before_the_request_model()
    {
        var book = Book(Card("loose", "[{ prefix: m- }]", "1") + Card("exact", "[{ equals: r }]", "1"));

        Assert.Equal("loose", RateId(book, Call("acme", "m-1", requestModel: "r")));
        Assert.Equal("exact", RateId(book, Call("acme", "unheard-of", requestModel: "R")));
    }

    [Fact]
    public void A_reseller_is_never_priced_from_a_direct_card_nor_the_reverse()
    {
        var book = Book(Card("direct", "[m, { glob: \"m*turbo\" }]", "1") + Card("resold", "[m]", "2", "    seller: gateway\n"));

        Assert.Equal("direct", RateId(book, Call("acme", "m")));
        Assert.Equal("resold", RateId(book, Call("acme", "m", seller: "gateway")));
        Assert.Equal("", RateId(book, Call("acme", "m", seller: "other")));
        Assert.Equal("direct", RateId(book, Call("acme", "m-turbo")));
        Assert.Equal("", RateId(book, Call("acme", "m/else/turbo")));
    }

    [Fact]
    public void An_exception_keeps_a_card_from_a_model_it_would_match()
    {
        var book = Book(Card("a", "[{ prefix: m- }]", "1", "    except: [{ prefix: m-audio }]\n"));

        Assert.Equal("a", RateId(book, Call("acme", "m-text")));
        Assert.Equal("", RateId(book, Call("acme", "m-audio-1")));
    }

    [Fact]
    public void Effective_from_is_inclusive_and_to_is_exclusive()
    {
        var book = Book(Card("a", "[m]", "1", "    from: 2026-01-01\n    to: 2026-02-01\n"));

        Assert.Equal("a", RateId(book, Call("acme", "m", "2026-01-01")));
        Assert.Equal("a", RateId(book, Call("acme", "m", "2026-01-31T23:59:59Z")));
        var late = book.Price(Call("acme", "m", "2026-02-01"), in Million);
        Assert.Equal((PriceStatus.UnpricedModel, PriceGap.NoRateAtTime), (late.Status, late.Gap));
        Assert.Equal("", RateId(book, Call("acme", "m", "2025-12-31T23:59:59Z")));
    }

    [Fact]
    public void A_correction_stands_from_when_it_was_recorded_and_the_old_knowledge_can_be_asked_for()
    {
        var text = Cards(Card("a", "[m]", "1", "    recorded_at: 2026-01-01\n")
            + Card("a", "[m]", "2", "    recorded_at: 2026-03-01\n"));

        var now = RateCardLoader.Load([("f", text)]).Book!;
        var then = RateCardLoader.Load([("f", text)], Nanos("2026-02-01")).Book!;

        Assert.Equal(Usd("2"), now.Price(Call("acme", "m"), in Million).Cost);
        Assert.Equal(Usd("1"), then.Price(Call("acme", "m"), in Million).Cost);
        Assert.NotEqual(now.Version, then.Version);
    }

    [Fact]
    public void The_version_depends_on_prices_and_not_on_order_files_or_comments()
    {
        var one = RateCardLoader.Load([("x", Cards(Card("a", "[m]", "1") + Card("b", "[n]", "2")))]).Book!;
        var other = RateCardLoader.Load([("z", "# note\n" + Cards(Card("b", "[n]", "2.0"))), ("y", Cards(Card("a", "[m]",
            "1")))]).Book!;
        var dearer = RateCardLoader.Load([("x", Cards(Card("a", "[m]", "1.1") + Card("b", "[n]", "2")))]).Book!;

        Assert.Equal(one.Version, other.Version);
        Assert.NotEqual(one.Version, dearer.Version);
        Assert.True(one.Version >= 0);
    }

    [Fact]
    public void A_contract_lies_over_the_list_and_the_list_cost_stays_beside_it()
    {
        var book = Book("  - id: list\n    match: [m]\n"
            + "    rates: { input_tokens: 4 per 1M, output_tokens: 8 per 1M, web_searches: 10 per 1K }\n"
            + "  - id: deal\n    layer: contract\n    match: [m]\n    from: 2026-01-01\n    list_factor: \"0.5\"\n"
            + "    rates: { input_tokens: 1 per 1M }\n");
        var usage = new UsageVector { InputTokens = 1_000_000, OutputTokens = 1_000_000, ReasoningTokens = 1_000_000 };

        var cost = book.Price(Call("acme", "m"), in usage);

        Assert.Equal((Usd("1"), Usd("4"), Usd("4")), (cost.InputCost, cost.OutputCost, cost.ReasoningCost));
        Assert.Equal((Usd("9"), Usd("20"), "deal"), (cost.Cost, cost.ListCost, cost.RateId));
        Assert.Equal("list", book.Price(Call("acme", "m", "2025-12-31"), in usage).RateId);
    }

    [Fact]
    public void Another_currency_is_taken_at_the_exchange_rate_of_the_day()
    {
        var book = Book(Card("a", "[m]", "3", "    currency: EUR\n    from: 2026-01-01\n"),
            "fx: [{ currency: EUR, from: 2026-01-01, usd: \"1.10\" }, "
            + "{ currency: EUR, from: 2026-02-01, usd: \"1.2345678\" }]\n");

        Assert.Equal(Usd("3.3"), book.Price(Call("acme", "m", "2026-01-31T23:59:59Z"), in Million).Cost);
        Assert.Equal(Usd("3.7037034"), book.Price(Call("acme", "m", "2026-02-01"), in Million).Cost);
    }

    [Fact]
    public void Free_is_said_outright_and_differs_from_no_price()
    {
        var book = Book("  - id: gift\n    match: [g]\n    free: true\n  - id: zero\n    match: [z]\n"
            + "    rates: { input_tokens: 0 per 1M }\n");
        var odd = new UsageVector { InputTokens = 1, OtherUnits = [new("anything", 5)] };

        Assert.Equal(PriceStatus.Free, book.Price(Call("acme", "g"), in odd).Status);
        Assert.Equal(PriceStatus.Free, book.Price(Call("acme", "z"), in Million).Status);
        Assert.Equal(PriceStatus.UnpricedUnit, book.Price(Call("acme", "z"), in odd).Status);
    }

    [Fact]
    public void A_unit_missing_from_the_card_leaves_the_span_unpriced_not_free()
    {
        var book = Book(Card("a", "[m]", "1"));
        var usage = new UsageVector { InputTokens = 1_000_000, OtherUnits = [new("pages", 0), new("web_searches", 2)] };

        var cost = book.Price(Call("acme", "m"), in usage);

        Assert.Equal((PriceStatus.UnpricedUnit, "web_searches", PriceGap.UnitNotOnCard), (cost.Status, cost.UnpricedUnit,
            cost.Gap));
        Assert.Equal(Usd("1"), cost.Cost);
        Assert.Equal("a", cost.RateId);
    }

    [Fact]
    public void A_tier_the_card_does_not_know_is_unpriced_not_standard()
    {
        var book = Book(Card("a", "[m]", "1"));

        var cost = book.Price(Call("acme", "m", tier: "scale"), in Million);

        Assert.Equal((PriceStatus.UnpricedModel, PriceGap.TierNotOnCard), (cost.Status, cost.Gap));
        Assert.Equal(PriceStatus.Priced, book.Price(Call("acme", "m", tier: "Default"), in Million).Status);
    }

    [Fact]
    public void Usage_of_zero_with_a_card_is_priced_at_zero()
    {
        var usage = new UsageVector();

        Assert.Equal((PriceStatus.Priced, Money.Zero), (Book(Card("a", "[m]", "1")).Price(Call("acme", "m"), in usage) switch
        {
            var cost => (cost.Status, cost.Cost),
        }));
    }

    [Fact]
    public void A_marginal_threshold_prices_only_the_input_beyond_it_cached_input_first()
    {
        var book = Book("  - id: a\n    match: [m]\n"
            + "    rates: { input_tokens: 2 per 1, cache_read_tokens: 1 per 1, output_tokens: 9 per 1 }\n"
            + "    thresholds: [{ above: 100, mode: marginal, "
            + "rates: { input_tokens: 20 per 1, cache_read_tokens: 10 per 1 } }]\n");
        var usage = new UsageVector { CacheReadTokens = 90, InputTokens = 30, OutputTokens = 5 };

        var cost = book.Price(Call("acme", "m"), in usage);

        // 10 × 2 + 20 × 20
        Assert.Equal((Usd("90"), Usd("420"), Usd("45")), (cost.CacheReadCost, cost.InputCost, cost.OutputCost));
    }

    [Fact]
    public void Remembering_is_bounded_and_forgetting_changes_no_price()
    {
        var book = Book(Card("a", "[{ prefix: m- }]", "1"));

        for (var i = 0; i < RateBook.SelectorsMax + 10; i++)
        {
            Assert.Equal("a", RateId(book, Call("acme", "m-" + i)));
        }
        Assert.Equal("a", RateId(book, Call("acme", "m-0")));
        Assert.Equal("", RateId(book, Call("acme", "m-" + new string('x', 5_000))));
    }
}
