using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Costing;

/// <summary>
/// The worked examples of docs/dialects.md: costed directly, and sent as bytes through decoder, assembly, costing and posting
/// in many orders of arrival.
/// </summary>
public sealed class FixtureTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Fixtures");

    private static readonly Dictionary<string, TraceFixture> All = Directory.GetFiles(Folder, "*.trace")
        .Order(StringComparer.Ordinal).ToDictionary(path => Path.GetFileNameWithoutExtension(path), TraceFixture.Read);

    public static TheoryData<string> Fixtures => new(All.Keys);

    /// <summary>Those that tell a story of arrival, whose rows along the way are part of the expectation.</summary>
    public static TheoryData<string> Scripts => new(All.Where(pair => pair.Value.Script.Count > 0).Select(pair => pair.Key));

    /// <summary>Those that need nothing from another trace.</summary>
    public static TheoryData<string> SingleTraces =>
        new(All.Where(pair => pair.Value.Spans.Select(span => span.TraceId).Distinct().Count() == 1).Select(pair => pair.Key));

    [Theory, MemberData(nameof(SingleTraces))]
    public void A_worked_example_comes_out_as_written(string name)
    {
        var fixture = All[name];

        var costs = Cost(fixture, fixture.Spans);

        var results = costs.Spans.ToDictionary(span => span.SpanId,
            span => SpanResult.Of(span, costs.Entries.SingleOrDefault(entry => entry.SpanId == span.SpanId)));
        new FixtureCheck(fixture, results, () => CostsText.Of(costs)).All();
    }

    [Theory, MemberData(nameof(SingleTraces))]
    public void The_order_of_arrival_does_not_matter(string name)
    {
        var fixture = All[name];
        var expected = CostsText.Of(Cost(fixture, fixture.Spans));

        Assert.Equal(expected, CostsText.Of(Cost(fixture, fixture.Spans.Reverse())));
        Assert.Equal(expected, CostsText.Of(Cost(fixture, fixture.Spans.Concat(fixture.Spans))));
        for (var seed = 1; seed <= 10; seed++)
        {
            var shuffled = fixture.Spans.ToArray();
            new Random(seed).Shuffle(shuffled);
            Assert.Equal(expected, CostsText.Of(Cost(fixture, shuffled)));
        }
    }

    [Theory, MemberData(nameof(Fixtures))]
    public void What_stands_in_the_ledger_is_as_written_however_the_spans_arrive(string name)
    {
        var fixture = All[name];
        List<string>? standing = null, sums = null;
        foreach (var form in Enum.GetValues<WireForm>())
        {
            foreach (var order in ArrivalOrders.Names)
            {
                using var bench = new OtlpBench(fixture.Rates, AttributionOf(fixture));

                bench.Run(ArrivalOrders.Of(order, fixture.Spans), form);

                string Where() => $"{form}, {order}\n{string.Join('\n', bench.Rows.Select(OtlpBench.TextOf))}";
                var rows = OtlpBench.Net(bench.Rows).ToDictionary(row => row.SpanId);
                var results = bench.Facts.ToDictionary(pair => pair.Key,
                    pair => SpanResult.Of(pair.Value, rows.GetValueOrDefault(pair.Key)));
                new FixtureCheck(fixture, results, Where).All();
                standing ??= OtlpBench.Standing(bench.Rows);
                sums ??= OtlpBench.Sums(bench.Rows);
                Assert.True(standing.SequenceEqual(OtlpBench.Standing(bench.Rows)), $"wanted\n{string.Join('\n', standing)}\n{Where()}");
                Assert.Equal(sums, OtlpBench.Sums(bench.Rows));
            }
        }
    }

    [Theory, MemberData(nameof(SingleTraces))]
    public void Pipeline_and_direct_costing_agree_in_every_column(string name)
    {
        var fixture = All[name];
        using var bench = new OtlpBench(fixture.Rates, AttributionOf(fixture));

        bench.Run(ArrivalOrders.Of("one request", fixture.Spans), WireForm.Protobuf);

        var costs = Cost(fixture, fixture.Spans, final: true);
        Assert.Equal(OtlpBench.Standing(costs.Entries), OtlpBench.Standing(bench.Rows));
    }

    [Theory, MemberData(nameof(Scripts))]
    public void A_story_of_arrival_leaves_the_rows_as_written(string name)
    {
        var fixture = All[name];
        foreach (var form in Enum.GetValues<WireForm>())
        {
            using var bench = new OtlpBench(fixture.Rates, AttributionOf(fixture));

            bench.Run(fixture.Script, form);

            var dump = string.Join('\n', bench.Rows.Select(row => $"{row.Sign:+0;-0} {row.Reason} {CostsText.Of(row)}"));
            Assert.True(fixture.Ledger.Count == bench.Rows.Count, $"{fixture.Title}: {fixture.Ledger.Count} rows wanted\n{dump}");
            foreach (var (expected, row) in fixture.Ledger.Zip(bench.Rows))
            {
                Assert.True((expected.Sign, SpanPlan.IdOf(expected.Id)) == ((int)row.Sign, row.SpanId), $"{expected}\n{dump}");
                foreach (var (key, value) in expected.Values)
                {
                    var actual = FixtureCheck.Value(row, key);
                    Assert.True(FixtureCheck.Canonical(key, value) == actual, $"{expected.Id} {key}={actual}\n{dump}");
                }
            }
        }
    }

    [Fact]
    public void One_run_told_in_two_dialects_has_the_same_usage()
    {
        var (legacy, current) = (All["E04"], All["E05"]);

        var one = Cost(legacy, legacy.Spans).Segment;
        var other = Cost(current, current.Spans).Segment;

        Assert.Equal((one.InputTokens, one.CacheReadTokens, one.OutputTokens),
            (other.InputTokens, other.CacheReadTokens, other.OutputTokens));
        Assert.Equal(one.CacheWriteTokens + one.CacheWrite1hTokens, other.CacheWriteTokens + other.CacheWrite1hTokens);
        Assert.Equal(one.Calls, other.Calls);
    }

    private static AttributionTable AttributionOf(TraceFixture fixture) =>
        fixture.Options.TryGetValue("cumulative-loops", out var service)
            ? AttributionTableBuilder.Build(new AttributionOptions { CumulativeLoopServices = [service] }, [])!
            : AttributionTable.Default;

    private static TraceCosts Cost(TraceFixture fixture, IEnumerable<SpanPlan> spans, bool final = false)
    {
        var context = TraceContext.Empty with { Final = final || fixture.Options.ContainsKey("final") };
        using var trace = TracePlan.Collect(spans);
        var costs = new TraceCosts();
        new TraceCosting().Cost(trace, context, fixture.Rates, AttributionOf(fixture), costs);
        return costs;
    }
}
