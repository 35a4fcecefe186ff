using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.RateCards;
using CostAttribution.Testing.Costing;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Costing;

/// <summary>Which cost a row has when a provider reports one; ours is 0.0001 for 100 tokens of 'known'.</summary>
public sealed class ReportedCostingTests
{
    private const string Cards = """
        format: 1
        provider: openai
        cards:
          - { id: known, match: [known], rates: { input_tokens: 1.00 per 1M } }
          - { id: gift, match: [gift], free: true }
          - { id: part, match: [part], rates: { output_tokens: 1.00 per 1M } }
        """;

    [Theory]
    [InlineData("known", "", "Priced 0.000100000000 list 0.000100000000 reported 0.000500000000 rate known")]
    [InlineData("known", "ours", "Priced 0.000100000000 list 0.000100000000 reported 0.000500000000 rate known")]
    [InlineData("known", "reported", "ProviderReported 0.000500000000 list 0.000100000000 reported 0.000500000000 rate known")]
    [InlineData("known", "reported_if_unpriced", "Priced 0.000100000000 list 0.000100000000 reported 0.000500000000 rate known")]
    [InlineData("strange", "ours", "UnpricedModel 0.000000000000 list 0.000000000000 reported 0.000500000000 rate ")]
    [InlineData("strange", "reported", "ProviderReported 0.000500000000 list 0.000000000000 reported 0.000500000000 rate ")]
    [InlineData("strange", "reported_if_unpriced", "ProviderReported 0.000500000000 list 0.000000000000 reported 0.000500000000 rate ")]
    [InlineData("part", "reported_if_unpriced", "ProviderReported 0.000500000000 list 0.000000000000 reported 0.000500000000 rate part")]
    [InlineData("", "ours", "ProviderReported 0.000500000000 list 0.000000000000 reported 0.000500000000 rate ")]
    public void The_book_says_which_cost_counts_and_both_stay_on_the_row(string model, string take, string expected)
    {
        var entry = Cost(Book(take), model, 0.0005);

        Assert.Equal(expected, $"{entry.Cost.Status} {entry.Cost.Cost} list {entry.Cost.ListCost} reported "
            + $"{entry.ProviderReportedCost} rate {entry.Cost.RateId}");
    }

    [Theory]
    [InlineData("known", 0.000105, 100, false)]
    [InlineData("known", 0.0105, 10_000, false)]
    [InlineData("known", 0.0106, 10_000, true)]
    [InlineData("known", 0.0094, 10_000, true)]
    // a reported cost that was rounded to a millionth
    [InlineData("known", 0.000001, 1, false)]
    [InlineData("gift", 0.01, 1, true)]
    [InlineData("strange", 0.01, 1, false)]
    [InlineData("part", 0.01, 1, false)]
    public void A_difference_is_told_only_where_ours_is_known_and_above_the_threshold(string model, double reported, long input, bool told)
    {
        foreach (var take in new[] { "ours", "reported" })
        {
            var entry = Cost(Book(take), model, reported, input);
            Assert.Equal(told, (entry.Flags & SpanFlags.ReportedCostDeviates) != 0);
        }
    }

    [Fact]
    public void A_row_that_stands_keeps_the_word_of_its_own_book()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1), Reporting(TestSpan.Call(1, 2, 1)));
        bench.Pass(10);
        bench.Publish(RateCardLoader.Load([("rates.yaml", """
            format: 1
            provider: openai
            cards:
              - { id: test/model, match: [test-model], rates: { input_tokens: 2.00 per 1M, output_tokens: 8.00 per 1M } }
            reported_costs: [{ id: all, take: reported }]
            """)]).Book!);

        bench.Offer(Reporting(TestSpan.Call(1, 2, 1, 3000).With("gen_ai.usage.cache_read.input_tokens", 0L)), Reporting(TestSpan.Call(1, 3, 1)));
        bench.Pass(70);

        var standing = bench.Rows.Where(row => row.Sign > 0).GroupBy(row => row.SpanId.Value).Select(rows => rows.Last())
            .OrderBy(row => row.SpanId.Value).Select(row => row.Cost.Status);
        Assert.Equal([PriceStatus.Priced, PriceStatus.ProviderReported], standing);

        static TestSpan Reporting(TestSpan span) => span.With("gen_ai.usage.cost", "0.5");
    }

    private static RateBook Book(string take)
    {
        var rule = take.Length == 0 ? "" : $"\nreported_costs: [{{ id: all, take: {take} }}]";
        return RateCardLoader.Load([("rates.yaml", Cards + rule)]).Book!;
    }

    private static LedgerEntry Cost(RateBook book, string model, double reported, long input = 100)
    {
        List<KeyValuePair<string, object>> attributes =
        [
            new("gen_ai.operation.name", "chat"), new("gen_ai.provider.name", "openai"), new("gen_ai.usage.input_tokens", input),
            new("gen_ai.usage.cost", reported),
        ];
        if (model.Length > 0) attributes.Add(new("gen_ai.response.model", model));
        using var trace = TracePlan.Collect([new SpanPlan { Id = "c", Name = "chat", Attributes = attributes }]);
        var costs = new TraceCosts();
        new TraceCosting().Cost(trace, TraceContext.Empty with { Final = true }, book, AttributionTable.Default, costs);
        return Assert.Single(costs.Entries);
    }
}
