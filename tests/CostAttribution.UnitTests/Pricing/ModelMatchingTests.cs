using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using FsCheck;
using FsCheck.Fluent;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public class ModelMatchingTests
{
    private static readonly UsageVector Million = new() { InputTokens = 1_000_000 };

    private static string Card(string id, string match, string more = "") =>
        $"  - id: {id}\n    match: [{match}]\n    rates: {{ input_tokens: 1 per 1M }}\n{more}";

    private static string RateId(RateBook book, PricingRequest request) => book.Price(in request, in Million).RateId;

    [Fact]
    public void Kinds_of_rules_are_asked_from_the_most_to_the_least_specific()
    {
        var book = Book(Card("any", "{ any: true }") + Card("regex", "{ regex: \"m-[0-9a-z-]+\" }") + Card("part", "{ contains: -1- }")
            + Card("glob", "{ glob: \"m-*-x\" }") + Card("suffix", "{ suffix: -0-x }") + Card("prefix", "{ prefix: m-1-0 }")
            + Card("dated", "m-1-0-x") + Card("equals", "{ equals: m-1-0-x-001 }"));

        Assert.Equal("equals", RateId(book, Call("acme", "m-1-0-x-001")));
        Assert.Equal("dated", RateId(book, Call("acme", "m-1-0-x")));
        Assert.Equal("prefix", RateId(book, Call("acme", "m-1-0")));
        Assert.Equal("suffix", RateId(book, Call("acme", "m-2-0-x")));
        Assert.Equal("glob", RateId(book, Call("acme", "m-2-x")));
        Assert.Equal("part", RateId(book, Call("acme", "m-1-z")));
        Assert.Equal("regex", RateId(book, Call("acme", "m-22")));
        Assert.Equal("any", RateId(book, Call("acme", "else")));
        Assert.Equal("", RateId(book, Call("other", "else")));
    }

    [Fact]
    public void A_lower_order_is_asked_first_whatever_its_rule()
    {
        var book = Book(Card("exact", "m-1") + Card("first", "{ any: true }", "    order: -1\n    to: 2026-06-01\n")
            + Card("last", "{ equals: m-1 }", "    order: 1\n"));

        Assert.Equal("first", RateId(book, Call("acme", "m-1", "2026-05-31")));
        Assert.Equal("exact", RateId(book, Call("acme", "m-1", "2026-06-01")));
    }

    [Theory]
    [InlineData("{ any: true }")]
    [InlineData("{ contains: gpt }")]
    [InlineData("{ suffix: gpt }")]
    [InlineData("{ regex: \".*gpt\" }")]
    public void No_loose_rule_reaches_into_a_resellers_name_or_another_sellers_call(string rule)
    {
        var book = Book(Card("a", rule));

        Assert.Equal("a", RateId(book, Call("acme", "my-gpt")));
        Assert.Equal("", RateId(book, Call("acme", "router/acme/gpt")));
        Assert.Equal("", RateId(book, Call("acme", "gpt", seller: "router")));
    }

    [Fact]
    public void An_expression_that_explodes_elsewhere_is_matched_in_linear_time()
    {
        var book = Book(Card("a", "{ regex: \"(a+)+b\" }"));

        Assert.Equal("", RateId(book, Call("acme", new string('a', 250))));
        Assert.Equal("a", RateId(book, Call("acme", "aab")));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("(?<=a)b")]
    [InlineData("(a)\\\\1")]
    [InlineData("((a{1000}){1000}){1000}")]
    public void An_expression_that_cannot_be_matched_so_is_refused(string pattern)
    {
        var loaded = RateCardLoader.Load([("f", Cards(Card("a", $"{{ regex: \"{pattern}\" }}")))]);

        Assert.Equal((RateCardFaultKind.BadValue, 4), (Assert.Single(loaded.Faults).Kind, loaded.Faults[0].Line));
    }

    [Theory]
    [InlineData("{ glob: \"gpt-*-mini\" }", "{ glob: \"gpt-5*mini\" }")]
    [InlineData("{ glob: \"*large*\" }", "{ glob: \"*turbo*\" }")]
    [InlineData("{ contains: large }", "{ contains: turbo }")]
    [InlineData("{ regex: \"m-.*\" }", "{ regex: \".*-1\" }")]
    public void Rules_of_equal_rank_that_select_one_model_are_refused_until_one_has_an_order(string one, string other)
    {
        // The named model gives the expressions a name to meet at.
        var named = Card("named", "{ equals: m-1 }");
        var loaded = RateCardLoader.Load([("f.yaml", Cards(named + Card("a", one) + Card("b", other)))]);

        var fault = Assert.Single(loaded.Faults);
        Assert.Equal((RateCardFaultKind.Contradiction, 10), (fault.Kind, fault.Line));
        Assert.Contains("f.yaml:7", fault.Reason);
        Book(named + Card("a", one) + Card("b", other, "    order: 1\n"));
        Book(named + Card("a", one, "    to: 2026-01-01\n") + Card("b", other, "    from: 2026-01-01\n"));
    }

    [Theory]
    [InlineData("{ glob: \"gpt-*-mini\" }", "{ glob: \"gem-*-mini\" }")]
    [InlineData("{ suffix: -mini }", "{ suffix: -nano }")]
    [InlineData("{ glob: \"abc*\" }", "{ glob: \"a/b*\" }")]
    public void Rules_that_never_meet_may_stand_beside_each_other(string one, string other) =>
        Assert.Equal(2, Book(Card("a", one) + Card("b", other)).Cards.Count);

    [Fact]
    public void Expressions_that_meet_at_a_name_nobody_knew_leave_it_unpriced_rather_than_priced_by_chance()
    {
        var book = Book(Card("a", "{ regex: \"q-.*\" }") + Card("b", "{ regex: \".*-7\" }"));

        var cost = book.Price(Call("acme", "q-7"), in Million);

        Assert.Equal((PriceStatus.UnpricedModel, PriceGap.AmbiguousCards), (cost.Status, cost.Gap));
        Assert.Equal("a", RateId(book, Call("acme", "q-8")));
    }

    [Fact]
    public void Two_globs_meet_exactly_when_some_short_name_matches_both()
    {
        var names = Names("ab-", 5).ToArray();
        var met = 0;
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var (one, other) = (Glob(random), Glob(random));
            var witness = RuleOverlap.Witness(one, other, static _ => false, []);
            if (witness is not null)
            {
                met++;
                Assert.True(one.Matches(witness) && other.Matches(witness), $"{one} {other} {witness}");
            }
            else Assert.DoesNotContain(names, name => one.Matches(name) && other.Matches(name));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(800));
        Assert.InRange(met, 50, 799);

        static ModelRule Glob(Random random) => new(ModelRuleKind.Glob,
            string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => "ab-*"[random.Next(4)])));
    }

    private static IEnumerable<string> Names(string letters, int length) => length == 0 ? [""]
        : Names(letters, length - 1).SelectMany(name => letters.Select(letter => name + letter)).Prepend("")
            .Concat(Names(letters, length - 1)).Where(name => name.Length > 0).Distinct();
}
