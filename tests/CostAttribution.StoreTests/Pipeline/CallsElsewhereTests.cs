using System.Text;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Pricing;
using CostAttribution.Workload;
using CostAttribution.Workload.Otlp;

namespace CostAttribution.StoreTests.Pipeline;

/// <summary>
/// A call of the Anthropic SDK that the Claude API pushes again in a trace of its own (Claude Platform on AWS), through the real
/// store: whichever came first, however much later the other, and whatever the process remembers.
/// </summary>
public sealed class CallsElsewhereTests(EngineFixture engine)
{
    private const string Model = "claude-sonnet-4-5-20250929";
    private const string Response = "msg_01XFDUDYJgAACzvnptvVoYEL";

    private static readonly Int128 Expected = TestRates.CostOf(Model, new TruthTotals
    {
        InputTokens = 300, CacheReadTokens = 5000, CacheWriteTokens = 1500, CacheWrite1hTokens = 500, OutputTokens = 280,
        ReasoningTokens = 120,
    });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, 1, false), InlineData(false, 240, false), InlineData(false, 240, true)]
    [InlineData(true, 1, false), InlineData(true, 240, false), InlineData(true, 240, true)]
    public async Task A_pushed_span_in_a_trace_of_its_own_is_not_billed_again(bool pushedFirst, int secondsBetween, bool restarts)
    {
        await using var store = await engine.NewStoreAsync();
        using var harness = new PipelineHarness(store, TestRates.Book);
        var start = harness.Clock.GetUtcNow();

        harness.Offer(pushedFirst ? Pushed(start) : Application(start));
        await harness.PassAsync(TimeSpan.FromSeconds(secondsBetween), Cancel);
        if (restarts) harness.Restart();
        harness.Offer(pushedFirst ? Application(start) : Pushed(start));
        await harness.PassAsync(TimeSpan.FromMinutes(4), Cancel);

        Assert.Equal($"acme\t{Expected}\t1\n", await TextAsync(store, "SELECT customer_id, sum(toInt128(cost * 1000000000000)) AS pico, "
            + "sum(calls) AS n FROM cost_ledger GROUP BY customer_id HAVING n != 0 OR pico != 0 ORDER BY customer_id"));
        Assert.Equal("1\n", await TextAsync(store, "SELECT count() FROM (SELECT entry_id FROM cost_ledger WHERE trace_id = "
            + "'00000000000000000000000000000002' AND has(flags, 'cross_trace_duplicate') GROUP BY span_id, entry_id "
            + "HAVING sum(sign) > 0)"));
    }

    [Fact]
    public async Task Whoever_asked_about_a_response_is_read_back()
    {
        await using var store = await engine.NewStoreAsync();
        using var harness = new PipelineHarness(store, TestRates.Book);
        harness.Offer(Pushed(harness.Clock.GetUtcNow()));
        harness.Offer(Application(harness.Clock.GetUtcNow()));
        await harness.PassAsync(TimeSpan.FromMinutes(2), Cancel);

        Assert.Single(await new ClickHouse.Topics.TopicReader(store).LoadAskedKeysAsync(10, Cancel));
        Assert.Equal("2\t1\n", await TextAsync(store,
            "SELECT count(), countIf(asks) FROM trace_topics WHERE kind = 'response'"));
    }

    private static byte[] Application(DateTimeOffset start)
    {
        var writer = new OtlpTraceWriter(4096);
        Begin(writer, "shop", "com.anthropic.sdk.python");
        var nanos = Nanos(start);
        writer.BeginSpan(1, 1, 0, "POST /ask", SpanKind.Server, nanos, nanos + 900_000_000);
        writer.Attribute("customer.id", "acme");
        writer.EndSpan(StatusCode.Unset, "");
        writer.BeginSpan(1, 2, 1, "anthropic.messages.create", SpanKind.Client, nanos + 10_000_000, nanos + 800_000_000);
        Usage(writer);
        writer.Attribute("gen_ai.usage.cache_write.input_tokens", 2000);
        writer.Attribute("anthropic.usage.cache_creation.ephemeral_5m_input_tokens", 1500);
        writer.Attribute("anthropic.usage.cache_creation.ephemeral_1h_input_tokens", 500);
        writer.Attribute("gen_ai.usage.reasoning.output_tokens", 120);
        writer.EndSpan(StatusCode.Unset, "");
        return End(writer);
    }

    private static byte[] Pushed(DateTimeOffset start)
    {
        var writer = new OtlpTraceWriter(4096);
        Begin(writer, "claude-platform", "com.anthropic.claude-platform");
        var nanos = Nanos(start) + 60_000_000;
        writer.BeginSpan(2, 1, 0, "anthropic.messages.create", SpanKind.Server, nanos, nanos + 700_000_000);
        Usage(writer);
        writer.EndSpan(StatusCode.Unset, "");
        return End(writer);
    }

    private static void Usage(OtlpTraceWriter writer)
    {
        writer.Attribute("gen_ai.operation.name", "chat");
        writer.Attribute("gen_ai.provider.name", "anthropic");
        writer.Attribute("gen_ai.request.model", Model);
        writer.Attribute("gen_ai.response.model", Model);
        writer.Attribute("gen_ai.response.id", Response);
        writer.Attribute("gen_ai.usage.input_tokens", 7300);
        writer.Attribute("gen_ai.usage.cache_read.input_tokens", 5000);
        writer.Attribute("gen_ai.usage.output_tokens", 400);
    }

    private static void Begin(OtlpTraceWriter writer, string service, string scope)
    {
        writer.BeginResource();
        writer.Attribute("service.name", service);
        writer.BeginScope(scope, "1.0");
    }

    private static byte[] End(OtlpTraceWriter writer)
    {
        writer.EndScope("");
        writer.EndResource();
        return writer.ToArray();
    }

    private static long Nanos(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;

    private static async Task<string> TextAsync(IClickHouseTransport store, string sql) =>
        Encoding.UTF8.GetString(await store.QueryAsync(new ClickHouseQuery(sql) { Format = "TabSeparated" }, Cancel));
}
