using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using FsCheck;
using FsCheck.Fluent;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public class ContractScopeTests
{
    private static readonly UsageVector Million = new() { InputTokens = 1_000_000 };
    private const string List = "  - id: list\n    match: [m, n]\n    rates: { input_tokens: 100 per 1M }\n";

    private static string Deal(string id, string scope, int price, string more = "") =>
        $"  - id: {id}\n    layer: contract\n    match: [m]\n    scope: {{ {scope} }}\n    rates: {{ input_tokens: {price} per 1M }}\n{more}";

    private static CostBreakdown PriceOf(RateBook book, string account = "", string project = "", string key = "",
        string customer = "", string model = "m") => book.Price(
            Call("acme", model) with { Scope = book.ScopeOf(account, project, key, customer) }, in Million);

    [Fact]
    public void A_customers_deal_comes_before_a_keys_a_projects_an_accounts_and_everyones()
    {
        var book = Book(List + Deal("account", "accounts: [a]", 50) + Deal("project", "projects: [p]", 40)
            + Deal("key", "keys: [k1, k2]", 30) + Deal("customer", "customers: [c], accounts: [a]", 20)
            + "  - id: everyone\n    layer: contract\n    match: [{ any: true }]\n    list_factor: \"0.9\"\n");

        Assert.Equal(Usd("90"), PriceOf(book).Cost);
        Assert.Equal(Usd("90"), PriceOf(book, "A", "P", "K", "C").Cost);
        Assert.Equal(Usd("50"), PriceOf(book, "a").Cost);
        Assert.Equal(Usd("40"), PriceOf(book, "a", "p").Cost);
        Assert.Equal(Usd("30"), PriceOf(book, "a", "p", "k2").Cost);
        Assert.Equal(Usd("20"), PriceOf(book, "a", "p", "k1", "c").Cost);
        Assert.Equal(Usd("30"), PriceOf(book, "b", "p", "k1", "c").Cost);
        Assert.Equal(Usd("90"), PriceOf(book, "a", "p", "k1", "c", "n").Cost);
        Assert.All(["a", "c", ""], customer => Assert.Equal(Usd("100"), PriceOf(book, customer: customer).ListCost));
    }

    [Fact]
    public void A_contract_without_a_list_price_is_marked_and_not_shown_as_a_discount_of_nothing()
    {
        var book = Book("  - id: deal\n    layer: contract\n    match: [m]\n    rates: { input_tokens: 3 per 1M, pages: 1 per 1 }\n");
        var cost = PriceOf(book);

        Assert.True(cost.ListPriceMissing);
        Assert.Equal((Usd("3"), Usd("3"), PriceStatus.Priced), (cost.Cost, cost.ListCost, cost.Status));
        Assert.False(PriceOf(Book(List)).ListPriceMissing);
    }

    [Fact]
    public void A_unit_that_only_the_contract_prices_marks_the_list_price_as_missing()
    {
        var book = Book(List + "  - id: deal\n    layer: contract\n    match: [m]\n    rates: { pages: 1 per 1 }\n");
        var pages = new UsageVector { InputTokens = 1_000_000, OtherUnits = [new("pages", 2)] };

        Assert.False(PriceOf(book).ListPriceMissing);
        var cost = book.Price(Call("acme", "m"), in pages);
        Assert.Equal((true, Usd("102"), PriceStatus.Priced), (cost.ListPriceMissing, cost.Cost, cost.Status));
    }

    [Theory]
    [InlineData("customers: [c, d]", "customers: [d, e]", true)]
    [InlineData("customers: [c], accounts: [x]", "customers: [c]", true)]
    [InlineData("customers: [c], accounts: [x]", "customers: [c], accounts: [y]", false)]
    [InlineData("customers: [c]", "customers: [e]", false)]
    [InlineData("customers: [c]", "projects: [p]", false)]
    [InlineData("projects: [p]", "projects: [p]", true)]
    public void Two_deals_of_one_level_that_meet_are_refused(string one, string other, bool isFault)
    {
        var loaded = RateCardLoader.Load([("f.yaml", Cards(List + Deal("a", one, 5) + Deal("b", other, 6)))]);

        Assert.Equal(isFault ? [(RateCardFaultKind.Contradiction, 12)] : [], loaded.Faults.Select(fault => (fault.Kind, fault.Line)));
        Assert.True(RateCardLoader.Load([("f", Cards(List + Deal("a", one, 5) + Deal("b", other, 6, "    order: 1\n")))]).IsSound);
    }

    [Fact]
    public void Random_deals_choose_as_a_walk_through_the_levels_would()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var deals = Enumerable.Range(0, random.Next(1, 12)).Select(i => (Id: $"d{i:00}", Price: i + 1, Order: i,
                Scope: (string[])[Some("a", 3), Some("p", 3), Some("k", 3), Some("c", 4)])).Where(deal => deal.Scope.Any(part => part != "")).ToArray();
            var book = Book(List + string.Concat(deals.Select(deal => Deal(deal.Id, string.Join(", ", deal.Scope
                .Zip(["accounts", "projects", "keys", "customers"], (value, name) => value == "" ? "" : $"{name}: [{value}]")
                .Where(text => text != "")), deal.Price, $"    order: {deal.Order}\n"))));
            for (var i = 0; i < 10; i++)
            {
                string[] call = [One("a"), One("p"), One("k"), One("c")];
                var best = deals.Where(deal => deal.Scope.Zip(call).All(pair => pair.First == "" || pair.First.Split(", ").Contains(pair.Second)))
                    .OrderByDescending(deal => Array.FindLastIndex(deal.Scope, part => part != "")).ThenBy(deal => deal.Order)
                    .Select(deal => deal.Id).FirstOrDefault("list");

                Assert.Equal(best, PriceOf(book, call[0], call[1], call[2], call[3]).RateId);
            }

            string One(string letter) => random.Next(4) == 0 ? "" : letter + random.Next(5);
            string Some(string letter, int of) => random.Next(of) > 0 ? ""
                : string.Join(", ", Enumerable.Range(0, random.Next(1, 4)).Select(_ => letter + random.Next(4)).Distinct());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void Ten_thousand_customers_of_one_contract_are_one_caller_to_the_book_and_pricing_them_does_not_allocate()
    {
        var customers = string.Join(", ", Enumerable.Range(0, ContractScope.ValuesMax).Select(i => "c" + i));
        var book = Book(List + Deal("deal", $"customers: [{customers}]", 7));
        var call = Call("acme", "m");
        CostBreakdown cost = default;

        Assert.Equal(book.ScopeOf("", "", "", "c1"), book.ScopeOf("x", "y", "z", "c9999"));
        Assert.NotEqual(book.ScopeOf("", "", "", "c1"), book.ScopeOf("", "", "", "c10000"));
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1_000; i++)
            {
                var request = call with { Scope = book.ScopeOf("a", "p", "k", "c77"), Traits = book.TraitsOf("g", "e", "f") };
                Pricer.Price(book, in request, in Million, ref cost);
            }
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal((0, Usd("7")), (least, cost.Cost));
    }
}
