using BenchmarkDotNet.Attributes;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Testing.Costing;

namespace CostAttribution.Benchmarks.Costing;

/// <summary>
/// Costing of collected traces: six spans each, an agent with two steps, two chat calls and a tool. Figures are per span.
/// </summary>
[MemoryDiagnoser]
public class CostingBenchmarks
{
    private const int SpansPerTrace = 6;
    private const int Traces = 64;

    private readonly TraceSpans[] traces = new TraceSpans[Traces];
    private readonly TraceCosting costing = new();
    private readonly TraceCosts costs = new();
    private readonly TraceContext context = TraceContext.Empty with { Final = true };
    private RateBook rates = RateBook.Empty;

    [GlobalSetup]
    public void Setup()
    {
        var perMillion = (Func<string, int, UnitPrice>)((unit, dollars) =>
            new UnitPrice(unit, new Rational(dollars, 1), 1_000_000));
        var card = new RateCard
        {
            Id = "bench",
            Providers = ["anthropic"],
            Match = [new ModelRule(ModelRuleKind.Prefix, "claude")],
            Rates =
            [
                perMillion("input_tokens", 3), perMillion("cache_read_tokens", 1), perMillion("cache_write_tokens", 4),
                perMillion("cache_write_1h_tokens", 6), perMillion("output_tokens", 15),
            ],
        };
        var faults = new List<RateCardFault>();
        if (!RateBookBuilder.TryBuild([card], [], faults, out rates)) throw new InvalidOperationException(faults[0].ToString());
        for (var i = 0; i < Traces; i++) traces[i] = TracePlan.CollectAtOnce(Spans(i));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (var trace in traces) trace.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Traces * SpansPerTrace)]
    public int Cost()
    {
        var entries = 0;
        foreach (var trace in traces)
        {
            costing.Cost(trace, context, rates, AttributionTable.Default, costs);
            entries += costs.Entries.Count;
        }
        return entries;
    }

    private static SpanPlan[] Spans(int trace)
    {
        KeyValuePair<string, object>[] resource = [new("service.name", "shop"), new("deployment.environment.name", "prod")];
        SpanPlan[] spans =
        [
            new() { Id = "a", Name = "invoke_agent support", Attributes = [new("gen_ai.operation.name", "invoke_agent"),
                new("gen_ai.agent.name", "support"),
                new("customer.id", "customer-" + trace % 50), new("session.id", "s-" + trace),
                    new("gen_ai.usage.input_tokens", 2050L), new("gen_ai.usage.output_tokens", 90L)] },
            new() { Id = "b", Parent = "a", Name = "step 0", Attributes = [new("gen_ai.operation.name", "agent_step")] },
            Chat("c", "b", trace, 1020, 50, 0, 1000),
            new() { Id = "d", Parent = "b", Name = "execute_tool lookup",
                Attributes = [new("gen_ai.operation.name", "execute_tool"), new("gen_ai.tool.name", "lookup")] },
            new() { Id = "e", Parent = "a", Name = "step 1", Attributes = [new("gen_ai.operation.name", "agent_step")] },
            Chat("f", "e", trace, 1030, 40, 1000, 0),
        ];
        return [.. spans.Select((span, i) => span with { Scope = "gen_ai", Resource = resource, StartMillis = i,
            EndMillis = 100 - i })];
    }

    private static SpanPlan Chat(string id, string parent, int trace, long input, long output, long read, long write) => new()
    {
        Id = id, Parent = parent, Name = "chat claude-sonnet-4-5", Kind = SpanKind.Client,
        Attributes =
        [
            new("gen_ai.operation.name", "chat"), new("gen_ai.provider.name", "anthropic"),
                new("gen_ai.request.model", "claude-sonnet-4-5"),
            new("gen_ai.response.model", "claude-sonnet-4-5-20250929"), new("gen_ai.response.id", $"msg_{trace}_{id}"),
                new("gen_ai.usage.input_tokens", input),
            new("gen_ai.usage.output_tokens", output), new("gen_ai.usage.cache_read.input_tokens", read),
                new("gen_ai.usage.cache_creation.input_tokens", write),
        ],
    };
}
