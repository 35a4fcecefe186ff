using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Costing;
using CostAttribution.UnitTests.Ingest.Assembly;
using static CostAttribution.UnitTests.Pricing.PricingKit;

namespace CostAttribution.UnitTests.Costing;

/// <summary>What spans cost beside model calls, through the real assembler and costing.</summary>
public sealed class CostItemTests
{
    private const string Cards = "  - id: a\n    match: [m]\n    rates: { search_units: 2 per 1K }\n";
    private static readonly RateBook Rules = Book(Cards + """
        cost_rules:
          - name: reads
            when: { span_name: { prefix: "query " }, attributes: { db.reads: { present: true } } }
            unit: vector_read_units
            quantity: { attribute: db.reads }
            price: 20.00 per 1M
          - name: search
            when: { span_name: search }
            unit: web_searches
            price: 10.00 per 1K
          - name: gpu
            when: { attributes: { gpu.kind: h100 } }
            unit: gpu_milliseconds
            quantity: { duration: true, times_attribute: gpu.count }
            price: 3.60 per hour

        """);

    private static readonly RateBook Dearer = Book(Cards + """
        cost_rules:
          - name: reads
            when: { span_name: { prefix: "query " }, attributes: { db.reads: { present: true } } }
            unit: vector_read_units
            quantity: { attribute: db.reads }
            price: 40.00 per 1M
          - name: rows
            when: { span_name: { prefix: "query " } }
            unit: tool_calls
            price: 1.00 per 1

        """);

    private static readonly AttributionTable Table = AttributionTableBuilder.Build(new AttributionOptions(),
        KeptKeys.With(new AttributionOptions(), [], Rules), [])!;

    private static AssemblyBench Bench(RateBook? rates = null) => new(attribution: Table, rates: rates ?? Rules);

    private static TestSpan Query(int id, object reads, int parent = 1) =>
        new TestSpan(1, id, parent) { Name = "query articles" }.With("db.reads", reads);

    private static Dictionary<string, decimal> Net(AssemblyBench bench) => bench.Rows.GroupBy(row => $"{row.SpanId.Value}:{row.CostItem}")
        .Select(group => (group.Key, Sum: group.Sum(row => row.Sign * (decimal)row.Cost.Cost.PicoUsd / 1_000_000_000_000m)))
        .ToDictionary(pair => pair.Key, pair => pair.Sum);

    [Fact]
    public void A_rule_prices_a_span_by_its_attribute_with_the_owner_and_workflow_of_its_trace_and_counts_no_call()
    {
        using var bench = Bench();
        bench.Offer(TestSpan.Root(1, 1), Query(2, 500L), new TestSpan(1, 3, 1) { Name = "search" });
        bench.Pass(10);

        Assert.Equal(new() { ["2:reads"] = 0.01m, ["3:search"] = 0.01m }, Net(bench));
        var row = bench.Rows[0];
        Assert.Equal(("acme", "support", "POST /ask", "reads"), (row.CustomerId, row.FeatureId, row.Workflow, row.CostItem));
        Assert.Equal((0, 0, "cost_rule", "rule/reads", PriceStatus.Priced),
            (row.Calls, row.FailedCalls, row.Provider, row.Cost.RateId, row.Cost.Status));
        Assert.Equal([new UnitQuantity("vector_read_units", 500)], row.Usage.OtherUnits!);
        var segment = bench.Postings[^1].Segment;
        Assert.Equal((0L, new Money(20_000_000_000), "acme"), (segment.Calls, segment.Cost, segment.CustomerId));
    }

    [Fact]
    public void A_rule_prices_duration_times_an_attribute_of_the_process()
    {
        using var bench = Bench();
        bench.Offer(TestSpan.Root(1, 1), new TestSpan(1, 2, 1)
        {
            Name = "infer", Attributes = new() { ["gpu.kind"] = "h100" }, Resource = new() { ["gpu.count"] = "2" },
        });
        bench.Pass(10);

        // Half a second on two of them.
        Assert.Equal(new() { ["2:gpu"] = 0.001m }, Net(bench));
    }

    [Fact]
    public void An_item_beside_a_call_leaves_the_calls_row_as_it_is()
    {
        using var bench = new AssemblyBench(attribution: Table, rates: Rules);
        var call = TestSpan.Call(1, 2, 1) with { Name = "search" };
        bench.Offer(TestSpan.Root(1, 1), call);
        bench.Pass(10);

        Assert.Equal(["", "search"], bench.Rows.Select(row => row.CostItem));
        Assert.Equal([1, 0], bench.Rows.Select(row => (int)row.Calls));
        Assert.Equal(1010, bench.Rows[0].Usage.InputTokens + bench.Rows[0].Usage.OutputTokens);
        Assert.Equal(1, bench.Postings[^1].Segment.Calls);
    }

    [Theory]
    [InlineData("many")]
    [InlineData("NaN")]
    [InlineData("-5")]
    [InlineData("1e9")]
    [InlineData("9223372036854775808")]
    [InlineData("{'reads': 5}")]
    [InlineData("99999999999999999999999999999999999999999999999")]
    public void A_quantity_that_is_no_number_is_a_flagged_row_without_a_price_never_money(string hostile)
    {
        using var bench = Bench();
        bench.Offer(TestSpan.Root(1, 1), Query(2, hostile));
        bench.Pass(10);

        var row = Assert.Single(bench.Rows);
        Assert.Equal((Money.Zero, PriceStatus.UnpricedUnit, "vector_read_units"),
            (row.Cost.Cost, row.Cost.Status, row.Cost.UnpricedUnit));
        Assert.True((row.Flags & SpanFlags.CostItemUnreadable) != 0);
        Assert.True(row.Usage.IsZero);
    }

    [Fact]
    public void The_largest_quantity_that_fits_is_priced_exactly()
    {
        using var bench = Bench();
        bench.Offer(TestSpan.Root(1, 1), Query(2, long.MaxValue));
        bench.Pass(10);

        Assert.Equal((Int128)long.MaxValue * 20_000_000, Assert.Single(bench.Rows).Cost.Cost.PicoUsd);
    }

    [Fact]
    public void Units_of_a_vector_database_are_an_item_of_their_own_and_a_rule_for_them_takes_its_place()
    {
        TestSpan[] spans = [TestSpan.Root(1, 1), new TestSpan(1, 2, 1)
        {
            Name = "pinecone.query",
            Attributes = new() { ["pinecone.usage.read_units"] = 7L, ["gen_ai.operation.name"] = "vector_db_retrieve" },
        }];
        using var bench = new AssemblyBench();
        bench.Offer(spans);
        bench.Pass(10);

        var row = Assert.Single(bench.Rows);
        Assert.Equal(("vector_database", "pinecone", 0, PriceStatus.UnpricedModel),
            (row.CostItem, row.Provider, row.Calls, row.Cost.Status));
        Assert.Equal([new UnitQuantity("vector_read_units", 7)], row.Usage.OtherUnits!);

        using var priced = new AssemblyBench(rates: Book(Cards + """
            cost_rules:
              - name: pinecone
                when: { attributes: { pinecone.usage.read_units: { present: true } } }
                unit: vector_read_units
                quantity: { attribute: pinecone.usage.read_units }
                price: 16.00 per 1M

            """));
        priced.Offer(spans);
        priced.Pass(10);
        Assert.Equal(new() { ["2:pinecone"] = 0.000112m }, Net(priced));
    }

    public enum Later { InMemory, Evicted, Restart }

    [Theory]
    [InlineData(Later.InMemory)]
    [InlineData(Later.Evicted)]
    [InlineData(Later.Restart)]
    public void Items_that_stand_keep_their_rules_a_new_rule_reaches_new_spans_only(Later later)
    {
        using var bench = Bench();
        bench.Offer(TestSpan.Root(1, 1), Query(2, 500L));
        bench.Pass(10);
        if (later == Later.Evicted) bench.Pass(70);
        if (later == Later.Restart) bench.Restart(Dearer);
        else bench.Publish(Dearer);

        bench.Offer(Query(3, 500L));
        Settle(bench);

        Assert.Equal(new() { ["2:reads"] = 0.01m, ["3:reads"] = 0.02m, ["3:rows"] = 1m }, Net(bench));
        Assert.DoesNotContain(bench.Rows, row => row.Sign < 0);
        Assert.Equal(Usd("1.03"), bench.Postings[^1].Segment.Cost);
    }

    [Theory]
    [InlineData(Later.InMemory)]
    [InlineData(Later.Evicted)]
    [InlineData(Later.Restart)]
    public void A_rule_that_was_removed_leaves_what_stands_and_a_late_owner_is_corrected(Later later)
    {
        using var bench = Bench();
        bench.Offer(Query(2, 500L), TestSpan.Call(1, 4, 1));
        Settle(bench);
        if (later == Later.Evicted) bench.Pass(70);
        if (later == Later.Restart) bench.Restart(AssemblyBench.Rates);
        else bench.Publish(AssemblyBench.Rates);

        bench.Offer(TestSpan.Root(1, 1));
        Settle(bench);

        Assert.Equal(0.01m, Net(bench)["2:reads"]);
        Assert.Equal("acme", bench.Rows.Last(row => row is { Sign: > 0, CostItem: "reads" }).CustomerId);
    }

    [Fact]
    public void An_item_whose_rules_were_not_kept_goes_on_standing()
    {
        using var bench = Bench();
        bench.Offer(TestSpan.Root(1, 1), Query(2, 500L));
        bench.Pass(10);
        bench.LoseSnapshots();
        bench.Restart(AssemblyBench.Rates);

        bench.Offer(new TestSpan(1, 5, 1) { Name = "late" }, Query(6, 5L));
        Settle(bench);

        Assert.Equal(new() { ["2:reads"] = 0.01m }, Net(bench));
        Assert.DoesNotContain(bench.Rows, row => row.Sign < 0);
    }

    [Fact]
    public void Every_order_of_arrival_gives_the_same_rows()
    {
        TestSpan[] spans =
        [
            TestSpan.Root(1, 1), Query(2, 500L), TestSpan.Call(1, 3, 1) with { Name = "search" }, Query(4, "x", 3),
            new TestSpan(1, 5, 2) { Name = "search" },
        ];
        string[]? expected = null;
        for (var seed = 0; seed < 24; seed++)
        {
            var order = spans.ToArray();
            new Random(seed).Shuffle(order);
            using var bench = Bench();
            foreach (var span in order)
            {
                bench.Offer(span);
                if (seed % 2 == 0) bench.Pass(12);
            }
            Settle(bench);
            var net = bench.Rows.GroupBy(row => (row.SpanId, row.CostItem, row.CustomerId, row.Workflow, row.Step, row.Cost.Cost.PicoUsd))
                .Where(group => group.Sum(row => row.Sign) != 0)
                .Select(group => $"{group.Key} {group.Sum(row => row.Sign)}").Order(StringComparer.Ordinal).ToArray();
            expected ??= net;
            Assert.Equal(expected, net);
        }
        Assert.Equal(5, expected!.Length);
    }

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
}
