using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload.Dialects;

/// <summary>
/// Anthropic's own SDK spans: one per call with the writes split by time to live, and a tool runner that names a model but
/// carries no usage. Calls to other providers from the same process go through plain conventions.
/// </summary>
internal sealed class AnthropicSdkDialect(SemconvDialect others) : Dialect
{
    public override DialectSet Set => DialectSet.AnthropicSdk;
    public override UsageKinds Kinds =>
        UsageKinds.CacheRead | UsageKinds.CacheWrite | UsageKinds.CacheWrite1h | UsageKinds.Reasoning;

    protected override ScopeProfile Scope { get; } = new("com.anthropic.sdk.python", "1.12.0");

    public override AgentSpan BeginAgent(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string agent,
        ModelProfile model)
    {
        if (model.Provider != Provider.Anthropic) return others.BeginAgent(run, parent, service, agent, model);
        var span = run.Begin(parent, service, Scope, "anthropic.messages.tool_runner", SpanKind.Internal)
            .Set("gen_ai.operation.name", "invoke_agent")
            .Set("gen_ai.provider.name", "anthropic")
            .Set("gen_ai.agent.name", agent)
            .Set("gen_ai.request.model", model.RequestName);
        return new AgentSpan(span, service, model);
    }

    public override void Call(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        if (call.Model.Provider != Provider.Anthropic)
        {
            others.Call(run, parent, service, call);
            return;
        }
        var span = run.Begin(parent, service, Scope, "anthropic.messages.create", SpanKind.Client)
            .Set("gen_ai.operation.name", "chat")
            .Set("gen_ai.provider.name", "anthropic")
            .Set("gen_ai.request.model", call.Model.RequestName)
            .Set("gen_ai.request.max_tokens", 8192);
        PassCallTime(run, call);
        if (call.Outcome != CallOutcome.Rejected)
        {
            span.Set("gen_ai.response.model", call.Model.ResponseName)
                .Set("gen_ai.response.id", call.ResponseId)
                .SetList("gen_ai.response.finish_reasons", FinishReason(call))
                .Set("anthropic.response.service_tier", "standard")
                .Set("anthropic.request.id", "req_" + run.Random.Hex(8));
        }
        if (call.HasUsage)
        {
            span.Set("gen_ai.usage.input_tokens", call.Usage.InputTotal)
                .Set("gen_ai.usage.cache_read.input_tokens", call.Usage.CacheRead)
                .Set("gen_ai.usage.cache_write.input_tokens", call.Usage.CacheWrite)
                .Set("anthropic.usage.cache_creation.ephemeral_5m_input_tokens", call.Usage.CacheWrite5m)
                .Set("anthropic.usage.cache_creation.ephemeral_1h_input_tokens", call.Usage.CacheWrite1h)
                .Set("gen_ai.usage.output_tokens", call.Usage.OutputTotal);
            if (call.Usage.Reasoning > 0) span.Set("gen_ai.usage.reasoning.output_tokens", call.Usage.Reasoning);
        }
        EndCall(run, span, call);
        run.Record(span, call);
    }

    public override void Tool(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string tool)
    {
        var span = run.Begin(parent, service, Scope, "anthropic.tool_use " + tool, SpanKind.Internal)
            .Set("gen_ai.operation.name", "execute_tool")
            .Set("gen_ai.tool.name", tool)
            .Set("gen_ai.tool.call.id", "toolu_" + run.Random.Hex(6));
        run.Pass(15, 250);
        run.End(span);
    }
}
