using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Tracing;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Costing;

/// <summary>
/// The work of costing grows with the spans of a trace and no faster, whatever a sender makes of it. Counted in steps, not in time.
/// </summary>
public sealed class CostingWorkTests
{
    private const int Spans = 300;
    private const string ResponseId = "chatcmpl-C0stW0rkT3stS0n3Id";

    [Fact]
    public void Failed_requests_of_a_call_that_many_spans_report_cost_no_look_at_all_of_them_each()
    {
        var (few, many) = (StepsOf(Spans), StepsOf(2 * Spans));

        Assert.InRange(few, Spans, many);
        Assert.InRange(many, few, 3 * few);

        static long StepsOf(int count) => Cost(
        [
            ("a", [TestSpan.Call(1, 1, 0).With("gen_ai.response.id", ResponseId),
                .. Enumerable.Range(2, count).Select(id => TestSpan.Call(1, id, 1).With("gen_ai.response.id", ResponseId)),
                .. Enumerable.Range(10_000, count).Select(id => (new TestSpan(1, id, 1) { Name = "POST", Status = SpanStatus.Error })
                    .With("http.request.method", "POST").With("http.response.status_code", 500L))]),
        ], expectedEntries: count + 1);
    }

    [Fact]
    public void A_call_of_very_many_spans_is_not_compared_span_by_span_with_every_call_beside_it()
    {
        var (few, many) = (StepsOf(Spans), StepsOf(2 * Spans));

        Assert.InRange(many, 0, 3 * few);

        static long StepsOf(int count) => Cost(
        [
            ("a", [new TestSpan(1, 1), .. Enumerable.Range(2, count).Select(id => TestSpan.Call(1, id, 1).With("gen_ai.response.id", ResponseId))]),
            ("b", [.. Enumerable.Range(10_000, count).Select(id => TestSpan.Call(1, id, 1) with { Start = 1_795_334_400_400_000_000 })]),
        ], expectedEntries: count + 1);
    }

    private static long Cost((string Scope, TestSpan[] Spans)[] batches, int expectedEntries)
    {
        using var builder = new SpanBatchBuilder(AttributionTable.Default.Keys, TracingLimits.Default);
        using var spans = new TraceSpans(AssemblyBench.TraceIdOf(1));
        var sources = new SourceTable();
        foreach (var (scope, sent) in batches)
        {
            using var batch = AssemblyBench.Encode(builder, sent, DateTimeOffset.UnixEpoch.AddYears(57), scope);
            spans.AddAll(batch, sources);
        }
        var costing = new TraceCosting();
        var costs = new TraceCosts();
        costing.Cost(spans, TraceContext.Empty, AssemblyBench.Rates, AttributionTable.Default, costs);
        Assert.Equal(expectedEntries, costs.Entries.Count);
        return costing.Steps;
    }
}
