using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload.Dialects;

/// <summary>
/// Strands on Bedrock with the AWS SDK instrumented too: the provider slot names the framework, input excludes the cache, the
/// total proves it, both spellings of the totals are there, and the agent span repeats its calls' sum.
/// </summary>
internal sealed class StrandsDialect : Dialect
{
    private static readonly ScopeProfile BotocoreScope = new("opentelemetry.instrumentation.botocore.bedrock-runtime", "0.62b0");

    public override DialectSet Set => DialectSet.Strands;
    public override UsageKinds Kinds => UsageKinds.CacheRead | UsageKinds.CacheWrite;

    protected override ScopeProfile Scope { get; } = new("strands.telemetry.tracer");

    public override AgentSpan BeginAgent(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string agent,
        ModelProfile model)
    {
        var span = Identity(run, run.Begin(parent, service, Scope, "invoke_agent " + agent, SpanKind.Internal))
            .Set("gen_ai.operation.name", "invoke_agent")
            .Set("gen_ai.system", "strands-agents")
            .Set("gen_ai.agent.name", agent)
            .Set("gen_ai.request.model", model.WireRequestName);
        return new AgentSpan(span, service, model);
    }

    public override void EndAgent(RunBuilder run, AgentSpan agent, bool completed)
    {
        if (agent.Sum.InputTotal > 0) SetUsage(agent.Span, agent.Sum);
        base.EndAgent(run, agent, completed);
    }

    public override SimulatedSpan BeginTurn(RunBuilder run, AgentSpan agent) =>
        Identity(run, run.Begin(agent.Span, agent.Service, Scope, "execute_event_loop_cycle", SpanKind.Internal))
            .Set("event_loop.cycle_id", $"{agent.Turns++}");

    public override void EndTurn(RunBuilder run, AgentSpan agent, SimulatedSpan turn) => run.End(turn);

    public override void Call(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        var span = Identity(run, run.Begin(parent, service, Scope, "chat", SpanKind.Internal))
            .Set("gen_ai.operation.name", "chat")
            .Set("gen_ai.system", "strands-agents")
            .Set("gen_ai.request.model", call.Model.WireRequestName);
        var sdk = run.Begin(span, service, BotocoreScope, "chat " + call.Model.WireRequestName, SpanKind.Client)
            .Set("gen_ai.operation.name", "chat")
            .Set("gen_ai.system", "aws.bedrock")
            .Set("gen_ai.request.model", call.Model.WireRequestName)
            .Set("rpc.system", "aws-api")
            .Set("rpc.method", "ConverseStream");
        PassCallTime(run, call);
        if (call.HasUsage)
        {
            sdk.Set("gen_ai.usage.input_tokens", call.Usage.Input).Set("gen_ai.usage.output_tokens", call.Usage.OutputTotal);
            SetUsage(span, call.Usage);
        }
        if (call.Outcome == CallOutcome.Rejected) EndCall(run, sdk, call);
        else run.End(sdk);
        EndCall(run, span, call);
        run.Record(span, call);
    }

    private static void SetUsage(SimulatedSpan span, CallUsage usage)
    {
        span.Set("gen_ai.usage.prompt_tokens", usage.Input)
            .Set("gen_ai.usage.input_tokens", usage.Input)
            .Set("gen_ai.usage.completion_tokens", usage.OutputTotal)
            .Set("gen_ai.usage.output_tokens", usage.OutputTotal)
            .Set("gen_ai.usage.total_tokens", usage.InputTotal + usage.OutputTotal)
            .Set("gen_ai.usage.cache_read_input_tokens", usage.CacheRead)
            .Set("gen_ai.usage.cache_write_input_tokens", usage.CacheWrite);
    }

    private static SimulatedSpan Identity(RunBuilder run, SimulatedSpan span) =>
        run.LedgerCustomer.Length == 0 ? span : span.Set("customer.id", run.LedgerCustomer).Set("session.id", run.SessionId);
}
