using System.Globalization;
using System.Text;
using CostAttribution.Api;
using CostAttribution.Api.Reading;
using CostAttribution.Api.Runs;
using CostAttribution.Api.Spans;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.UnitTests.Api;

public sealed class RunTreeTests
{
    [Fact]
    public void Children_hang_under_their_parents_and_costs_add_up()
    {
        var roots =
            RunTree.Build([Span(1), Span(2, 1), Span(3, 1), Span(4, 3)], [Row(1, 2, "1"), Row(2, 4, "2"), Row(3, 3, "4")]);

        var root = Assert.Single(roots);
        Assert.Equal([Hex(2), Hex(3)], root.Children.Select(child => child.SpanId));
        Assert.Equal(Money.Parse("6"), root.Children[1].CostWithChildren);
        Assert.Equal(Money.Parse("7"), root.CostWithChildren);
        Assert.Equal(Money.Zero, root.Cost);
    }

    [Fact]
    public void A_span_without_its_parent_is_a_root_and_keeps_its_parents_id()
    {
        var root = Assert.Single(RunTree.Build([Span(2, 9)], []));

        Assert.Equal(Hex(9), root.ParentSpanId);
    }

    [Fact]
    public void A_row_without_a_span_is_a_root_so_that_no_cost_is_lost()
    {
        var roots = RunTree.Build([Span(1)], [Row(1, 7, "3")]);

        Assert.Equal(2, roots.Count);
        Assert.Equal(Money.Parse("3"), roots.Aggregate(Money.Zero, (sum, root) => sum + root.CostWithChildren));
    }

    [Fact]
    public void A_loop_of_parents_is_cut_at_its_earliest_span()
    {
        var roots = RunTree.Build([Span(1, 3), Span(2, 1), Span(3, 2), Span(4, 4)], [Row(1, 2, "1"), Row(2, 4, "1")]);

        Assert.Equal([Hex(1), Hex(4)], roots.Select(root => root.SpanId));
        Assert.Equal(Hex(3), roots[0].Children[0].Children[0].SpanId);
        Assert.Empty(roots[0].Children[0].Children[0].Children);
    }

    [Fact]
    public void Correction_rows_of_one_span_are_netted()
    {
        var root = Assert.Single(RunTree.Build([Span(1)], [Row(1, 1, "1"), Row(2, 1, "-1", -1, 1), Row(3, 1, "1.5")]));

        Assert.Equal(Money.Parse("1.5"), root.Cost);
        Assert.Equal(3.ToString("x32", CultureInfo.InvariantCulture), Assert.Single(root.Items).EntryId);
    }

    [Fact]
    public void A_chain_deeper_than_the_limit_hangs_flat_on_the_last_level_and_loses_nothing()
    {
        const int spans = 5_000;
        var chain = Enumerable.Range(1, spans).Select(i => Span(i, i - 1)).ToArray();

        var root = Assert.Single(RunTree.Build(chain, [Row(1, spans, "1")]));

        Assert.Equal(Money.Parse("1"), root.CostWithChildren);
        Assert.Equal(spans, Count(root));
        Assert.Equal(ApiLimits.TreeLevelsMax, Depth(root));
    }

    [Fact]
    public void Whatever_the_parents_every_span_is_shown_once_and_every_row_is_counted()
    {
        var random = new Random(20260315);
        for (var round = 0; round < 200; round++)
        {
            var count = random.Next(1, 60);
            var spans = Enumerable.Range(1, count).Select(i => Span(i, random.Next(0, count + 3))).ToArray();
            var rows = Enumerable.Range(1, count).Select(i => Row(i, random.Next(1, count + 5), "0.000000000001")).ToArray();

            var roots = RunTree.Build(spans, rows);

            Assert.Equal(LedgerRows.Sum(rows, row => row.Cost),
                roots.Aggregate(Money.Zero, (sum, root) => sum + root.CostWithChildren));
            Assert.Equal(spans.Select(span => span.SpanId).Union(rows.Select(row => row.SpanId)).Count(), roots.Sum(Count));
        }
    }

    private static int Count(RunSpan span) => 1 + span.Children.Sum(Count);

    private static int Depth(RunSpan span) => 1 + span.Children.Select(Depth).DefaultIfEmpty().Max();

    private static string Hex(int span) => span.ToString("x16", CultureInfo.InvariantCulture);

    private static SpanFacts Span(int span, int parent = 0) =>
        SpanFacts.Read(Single(StoreAnswers.SpanLine(Hex(span), parent == 0 ? "" : Hex(parent))));

    private static LedgerRow Row(int entry, int span, string cost, int sign = 1, int corrects = 0) =>
        LedgerRows.Read(Single(StoreAnswers.LedgerLine(
            entry.ToString("x32", CultureInfo.InvariantCulture), Hex(span), cost, sign,
                corrects.ToString("x32", CultureInfo.InvariantCulture))));

    private static StoreRow Single(string line) => StoreReader.ReadRows(Encoding.UTF8.GetBytes(line))[0];
}
