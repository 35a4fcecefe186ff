using CostAttribution.Domain.Adjustments;
using CostAttribution.Domain.Pricing;
using static CostAttribution.UnitTests.Adjustments.SettlementKit;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Adjustments;

public class TermSettlerTests
{
    private static readonly Int128 Dollar = 1_000_000_000_000;

    [Fact]
    public void Graduated_tiers_price_what_lies_in_them_and_every_group_bears_its_part()
    {
        // 10M at 2 per 1M: 2M as priced, 3M at 0.5, 5M at 1 per 1M: 4 + 3 + 5 = 12 instead of 20.
        var settled = Settle("kind: volume_tiers, unit: input_tokens, tiers: [{ above: 2000000, factor: \"0.5\" }, "
            + "{ above: 5000000, price: 1 per 1M }]", Used("big", 7_500_000, 15 * Dollar), Used("small", 2_500_000, 5 * Dollar));

        Assert.Equal((Usd("20"), Usd("12"), Usd("-8")), (settled.Before, settled.Settled, settled.Adjustment));
        Assert.Equal(["big -6.000000000000", "small -2.000000000000"], Lines(settled));
        Assert.Equal(["0 to 2000000 as priced|2000000||4", "2000000 to 5000000 at a factor on what was priced|3000000|0.5|3",
            "beyond 5000000 at the tier's price|5000000|0.000001|5"], Steps(settled));
    }

    [Fact]
    public void The_tier_reached_prices_the_whole_period_where_it_says_so()
    {
        const string term = "kind: volume_tiers, unit: input_tokens, mode: whole, tiers: [{ above: 1000000, factor: \"0.9\" }, "
            + "{ above: 5000000, price: 1 per 1M }]";

        Assert.Empty(Settle(term, Used("a", 1_000_000, 2 * Dollar)).Lines);
        Assert.Equal(["a -0.400000000000"], Lines(Settle(term, Used("a", 2_000_000, 4 * Dollar))));
        Assert.Equal(["a -4.000000000000", "b -2.000000000000"],
            Lines(Settle(term, Used("b", 2_000_000, 4 * Dollar), Used("a", 4_000_000, 8 * Dollar))));
    }

    [Fact]
    public void A_tier_above_nothing_makes_the_first_units_free_and_a_dearer_tier_raises_the_cost()
    {
        const string term = "kind: volume_tiers, unit: pages, tiers: [{ above: 0, price: 0 per 1 }, { above: 10, factor: \"1\" }, "
            + "{ above: 20, price: 3 per 1 }]";

        Assert.Equal(["a -5.000000000000"], Lines(Settle(term, Used("a", 5, 5 * Dollar))));
        Assert.Equal(["a -10.000000000000"], Lines(Settle(term, Used("a", 20, 20 * Dollar))));
        Assert.Equal(["a 10.000000000000"], Lines(Settle(term, Used("a", 30, 30 * Dollar))));
    }

    [Fact]
    public void An_allowance_takes_the_average_price_paid_of_its_units_and_no_more_than_was_used()
    {
        const string term = "kind: allowance, unit: pages, quantity: 100";

        var some = Settle(term, Used("a", 300, 600 * Dollar), Used("b", 100, 100 * Dollar));
        Assert.Equal(["a -150.000000000000", "b -25.000000000000"], Lines(some));
        Assert.Equal((Usd("700"), Usd("525")), (some.Before, some.Settled));
        var all = Settle(term, Used("a", 60, 60 * Dollar), Used("b", 30, 90 * Dollar));
        Assert.Equal(["a -60.000000000000", "b -90.000000000000"], Lines(all));
        Assert.Equal(Money.Zero, all.Settled);
        Assert.Empty(Settle(term).Lines);
    }

    [Fact]
    public void What_does_not_divide_evenly_is_given_by_largest_remainder_and_ties_by_the_order_of_keys()
    {
        var settled = Settle("kind: allowance, unit: pages, quantity: 1", Used("c", 1, 1), Used("a", 1, 1), Used("b", 1, 1));

        // A third of a pico-dollar each: -1 in all, and the floors of -1/3 are -1, so two of them are given back.
        Assert.Equal(["c -0.000000000001"], Lines(settled));
    }

    [Fact]
    public void A_minimum_and_a_commitment_owe_what_is_lacking_by_what_each_used()
    {
        foreach (var kind in (string[])["minimum_charge", "commitment"])
        {
            var term = $"kind: {kind}, amount: \"100\", from: 2026-01-01";
            Assert.Equal(["a 45.000000000000", "b 15.000000000000"],
                Lines(Settle(term, Used("a", 1, 30 * Dollar), Used("b", 1, 10 * Dollar))));
            Assert.Empty(Settle(term, Used("a", 1, 100 * Dollar)).Lines);
            var nobody = Settle(term);
            Assert.Equal([" 100.000000000000"], Lines(nobody));
            Assert.Equal(Usd("100"), nobody.Unallocated);
        }
    }

    [Fact]
    public void Free_usage_bears_a_shortfall_by_its_list_price_then_by_tokens_then_by_calls()
    {
        const string term = "kind: commitment, amount: \"10\", from: 2026-01-01";
        GroupSum Free(string customer, Int128 list, Int128 tokens) => new(Group(customer), 0, 0, 0, list, tokens, 1);

        Assert.Equal(["a 8.000000000000", "b 2.000000000000"], Lines(Settle(term, Free("a", 4, 1), Free("b", 1, 9))));
        Assert.Equal(["a 1.000000000000", "b 9.000000000000"], Lines(Settle(term, Free("a", 0, 1), Free("b", 0, 9))));
        Assert.Equal(["a 5.000000000000", "b 5.000000000000"], Lines(Settle(term, Free("a", 0, 0), Free("b", 0, 0))));
    }

    [Fact]
    public void The_last_period_of_an_amount_that_ends_early_owes_its_share()
    {
        var term = Term("kind: minimum_charge, amount: \"31\", from: 2026-02-10, to: 2026-03-20");
        var spans = TermPeriods.Within(term, long.MinValue, long.MaxValue).ToArray();

        Assert.Equal(["2026-02-10/2026-03-10", "2026-03-10/2026-03-20"], spans.Select(span => $"{span}"));
        Assert.Equal(Usd("31"), TermSettler.Settle(term, spans[0], [], Rational.One).Settled);
        Assert.Equal(Usd("10"), TermSettler.Settle(term, spans[1], [], Rational.One).Settled);
    }

    [Fact]
    public void Capacity_is_owed_for_the_hours_passed_and_borne_by_those_it_served()
    {
        var term = Term("kind: capacity, quantity: 50, amount: \"2.00\", from: 2026-03-01T12:30:00Z, currency: EUR");
        var spans = TermPeriods.Within(term, Nanos("2026-03-01"), Nanos("2026-03-03")).ToArray();
        GroupSum[] used = [Used("a", 0, Dollar), Used("b", 0, 3 * Dollar)];

        Assert.Equal(["2026-03-01T12:30:00Z/2026-03-02T00:00:00Z", "2026-03-02/2026-03-03"], spans.Select(span => $"{span}"));
        Assert.Equal(["a 359.375000000000", "b 1078.125000000000"],
            Lines(TermSettler.Settle(term, spans[0], used, new Rational(5, 4))));
        var open = TermSettler.Settle(term, spans[1], [], new Rational(5, 4), Nanos("2026-03-02T05:59:00Z"));
        Assert.Equal((Usd("625"), Usd("625")), (open.Settled, open.Unallocated));
        Assert.Equal("50 units of capacity for 5 hours|5|2.5|625.000000000000", Steps(open).Single());
    }

    [Fact]
    public void An_amount_that_the_ledger_cannot_hold_is_refused()
    {
        var term = Term("kind: capacity, quantity: 9000000000000000000, amount: \"9000000000\", from: 2026-03-01");

        Assert.Throws<OverflowException>(() => TermSettler.Settle(term, Month(term), [], Rational.One));
    }

    [Theory]
    [InlineData("hour", "2026-03-10T05:30:00Z", "2026-03-10T05:00:00Z/2026-03-10T06:00:00Z")]
    [InlineData("day", "2026-03-10", "2026-03-10/2026-03-11")]
    [InlineData("month", "2026-02-28T23:59:59Z", "2026-02-01/2026-03-01")]
    [InlineData("quarter", "2026-05-10", "2026-04-01/2026-07-01")]
    [InlineData("year", "2026-12-31", "2026-01-01/2027-01-01")]
    public void Quantities_are_counted_by_calendar_periods(string period, string at, string expected) => Assert.Equal(expected,
        $"{Month(Term($"kind: allowance, unit: pages, quantity: 1, period: {period}"), at)}");

    [Theory]
    [InlineData("month", "2026-01-31", "2026-02-28/2026-03-31", "2026-03-01")]
    [InlineData("year", "2024-02-29", "2026-02-28/2027-02-28", "2026-03-01")]
    [InlineData("quarter", "2026-01-15", "2026-01-15/2026-04-15", "2026-03-01")]
    [InlineData("day", "2026-01-01T06:00:00Z", "2026-02-28T06:00:00Z/2026-03-01T06:00:00Z", "2026-03-01")]
    public void Amounts_are_owed_by_periods_that_begin_with_the_term(string period, string from, string expected, string at) =>
        Assert.Equal(expected, $"{Month(Term($"kind: commitment, amount: \"1\", period: {period}, from: {from}"), at)}");

    private static IEnumerable<string> Steps(TermSettlement settled) =>
        settled.Steps.Select(step => $"{step.What}|{step.Quantity}|{step.Each}|{step.Amount}");
}
