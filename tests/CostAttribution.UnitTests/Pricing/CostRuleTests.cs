using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using FsCheck;
using FsCheck.Fluent;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Pricing;

public class CostRuleTests
{
    private const string Rules = """
        cost_rules:
          - name: vector-reads
            when: { scope: opentelemetry.pinecone, attributes: { db.operation: [query, fetch], db.reads: { present: true } } }
            unit: vector_read_units
            quantity: { attribute: db.reads }
            price: 16 per 1M
          - name: rerank
            when: { span_name: rerank }
            unit: search_units
            provider: acme
            model: m
          - name: gpu
            when: { span_name: { prefix: infer }, attributes: { gpu.kind: h100 } }
            unit: gpu_milliseconds
            quantity: { duration: true, times_attribute: gpu.count }
            price: 3.60 per hour
          - name: tool-seconds
            when: { attributes: { tool.name: { contains: browser } } }
            unit: seconds
            quantity: { duration: true, round: up }
            price: 0.01 per minute
          - name: dollars
            when: { scope: [app, other], span_name: { suffix: .paid } }
            unit: credits
            quantity: { attribute: credits, times: "1.5" }
            price: 1 per 1

        """;

    private static readonly RateBook TheBook =
        Book("  - id: a\n    match: [m]\n    rates: { search_units: 2 per 1K }\n" + Rules);

    private static List<RuleHit> Match(string scope, string name, ulong nanos, params (string Key, string Value)[] attributes)
    {
        var matcher = TheBook.CostRuleMatcher;
        var values = matcher.AttributeKeys.Select(key => attributes.FirstOrDefault(pair => pair.Key == key).Value).ToArray();
        var hits = new List<RuleHit>();
        matcher.Match(scope, name, nanos, values, hits);
        return hits;
    }

    private static void Is(string rule, long quantity, List<RuleHit> hits) =>
        Assert.Equal((rule, quantity, RuleFault.None), (Assert.Single(hits).Rule.Name, hits[0].Quantity, hits[0].Fault));

    [Fact]
    public void A_rule_finds_its_spans_and_how_much_they_used()
    {
        Is("vector-reads", 12, Match("opentelemetry.pinecone", "q", 5, ("db.operation", "fetch"), ("db.reads", "12")));
        Is("rerank", 1, Match("anything", "rerank", 5));
        Is("gpu", 3_000, Match("s", "infer-batch", 1_500_000_000, ("gpu.kind", "h100"), ("gpu.count", "2")));
        Is("tool-seconds", 2, Match("s", "t", 1_000_000_001, ("tool.name", "a browser b")));
        Is("dollars", 4, Match("app", "x.paid", 0, ("credits", "3")));        // 4.5, to even
        Is("dollars", 2, Match("other", "x.paid", 0, ("credits", "1")));      // 1.5
        Assert.Empty(Match("opentelemetry.pinecone", "q", 5, ("db.operation", "upsert"), ("db.reads", "12")));
        Assert.Empty(Match("opentelemetry.pinecone", "q", 5, ("db.operation", "query")));
        Assert.Empty(Match("app", "rerank2", 5));
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("-1")]
    [InlineData("1e9")]
    [InlineData("{'n': 1}")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999999999999999999999999999")]
    [InlineData("١")]
    public void A_number_that_is_none_is_a_fault_and_no_quantity(string number)
    {
        var hit = Assert.Single(Match("opentelemetry.pinecone", "q", 5, ("db.operation", "query"), ("db.reads", number)));

        Assert.Equal((RuleFault.BadQuantity, 0), (hit.Fault, hit.Quantity));
    }

    [Fact]
    public void A_missing_factor_is_a_fault() => Assert.Equal(RuleFault.NoQuantity,
        Assert.Single(Match("s", "infer", 1, ("gpu.kind", "h100"))).Fault);

    [Fact]
    public void What_a_rule_finds_is_priced_by_the_cards_of_its_model_or_by_its_own_price()
    {
        Assert.Equal(Usd("0.000192"), CostOf(Match("opentelemetry.pinecone", "q", 5, ("db.operation", "query"), ("db.reads", "12"))));
        Assert.Equal(Usd("0.002"), CostOf(Match("s", "rerank", 5)));
        Assert.Equal(Usd("3.6"), CostOf(Match("s", "infer", 1_800_000_000_000, ("gpu.kind", "h100"), ("gpu.count", "2"))));

        static Money CostOf(List<RuleHit> hits)
        {
            var rule = Assert.Single(hits).Rule;
            var usage = new UsageVector { OtherUnits = [new(rule.Unit, hits[0].Quantity)] };
            var cost = TheBook.Price(Call(rule.Provider, rule.Model), in usage);
            Assert.Equal(PriceStatus.Priced, cost.Status);
            return cost.Cost;
        }
    }

    [Fact]
    public void The_compiled_rules_find_what_asking_each_rule_in_turn_finds()
    {
        string[] scopes = ["opentelemetry.pinecone", "app", "other", "s"], names = ["rerank", "infer", "infer-2", "x.paid", "q"];
        string[] texts = ["query", "fetch", "h100", "2", "7", "browser", ""];
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var matcher = TheBook.CostRuleMatcher;
            var (scope, name) = (scopes[random.Next(scopes.Length)], names[random.Next(names.Length)]);
            var values = matcher.AttributeKeys.Select(_ => random.Next(3) == 0 ? null : texts[random.Next(texts.Length)]).ToArray();
            var byKey = matcher.AttributeKeys.Zip(values).ToDictionary(pair => pair.First, pair => pair.Second);
            var expected = TheBook.CostRules.Where(rule => (rule.Scope?.Holds(scope) ?? true) && (rule.SpanName?.Holds(name) ?? true)
                && rule.Attributes.All(attribute => attribute.Match.Holds(byKey[attribute.Key]))).Select(rule => rule.Name);
            var hits = new List<RuleHit>();

            matcher.Match(scope, name, 1_000, values, hits);

            Assert.Equal(expected.Order(), hits.Select(hit => hit.Rule.Name).Order());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Fact]
    public void A_span_that_no_rule_is_for_costs_no_allocation()
    {
        var values = new string?[TheBook.CostRuleMatcher.AttributeKeys.Count];
        var hits = new List<RuleHit>();
        TheBook.CostRuleMatcher.Match("s", "n", 1, values, hits);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1_000; i++) TheBook.CostRuleMatcher.Match("s", "n", 1, values, hits);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
