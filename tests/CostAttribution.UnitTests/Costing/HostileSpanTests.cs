using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Testing.Costing;

namespace CostAttribution.UnitTests.Costing;

/// <summary>Whatever a sender writes, costing answers, and never with a negative number.</summary>
public sealed class HostileSpanTests
{
    private static readonly object[] Values =
    [
        long.MinValue, -1L, 0L, 1L, 7L, long.MaxValue, double.NaN, double.PositiveInfinity, double.MaxValue, -0.5, 1e-300, 12.0,
            0.1, true, false, "", "null",
        "None", "12", "12.0", "-3", "1e400", "99999999999999999999999999", "chat", "embeddings", "invoke_agent", "execute_tool",
            "count_tokens", "gpt-4o",
        "us.anthropic.claude-x-v1:0", "arn:aws:bedrock:x/y", "models/", "/", ".", "anthropic", "aws.bedrock", "gcp.gemini",
            "strands-agents", "{", "{}", "[1]",
        "{'a': 1", "{\"usage\":{\"input_tokens\":-5}}", "{'cache_read': 800, 'cache_creation': 1e99, 'x': None}",
            "{\"input\":9223372036854775808,\"output\":1e300,\"cache_read_input_tokens\":7}",
            "{\"anthropic\":{\"usage\":{\"input_tokens\":1e12,\"cache_creation\":{\"ephemeral_1h_input_tokens\":1e13}}}}",
            "{\"input\":5,\"x\":\"" + new string('x', 300_000) + "\"}", new string('[', 5_000), "9223372036854775808", "-0", "+7",
            "1000000000000", 1_000_000_000_000L, "\uFFFF", "ai.generateText.doGenerate", "LLM", "AGENT", "generation",
    ];

    [Fact]
    public void Random_values_under_every_key_never_throw_nor_go_negative()
    {
        var keys = KnownKeys.All.Select(key => key.Name).ToArray();
        var costing = new TraceCosting();
        var attribution = AttributionTableBuilder.Build(new AttributionOptions { CumulativeLoopServices = ["7"] }, [])!;
        var costs = new TraceCosts();
        for (var seed = 1; seed <= 400; seed++)
        {
            var random = new Random(seed);
            var spans = Enumerable.Range(0, random.Next(1, 12)).Select(i => Span(random, keys, i)).ToArray();
            using var trace = TracePlan.Collect(spans, receivedNanos: random.Next(3) == 0 ? 0 : TracePlan.BaseNanos);

            costing.Cost(trace, TraceContext.Empty with { Final = true }, ToldRun.Shipped, attribution, costs);

            Assert.All(costs.Entries, entry =>
            {
                CheckMoney(entry, $"seed {seed}");
                ref var usage = ref entry.Usage;
                Assert.True(usage is { InputTokens: >= 0, CacheReadTokens: >= 0, CacheWriteTokens: >= 0,
                    CacheWrite1hTokens: >= 0, OutputTokens: >= 0, ReasoningTokens: >= 0 },
                    $"seed {seed}: {CostsText.Of(entry)}");
                Assert.All(usage.OtherUnits ?? [], unit => Assert.True(unit.Quantity >= 0));
                Assert.True(entry.RunId.Length > 0 && entry.Attempt >= 1 && entry.Calls + entry.FailedCalls <= 1);
            });
            Assert.Equal(trace.Count, costs.Spans.Count);
        }
    }

    [Fact]
    public void Random_values_leave_the_same_ledger_in_every_order_of_arrival_and_encoding()
    {
        var keys = KnownKeys.All.Select(key => key.Name).ToArray();
        for (var seed = 1001; seed <= 1060; seed++)
        {
            var random = new Random(seed);
            var spans = Enumerable.Range(0, random.Next(1, 9)).Select(i => Span(random, keys, i)).ToArray();
            List<string>? standing = null;
            foreach (var order in (string[])["one request", "reversed", "one late", "doubled", "shuffled slowly"])
            {
                using var bench = new OtlpBench(ToldRun.Shipped);

                bench.Run(ArrivalOrders.Of(order, spans), (WireForm)((seed + order.Length) % 4));

                standing ??= OtlpBench.Standing(bench.Rows);
                Assert.True(standing.SequenceEqual(OtlpBench.Standing(bench.Rows)), $"seed {seed}, {order}: wanted\n"
                    + $"{string.Join('\n', standing)}\ngot\n{string.Join('\n', OtlpBench.Standing(bench.Rows))}");
                Assert.All(bench.Rows, row => CheckMoney(row, $"seed {seed}"));
            }
        }
    }

    [Fact]
    public void Times_at_the_end_of_the_range_do_not_overflow()
    {
        var costs = new TraceCosts();
        using var trace = TracePlan.Collect(
        [
            new SpanPlan { Id = "a", StartMillis = -1_795_305_600_000, EndMillis = 0,
                Attributes = [new("gen_ai.operation.name", "chat"), new("gen_ai.usage.input_tokens", 1L)] },
            new SpanPlan { Id = "b", Parent = "a", StartMillis = 16_000_000_000_000, EndMillis = 16_000_000_000_001,
                Attributes = [new("gen_ai.operation.name", "chat"), new("gen_ai.usage.input_tokens", 1L)] },
        ]);

        new TraceCosting().Cost(trace, TraceContext.Empty, RateBook.Empty, AttributionTable.Default, costs);

        Assert.All(costs.Entries, entry => Assert.Contains("clock_skew", Domain.Usage.SpanFlagNames.ToNames(entry.Flags)));
    }

    // No unit on a shipped card costs as much as ten cents, and no count of one call exceeds 10^12.
    private static void CheckMoney(LedgerEntry entry, string what)
    {
        Int128 most = 0;
        long[] counts = [entry.Usage.InputTokens, entry.Usage.CacheReadTokens, entry.Usage.CacheWriteTokens,
            entry.Usage.CacheWrite1hTokens, entry.Usage.OutputTokens, entry.Usage.ReasoningTokens,
            .. (entry.Usage.OtherUnits ?? []).Select(unit => unit.Quantity)];
        foreach (var count in counts) most += (Int128)count * 100_000_000_000;
        ref var cost = ref entry.Cost;
        var text = $"{what}: {CostsText.Of(entry)}";
        Assert.True(cost.Cost >= Money.Zero && cost.ListCost >= Money.Zero && entry.RetryCost >= Money.Zero, text);
        Assert.True(entry.RetryCost <= cost.Cost && !cost.Overflowed, text);
        Assert.True(entry.ProviderReportedCost is not { } reported
            || (reported >= Money.Zero && reported.PicoUsd <= (Int128)1_000_000_000 * 1_000_000_000_000), text);
        Assert.True(cost.Status switch
        {
            PriceStatus.Priced or PriceStatus.UnpricedUnit => cost.Cost.PicoUsd <= most,
            PriceStatus.ProviderReported => cost.Cost == entry.ProviderReportedCost,
            _ => cost.Cost == Money.Zero,
        }, text);
    }

    private static SpanPlan Span(Random random, string[] keys, int i) => new()
    {
        Id = "h" + i,
        Parent = random.Next(4) == 0 ? "" : "h" + random.Next(14),
        Name = random.Next(3) == 0 ? "chat" : "x",
        Scope = random.Next(3) switch { 0 => "gen_ai", 1 => "com.anthropic.sdk.x", _ => "" },
        SchemaUrl = random.Next(2) == 0 ? "https://opentelemetry.io/schemas/1.4x" : "",
        StartMillis = random.Next(1000),
        EndMillis = random.Next(1000),
        Kind = (SpanKind)random.Next(6),
        Status = (SpanStatus)random.Next(3),
        Resource = [Attribute(random, keys), new("service.name", "7")],
        Attributes = [.. Enumerable.Range(0, random.Next(20)).Select(_ => Attribute(random, keys)),
            new("gen_ai.operation.name", random.Next(2) == 0 ? "chat" : "invoke_agent")],
    };

    private static KeyValuePair<string, object> Attribute(Random random, string[] keys) =>
        new(keys[random.Next(keys.Length)], Values[random.Next(Values.Length)]);
}
