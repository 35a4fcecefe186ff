using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload.Dialects;

/// <summary>
/// Microsoft.Extensions.AI over the OpenAI .NET SDK with both instrumented: the tool loop's span sums, the outer
/// <c>chat</c> has the cache reads, the inner one repeats the call under the same response id.
/// </summary>
internal sealed class ExtensionsAiDialect : Dialect
{
    private static readonly ScopeProfile SdkScope = new("OpenAI.ChatClient", "2.13.0");

    public override DialectSet Set => DialectSet.ExtensionsAi;
    public override UsageKinds Kinds => UsageKinds.CacheRead | UsageKinds.Reasoning;

    protected override ScopeProfile Scope { get; } = new("Experimental.Microsoft.Extensions.AI", "10.2.0");

    public override AgentSpan BeginAgent(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string agent,
        ModelProfile model) =>
        new(run.Begin(parent, service, Scope, "orchestrate_tools", SpanKind.Internal), service, model);

    public override void EndAgent(RunBuilder run, AgentSpan agent, bool completed)
    {
        if (agent.Sum.InputTotal > 0)
        {
            agent.Span.Set("gen_ai.usage.input_tokens", agent.Sum.InputTotal)
                .Set("gen_ai.usage.output_tokens", agent.Sum.OutputTotal);
        }
        base.EndAgent(run, agent, completed);
    }

    public override void Call(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        var outer = run.Begin(parent, service, Scope, $"{Operation(call)} {call.Model.RequestName}", SpanKind.Client)
            .Set("gen_ai.operation.name", Operation(call))
            .Set("gen_ai.provider.name", SemconvProvider(call.Model.Provider))
            .Set("gen_ai.request.model", call.Model.RequestName);
        var inner = call.Kind == CallKind.Chat && !call.Stream ? BeginInner(run, outer, service, call) : null;
        PassCallTime(run, call);
        if (inner is not null)
        {
            SetAnswer(inner, call);
            // The SDK below does not know that its answer was of no use.
            if (call.Outcome == CallOutcome.Rejected) EndCall(run, inner, call);
            else run.End(inner);
        }
        SetAnswer(outer, call);
        if (call.HasUsage && call.Kind == CallKind.Chat)
        {
            outer.Set("gen_ai.usage.cache_read.input_tokens", call.Usage.CacheRead);
            if (call.Usage.Reasoning > 0) outer.Set("gen_ai.usage.reasoning.output_tokens", call.Usage.Reasoning);
        }
        EndCall(run, outer, call);
        run.Record(outer, call);
    }

    private static SimulatedSpan BeginInner(RunBuilder run, SimulatedSpan outer, ServiceProfile service, ProviderCall call) =>
        run.Begin(outer, service, SdkScope, "chat " + call.Model.RequestName, SpanKind.Client)
            .Set("gen_ai.operation.name", "chat")
            .Set("gen_ai.system", "openai")
            .Set("gen_ai.request.model", call.Model.RequestName)
            .Set("server.address", "api.openai.com");

    private static void SetAnswer(SimulatedSpan span, ProviderCall call)
    {
        if (call.Outcome == CallOutcome.Rejected) return;
        span.Set("gen_ai.response.id", call.ResponseId).Set("gen_ai.response.model", call.Model.ResponseName);
        if (!call.HasUsage) return;
        span.Set("gen_ai.usage.input_tokens", call.Usage.InputTotal);
        if (call.Kind != CallKind.Chat) return;
        span.Set("gen_ai.usage.output_tokens", call.Usage.OutputTotal).SetList("gen_ai.response.finish_reasons", "stop");
    }
}
