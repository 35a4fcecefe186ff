using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload.Dialects;

/// <summary>
/// LiteLLM's first span family, seen from a proxy process of its own: the application shows only an HTTP client span; each
/// attempt is a <c>litellm_request</c> with a raw child.
/// </summary>
internal sealed class LiteLlmDialect : Dialect
{
    private static readonly ScopeProfile ClientScope = new("opentelemetry.instrumentation.requests", "0.62b0");

    public override DialectSet Set => DialectSet.LiteLlm;
    public override UsageKinds Kinds => UsageKinds.None;

    protected override ScopeProfile Scope { get; } = new("litellm");

    public override AgentSpan BeginAgent(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string agent,
        ModelProfile model) =>
        new(run.Begin(parent, service, ClientScope, agent, SpanKind.Internal), service, model);

    public override void Call(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        var client = run.Begin(parent, service, ClientScope, "POST", SpanKind.Client)
            .Set("http.request.method", "POST")
            .Set("server.address", "llm-proxy")
            .Set("url.path", call.Kind == CallKind.Embedding ? "/embeddings" : "/chat/completions");
        var proxy = run.Begin(client, ServiceProfile.LlmProxy, Scope, "Received Proxy Server Request", SpanKind.Server)
            .Set("metadata.user_api_key_team_id", service.Team)
            .Set("metadata.user_api_key_alias", service.Name);
        var attempt = run.Begin(proxy, ServiceProfile.LlmProxy, Scope, "litellm_request", SpanKind.Internal)
            .Set("gen_ai.operation.name", call.Kind == CallKind.Embedding ? "aembedding" : "acompletion")
            .Set("gen_ai.system", SemconvProvider(call.Model.Provider))
            .Set("gen_ai.request.model", call.Model.RequestName)
            .Set("llm.is_streaming", call.Stream ? "True" : "False")
            .Set("metadata.user_api_key_team_id", service.Team)
            .Set("metadata.requester_ip_address", "");
        var raw = run.Begin(attempt, ServiceProfile.LlmProxy, Scope, "raw_gen_ai_request", SpanKind.Internal);
        PassCallTime(run, call);
        if (call.Outcome != CallOutcome.Rejected)
        {
            attempt.Set("gen_ai.response.model", call.Model.ResponseName).Set("gen_ai.response.id", call.ResponseId);
        }
        if (call.HasUsage)
        {
            attempt.Set("gen_ai.usage.input_tokens", call.Usage.InputTotal)
                .Set("gen_ai.usage.output_tokens", call.Usage.OutputTotal)
                .Set("gen_ai.usage.total_tokens", call.Usage.InputTotal + call.Usage.OutputTotal);
            raw.Set("llm.openai.usage",
                $"{{'prompt_tokens': {call.Usage.InputTotal}, 'completion_tokens': {call.Usage.OutputTotal}}}");
        }
        run.End(raw);
        EndCall(run, attempt, call);
        var status = call.Outcome == CallOutcome.Rejected ? StatusCode.Error : StatusCode.Unset;
        run.End(proxy, status);
        run.End(client, status);
        run.Record(attempt, call);
    }
}
