using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload.Dialects;

/// <summary>OpenInference: roles by span kind, token counts of its own, business keys in a JSON text on every span.</summary>
internal sealed class OpenInferenceDialect : Dialect
{
    private static readonly ScopeProfile OpenAiScope = new("openinference.instrumentation.openai", "0.1.41");
    private static readonly ScopeProfile AnthropicScope = new("openinference.instrumentation.anthropic", "1.1.4");
    private static readonly ScopeProfile GoogleScope = new("openinference.instrumentation.google_genai", "0.1.10");

    public override DialectSet Set => DialectSet.OpenInference;
    public override UsageKinds Kinds => UsageKinds.CacheRead | UsageKinds.CacheWrite | UsageKinds.Reasoning;

    protected override ScopeProfile Scope { get; } = new("openinference.instrumentation.langchain", "0.1.55");

    public override AgentSpan BeginAgent(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string agent,
        ModelProfile model)
    {
        var span = run.Begin(parent, service, Scope, agent, SpanKind.Internal)
            .Set("openinference.span.kind", "AGENT")
            .Set("agent.name", agent);
        return new AgentSpan(Identity(run, span), service, model);
    }

    public override void Call(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        var (scope, name) = call.Model.Provider switch
        {
            Provider.Anthropic => (AnthropicScope, "Messages"),
            Provider.Gemini => (GoogleScope, "GenerateContent"),
            _ => (OpenAiScope, call.Kind == CallKind.Embedding ? "CreateEmbeddingResponse" : "ChatCompletion"),
        };
        var span = Identity(run, run.Begin(parent, service, scope, name, SpanKind.Internal));
        PassCallTime(run, call);
        var model = call.Outcome == CallOutcome.Rejected ? call.Model.RequestName : call.Model.ResponseName;
        switch (call.Kind)
        {
            case CallKind.Embedding:
                span.Set("openinference.span.kind", "EMBEDDING").Set("embedding.model_name", model);
                break;
            case CallKind.Rerank:
                span.Set("openinference.span.kind", "RERANKER").Set("reranker.model_name", model).Set("reranker.top_k", 5);
                break;
            default:
                span.Set("openinference.span.kind", "LLM").Set("llm.model_name", model);
                var content = run.Content(call.Turn);
                if (content.Length > 0) span.Set("input.value", content).Set("input.mime_type", "text/plain");
                break;
        }
        span.Set("llm.system", SystemName(call.Model.Provider)).Set("llm.provider", ProviderName(call.Model.Provider));
        if (call.HasUsage) SetUsage(span, call);
        EndCall(run, span, call);
        run.Record(span, call);
    }

    public override void Tool(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string tool)
    {
        var span = Identity(run, run.Begin(parent, service, Scope, tool, SpanKind.Internal))
            .Set("openinference.span.kind", "TOOL")
            .Set("tool.name", tool);
        run.Pass(15, 250);
        run.End(span);
    }

    private static void SetUsage(SimulatedSpan span, ProviderCall call)
    {
        var usage = call.Usage;
        span.Set("llm.token_count.prompt", usage.InputTotal)
            .Set("llm.token_count.total", usage.InputTotal + usage.OutputTotal);
        if (call.Kind != CallKind.Chat) return;
        span.Set("llm.token_count.completion", usage.OutputTotal);
        if (usage.CacheRead > 0) span.Set("llm.token_count.prompt_details.cache_read", usage.CacheRead);
        if (usage.CacheWrite > 0) span.Set("llm.token_count.prompt_details.cache_write", usage.CacheWrite);
        if (usage.Reasoning > 0) span.Set("llm.token_count.completion_details.reasoning", usage.Reasoning);
    }

    private static SimulatedSpan Identity(RunBuilder run, SimulatedSpan span)
    {
        if (run.LedgerCustomer.Length == 0) return span;
        return span.Set("session.id", run.SessionId).Set("user.id", run.UserId)
            .Set("metadata", $$"""{"customer_id":"{{run.LedgerCustomer}}","feature":"{{run.Workflow.Feature}}"}""");
    }

    private static string SystemName(Provider provider) => provider switch
    {
        Provider.Gemini => "vertexai",
        Provider.Anthropic => "anthropic",
        Provider.Cohere => "cohere",
        Provider.InHouse => "roastery",
        _ => "openai",
    };

    private static string ProviderName(Provider provider) => provider switch
    {
        Provider.Gemini => "google",
        Provider.Bedrock => "aws",
        _ => SystemName(provider),
    };
}
