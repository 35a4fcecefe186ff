using System.Globalization;
using System.Text;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.Testing.Costing;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.UnitTests.Costing;

/// <summary>
/// A value that cannot be a count is no count: it is absent and flagged, and what else the span says is priced as if it were not
/// there. All of it as bytes through decoder and pipeline, with the shipped rates.
/// </summary>
public sealed class HostileValueTests
{
    /// <summary>One way to say the usage of a call, by the names that its instrumentation uses.</summary>
    private sealed record Spelling(string Scope, KeyValuePair<string, object>[] Head, string Input, string Output, string CacheRead,
        string Reasoning);

    private static readonly Dictionary<string, Spelling> Spellings = new()
    {
        ["semconv"] = new("app", Semconv("gen_ai.provider.name"), "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens",
            "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.reasoning.output_tokens"),
        ["openllmetry"] = new("opentelemetry.instrumentation.openai.v1", Semconv("gen_ai.system"), "gen_ai.usage.prompt_tokens",
            "gen_ai.usage.completion_tokens", "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.reasoning_tokens"),
        ["openinference"] = new("openinference.instrumentation.openai",
            [new("openinference.span.kind", "LLM"), new("llm.provider", "openai"), new("llm.model_name", "gpt-5-2025-08-07")],
            "llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.prompt_details.cache_read",
            "llm.token_count.completion_details.reasoning"),
        ["vercel"] = new("ai", [new("ai.operationId", "ai.generateText.doGenerate"), new("ai.model.provider", "openai.chat"),
            new("ai.model.id", "gpt-5"), new("ai.response.model", "gpt-5-2025-08-07")], "ai.usage.inputTokens",
            "ai.usage.outputTokens", "ai.usage.cachedInputTokens", "ai.usage.reasoningTokens"),
    };

    private static readonly object[] NoCounts =
    [
        -1L, long.MinValue, long.MaxValue, 1_000_000_000_001L, double.NaN, double.PositiveInfinity, double.NegativeInfinity,
        double.MaxValue, -7.0, 12.5, true, "-3", "12.5", "1e400", "NaN", "9223372036854775808", "18446744073709551616",
        "99999999999999999999999999", "0x10", "1,000", "twelve", "{'a': 1}", "[12]", "{\"input_tokens\": 5}",
        "١٢", "12 tokens",
    ];

    private static readonly object[] Absences = ["", "null", "None", "undefined", "  "];

    private static readonly object[] Counts = [40L, 40.0, "40", "40.0", " 40 "];

    public static TheoryData<string> Names => new(Spellings.Keys);

    [Theory, MemberData(nameof(Names))]
    public void A_value_that_is_no_count_is_absent_and_flagged_and_the_rest_is_priced(string name) => Each(NoCounts,
        name, (row, usage, what) =>
        {
            Assert.True(row.Flags.HasFlag(SpanFlags.BadValue), $"{what}: no flag\n{CostsText.Of(row)}");
            Same(row, usage, what);
        });

    [Theory, MemberData(nameof(Names))]
    public void A_value_that_says_nothing_is_absent_without_a_flag(string name) => Each(Absences, name, (row, usage, what) =>
    {
        Assert.False(row.Flags.HasFlag(SpanFlags.BadValue), $"{what}: flagged\n{CostsText.Of(row)}");
        Same(row, usage, what);
    });

    [Theory, MemberData(nameof(Names))]
    public void A_count_is_a_count_in_every_type(string name)
    {
        foreach (var value in Counts)
        {
            var row = Cost(Span(Spellings[name], "out", value));
            Same(row, new CallUsage(600, 400, Output: 10, Reasoning: 30), $"{name} {value.GetType()}");
        }
    }

    [Theory]
    [InlineData("langfuse.observation.usage_details", "{\"input\":9223372036854775808,\"output\":-5}")]
    [InlineData("langfuse.observation.usage_details", "{\"input\":1e400,\"output\":1e30}")]
    [InlineData("gen_ai.usage.input_token_details", "{'cache_read': -800, 'cache_creation': 99999999999999999999}")]
    [InlineData("gen_ai.usage.input_token_details", "{'cache_read': __import__('os').system('true')}")]
    [InlineData("gen_ai.usage.input_token_details", "{'cache_read': 800")]
    [InlineData("ai.response.providerMetadata", "{\"openai\":{\"cachedPromptTokens\":-1}}")]
    [InlineData("ai.response.providerMetadata", "{\"openai\":{\"cachedPromptTokens\":1e300}}")]
    [InlineData("ai.response.providerMetadata", "not json")]
    [InlineData("mlflow.chat.tokenUsage", "{\"input_tokens\":-1,\"output_tokens\":1e99,\"total_tokens\":true}")]
    public void Nothing_unreadable_in_a_structured_value_becomes_usage(string key, string value) => Structured(key, value);

    [Theory]
    [InlineData("langfuse.observation.usage_details")]
    [InlineData("gen_ai.usage.input_token_details")]
    [InlineData("ai.response.providerMetadata")]
    [InlineData("mlflow.chat.tokenUsage")]
    public void Structured_values_over_the_limits_are_absent_and_flagged(string key)
    {
        Structured(key, $"{{\"input\":5,\"x\":\"{new string('x', 300_000)}\"}}");
        Structured(key, new StringBuilder().Insert(0, "{\"a\":", 5_000).Append('1').Append('}', 5_000).ToString());
        Structured(key, new string('[', 100_000));
    }

    [Theory]
    [InlineData("NaN"), InlineData("-1"), InlineData("1e300"), InlineData("Infinity"), InlineData("9223372036854775808000")]
    [InlineData("{'usd': 1}"), InlineData("1,5"), InlineData("$5")]
    public void A_reported_cost_that_is_no_money_is_not_taken(string value)
    {
        foreach (var key in new[] { "gen_ai.usage.cost", "llm.cost.total", "operation.cost", "gen_ai.cost.total_cost" })
        {
            object[] forms = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? [value, real] : [value];
            foreach (var form in forms)
            {
                var plan = Span(Spellings["semconv"], "", 0L);
                var row = Cost(plan with { Attributes = [.. plan.Attributes, new(key, form)] });

                Assert.True(row.ProviderReportedCost is null, $"{key}={form}\n{CostsText.Of(row)}");
                Same(row, new CallUsage(600, 400, Output: 70, Reasoning: 30), $"{key}={form}");
                Assert.True(row.Flags.HasFlag(SpanFlags.BadValue), $"{key}={form}: no flag\n{CostsText.Of(row)}");
            }
        }
    }

    // The plain counts stand for the call, whatever the structured value beside them holds.
    private static void Structured(string key, string value)
    {
        var plain = Span(Spellings["semconv"], "cr", "none");
        var row = Cost(plain with
        {
            Attributes = [.. plain.Attributes.Where(pair => !pair.Key.Contains("cache", StringComparison.Ordinal)), new(key, value)],
        });
        var what = $"{key}={value[..Math.Min(60, value.Length)]}";
        Assert.True(row.Flags.HasFlag(SpanFlags.BadValue), $"{what}: no flag\n{CostsText.Of(row)}");
        Same(row, new CallUsage(1000, Output: 70, Reasoning: 30), what);
    }

    private static void Each(object[] values, string name, Action<LedgerEntry, CallUsage, string> check)
    {
        foreach (var value in values)
        {
            foreach (var kind in new[] { "cr", "out", "reason" })
            {
                var usage = kind switch
                {
                    "cr" => new CallUsage(1000, Output: 70, Reasoning: 30),
                    "out" => new CallUsage(600, 400, Output: 0, Reasoning: 30),
                    _ => new CallUsage(600, 400, Output: 100),
                };
                check(Cost(Span(Spellings[name], kind, value)), usage, $"{name} {kind}={value} ({value.GetType().Name})");
            }
        }
    }

    private static void Same(LedgerEntry row, CallUsage usage, string what)
    {
        var actual = new CallUsage(row.Usage.InputTokens, row.Usage.CacheReadTokens, row.Usage.CacheWriteTokens,
            row.Usage.CacheWrite1hTokens, row.Usage.OutputTokens, row.Usage.ReasoningTokens);
        Assert.True(usage == actual, $"{what}: wanted {usage}, got {actual}\n{CostsText.Of(row)}");
        Assert.True(ToldRun.PriceOf(Models.Gpt5, usage) == row.Cost.Cost, $"{what}: {row.Cost.Cost}");
        Assert.Equal(PriceStatus.Priced, row.Cost.Status);
    }

    private static LedgerEntry Cost(SpanPlan span)
    {
        var rows = new List<string>();
        LedgerEntry? last = null;
        foreach (var form in new[] { WireForm.Protobuf, WireForm.Json })
        {
            using var bench = new OtlpBench(ToldRun.Shipped);
            bench.Run([new Arrival([span], 0)], form);
            last = Assert.Single(bench.Rows);
            rows.Add(OtlpBench.TextOf(last));
        }
        Assert.Equal(rows[0], rows[1]);
        return last!;
    }

    private static SpanPlan Span(Spelling spelling, string kind, object value)
    {
        object Or(string other, long count) => kind == other ? value : count;
        return new SpanPlan
        {
            Id = "call", Name = "chat", Scope = spelling.Scope, Kind = Domain.Tracing.SpanKind.Client,
            Attributes = [.. spelling.Head, new(spelling.Input, 1000L), new(spelling.Output, Or("out", 100)),
                new(spelling.CacheRead, Or("cr", 400)), new(spelling.Reasoning, Or("reason", 30))],
        };
    }

    private static KeyValuePair<string, object>[] Semconv(string provider) =>
        [new("gen_ai.operation.name", "chat"), new(provider, "openai"), new("gen_ai.request.model", "gpt-5"),
            new("gen_ai.response.model", "gpt-5-2025-08-07")];
}
