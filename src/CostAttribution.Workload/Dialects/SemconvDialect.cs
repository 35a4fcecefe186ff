using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload.Dialects;

/// <summary>OpenTelemetry GenAI conventions 1.41: input includes the cache, output the reasoning; none on agents.</summary>
internal sealed class SemconvDialect : Dialect
{
    public override DialectSet Set => DialectSet.Semconv;
    public override UsageKinds Kinds => UsageKinds.CacheRead | UsageKinds.CacheWrite | UsageKinds.Reasoning;

    protected override ScopeProfile Scope { get; } =
        new("roastery.genai", "3.2.0", "https://opentelemetry.io/schemas/1.41.0");

    public override AgentSpan BeginAgent(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string agent,
        ModelProfile model)
    {
        var span = run.Begin(parent, service, Scope, "invoke_agent " + agent, SpanKind.Internal)
            .Set("gen_ai.operation.name", "invoke_agent")
            .Set("gen_ai.agent.name", agent)
            .Set("gen_ai.provider.name", SemconvProvider(model.Provider));
        return new AgentSpan(span, service, model);
    }

    public override void Call(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        var span = run.Begin(parent, service, Scope, $"{Operation(call)} {call.Model.RequestName}", SpanKind.Client)
            .Set("gen_ai.operation.name", Operation(call))
            .Set("gen_ai.provider.name", SemconvProvider(call.Model.Provider))
            .Set("gen_ai.request.model", call.Model.RequestName);
        if (call.Kind == CallKind.Chat) span.Set("gen_ai.request.max_tokens", 4096).Set("gen_ai.request.stream", call.Stream);
        var http = BeginHttp(run, span, service, call);
        PassCallTime(run, call);
        EndHttp(run, http, call);
        if (call.Outcome != CallOutcome.Rejected)
        {
            span.Set("gen_ai.response.model", call.Model.ResponseName).Set("gen_ai.response.id", call.ResponseId);
            if (call.Kind == CallKind.Chat) span.SetList("gen_ai.response.finish_reasons", FinishReason(call));
            var content = call.Kind == CallKind.Chat ? run.Content(call.Turn) : "";
            if (content.Length > 0) span.Set("gen_ai.input.messages", $$"""[{"role":"user","content":"{{content}}"}]""");
        }
        if (call.HasUsage) SetUsage(span, call);
        EndCall(run, span, call);
        run.Record(span, call);
    }

    private static void SetUsage(SimulatedSpan span, ProviderCall call)
    {
        span.Set("gen_ai.usage.input_tokens", call.Usage.InputTotal);
        if (call.Kind != CallKind.Chat) return;
        span.Set("gen_ai.usage.output_tokens", call.Usage.OutputTotal);
        if (call.Usage.CacheRead > 0) span.Set("gen_ai.usage.cache_read.input_tokens", call.Usage.CacheRead);
        if (call.Usage.CacheWrite > 0) span.Set("gen_ai.usage.cache_creation.input_tokens", call.Usage.CacheWrite);
        if (call.Usage.Reasoning > 0) span.Set("gen_ai.usage.reasoning.output_tokens", call.Usage.Reasoning);
    }
}

/// <summary>OpenTelemetry GenAI conventions 1.26: totals only, under their first names.</summary>
internal sealed class SemconvOldDialect : Dialect
{
    public override DialectSet Set => DialectSet.SemconvOld;
    public override UsageKinds Kinds => UsageKinds.None;

    protected override ScopeProfile Scope { get; } =
        new("roastery.llm-client", "0.9.1", "https://opentelemetry.io/schemas/1.26.0");

    public override AgentSpan BeginAgent(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string agent,
        ModelProfile model) =>
        new(run.Begin(parent, service, Scope, agent, SpanKind.Internal), service, model);

    public override void Call(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        var operation = call.Kind == CallKind.Embedding ? "embeddings" : Operation(call);
        var span = run.Begin(parent, service, Scope, $"{operation} {call.Model.RequestName}", SpanKind.Client)
            .Set("gen_ai.operation.name", operation)
            .Set("gen_ai.system", SemconvProvider(call.Model.Provider))
            .Set("gen_ai.request.model", call.Model.RequestName);
        PassCallTime(run, call);
        if (call.Outcome != CallOutcome.Rejected)
        {
            span.Set("gen_ai.response.model", call.Model.ResponseName).Set("gen_ai.response.id", call.ResponseId);
        }
        if (call.HasUsage)
        {
            span.Set("gen_ai.usage.prompt_tokens", call.Usage.InputTotal);
            if (call.Kind == CallKind.Chat) span.Set("gen_ai.usage.completion_tokens", call.Usage.OutputTotal);
        }
        EndCall(run, span, call);
        run.Record(span, call);
    }
}
