using System.Text;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Pricing;
using CostAttribution.Workload.Otlp;

namespace CostAttribution.StoreTests.Pipeline;

/// <summary>
/// An agent that reports its lifetime's tokens run by run, through the real store: each run is billed what it adds, whatever
/// came first and whatever the process remembers.
/// </summary>
public sealed class LifetimeTotalsTests(EngineFixture engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("123", false), InlineData("123", true), InlineData("321", true), InlineData("213", true)]
    public async Task Each_run_is_billed_what_it_adds(string order, bool restarts)
    {
        await using var store = await engine.NewStoreAsync();
        using var harness = new PipelineHarness(store, TestRates.Book);
        var start = harness.Clock.GetUtcNow();
        foreach (var run in order.Select(digit => digit - '0'))
        {
            harness.Offer(Run(start, run));
            await harness.PassAsync(TimeSpan.FromMinutes(4), Cancel);
            if (restarts) harness.Restart();
        }
        await harness.PassAsync(TimeSpan.FromMinutes(4), Cancel);

        Assert.Equal("1\t1000\t100\n2\t500\t50\n3\t250\t25\n", await TextAsync(store,
            "SELECT toUInt8(right(trace_id, 1)) AS run, sum(toInt64(input_tokens)), sum(toInt64(output_tokens)) "
            + "FROM cost_ledger GROUP BY run ORDER BY run"));
        Assert.Equal("3\t3\n", await TextAsync(store,
            "SELECT uniqExact(trace_id), uniqExactIf(trace_id, asks) FROM trace_topics WHERE kind = 'series'"));
    }

    // 1000, 1500 and 1750 tokens since the agent was made.
    private static byte[] Run(DateTimeOffset start, int run)
    {
        var writer = new OtlpTraceWriter(4096);
        writer.BeginResource();
        writer.Attribute("service.name", "shop");
        writer.BeginScope("strands.telemetry.tracer", "1.0");
        var nanos = (start.AddSeconds(run).UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;
        writer.BeginSpan((ulong)run, 1, 0, "invoke_agent Helper", SpanKind.Internal, nanos, nanos + 500_000_000);
        writer.Attribute("gen_ai.operation.name", "invoke_agent");
        writer.Attribute("gen_ai.provider.name", "strands-agents");
        writer.Attribute("gen_ai.agent.name", "Helper");
        writer.Attribute("session.id", "s-1");
        writer.Attribute("gen_ai.request.model", "gpt-4.1");
        writer.Attribute("gen_ai.usage.input_tokens", 2000 - 2000 / (1 << run));
        writer.Attribute("gen_ai.usage.output_tokens", 200 - 200 / (1 << run));
        writer.EndSpan(StatusCode.Unset, "");
        writer.EndScope("");
        writer.EndResource();
        return writer.ToArray();
    }

    private static async Task<string> TextAsync(IClickHouseTransport store, string sql) =>
        Encoding.UTF8.GetString(await store.QueryAsync(new ClickHouseQuery(sql) { Format = "TabSeparated" }, Cancel));
}
