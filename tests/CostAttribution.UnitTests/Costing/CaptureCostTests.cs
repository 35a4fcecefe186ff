using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;
using CostAttribution.Otlp;
using CostAttribution.Testing.Costing;
using CostAttribution.Testing.Otlp;

namespace CostAttribution.UnitTests.Costing;

/// <summary>
/// What published clients really sent, costed and compared with what their provider really billed. Usage numbers differ from
/// call to call, so a row and the call it stands for find each other by the output count.
/// </summary>
public sealed class CaptureCostTests
{
    public static TheoryData<string, string> AllCaptures => new(
        Captures.All.Select(capture => (capture.Client, capture.Transport)));

    [Theory]
    [MemberData(nameof(AllCaptures))]
    public void Rows_never_exceed_the_bill_and_split_what_the_spans_carry(string client, string transport)
    {
        var rows = Cost(Captures.Get(client, transport)).SelectMany(costs => costs.Entries).ToList();
        var bill = CaptureBill.Of(Captures.Get(client, transport));

        var pairs = bill.Pair(client, rows);

        var missing = rows.Count(row => (row.Flags & SpanFlags.UsageMissing) != 0);
        Assert.True(bill.Calls.Count - pairs.Count - missing == CaptureBill.Invisible(client),
            $"calls without a row: {string.Join('\n', bill.Calls.Except(pairs.Select(pair => pair.Call)))}\n{missing} flagged");
        Assert.Equal(bill.Calls.Count - CaptureBill.Invisible(client), rows.Sum(row => row.Calls));
        Assert.Equal(CaptureBill.VisibleFailures(client), rows.Sum(row => row.FailedCalls));
        Assert.True(rows.Sum(row => row.FailedCalls) <= bill.Failures);
        foreach (var row in rows.Where(row => row.Usage.IsZero)) Assert.Equal(PriceStatus.NoUsage, row.Cost.Status);
    }

    [Theory]
    [MemberData(nameof(AllCaptures))]
    public void Every_row_has_its_customer_feature_and_plan(string client, string transport)
    {
        var rows = Cost(Captures.Get(client, transport)).SelectMany(costs => costs.Entries).ToList();

        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            Assert.Equal(("acme-42", "support-bot", "enterprise"), (row.CustomerId, row.FeatureId, row.Plan));
            Assert.Equal(("sess-0001", "u-777"), (row.SessionId, row.UserId));
            Assert.True(row.CustomerEvidence is Evidence.Own or Evidence.Ancestor);
            Assert.NotEqual("", row.Provider);
            Assert.NotEqual("", row.Model);
            Assert.False((row.Flags & SpanFlags.CacheInclusionGuessed) != 0);
        }
    }

    [Theory]
    [MemberData(nameof(AllCaptures))]
    public void Every_kind_that_some_span_of_a_call_carries_is_split_out_exactly(string client, string transport)
    {
        var rows = Cost(Captures.Get(client, transport)).SelectMany(costs => costs.Entries);

        foreach (var (row, call, estimated) in CaptureBill.Of(Captures.Get(client, transport)).Pair(client, rows))
        {
            if (estimated) continue;
            if (call.IsAnthropic)
            {
                Assert.Equal((call.Usage.InputTokens, call.Usage.CacheReadTokens, call.Usage.CacheWriteTokens,
                    call.Usage.CacheWrite1hTokens), (row.Usage.InputTokens, row.Usage.CacheReadTokens, row.Usage.CacheWriteTokens,
                    row.Usage.CacheWrite1hTokens));
                Assert.Equal("standard", row.ServiceTier);
            }
            else if (CarriesDetails(client, row))
            {
                Assert.Equal((call.Usage.InputTokens, call.Usage.CacheReadTokens),
                    (row.Usage.InputTokens, row.Usage.CacheReadTokens));
                Assert.Equal((call.Usage.OutputTokens, call.Usage.ReasoningTokens),
                    (row.Usage.OutputTokens, row.Usage.ReasoningTokens));
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllCaptures))]
    public void A_capture_costs_the_same_in_any_order_of_arrival(string client, string transport)
    {
        var capture = Captures.Get(client, transport);
        var expected = string.Join('\n', Cost(capture).Select(CostsText.Of));

        for (var seed = 1; seed <= 5; seed++) Assert.Equal(expected, string.Join('\n', Cost(capture, seed).Select(CostsText.Of)));
    }

    /// <summary>Whether the instrumentation exports cached and reasoning tokens of OpenAI calls.</summary>
    private static bool CarriesDetails(string client, LedgerEntry row) =>
        row.Operation == "chat" && (client == "openinference" || (client == "vercel-ai6" && row.Usage.CacheReadTokens > 0));

    private static List<TraceCosts> Cost(Capture capture, int seed = 0)
    {
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);
        // The captures were taken on this day; arrival a minute later keeps the clock rule out of play.
        const ulong received = 1_795_392_000_000_000_000;
        var result = capture.IsJson ? reader.ReadJson(capture.Body, received) : reader.ReadProtobuf(capture.Body, received);
        using var batch = result.Batch!;
        var ids = new List<(TraceId, SpanId)>();
        foreach (var span in batch.Spans) ids.Add((span.TraceId, span.SpanId));
        var order = ids.ToArray();
        if (seed > 0) new Random(seed).Shuffle(order);

        var sources = new SourceTable();
        var costing = new TraceCosting();
        var all = new List<TraceCosts>();
        foreach (var traceId in ids.Select(id => id.Item1).Distinct().Order())
        {
            using var trace = new TraceSpans(traceId);
            foreach (var (_, spanId) in order.Where(id => id.Item1 == traceId))
            {
                foreach (var span in batch.Spans)
                {
                    if (span.TraceId == traceId && span.SpanId == spanId) trace.Add(batch, span, sources);
                }
            }
            var costs = new TraceCosts();
            costing.Cost(trace, TraceContext.Empty with { Final = true }, RateBook.Empty, AttributionTable.Default, costs);
            all.Add(costs);
        }
        return all;
    }
}
