using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload.Dialects;

/// <summary>
/// Vercel AI SDK 6: <c>ai.generateText</c> around one <c>.doGenerate</c> per attempt, both with usage; identity in
/// <c>ai.telemetry.metadata</c>; the split of cache writes only in the provider metadata's JSON.
/// </summary>
internal sealed class Vercel6Dialect : Dialect
{
    public override DialectSet Set => DialectSet.Vercel6;
    public override UsageKinds Kinds =>
        UsageKinds.CacheRead | UsageKinds.CacheWrite | UsageKinds.CacheWrite1h | UsageKinds.Reasoning;

    protected override ScopeProfile Scope { get; } = new("ai");

    public override AgentSpan BeginAgent(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string agent,
        ModelProfile model)
    {
        var span = Common(run, run.Begin(parent, service, Scope, "ai.generateText", SpanKind.Internal), "ai.generateText", model);
        return new AgentSpan(span, service, model);
    }

    public override void EndAgent(RunBuilder run, AgentSpan agent, bool completed)
    {
        if (agent.Sum.InputTotal > 0)
        {
            agent.Span.Set("ai.usage.inputTokens", agent.Sum.InputTotal)
                .Set("ai.usage.outputTokens", agent.Sum.OutputTotal)
                .Set("ai.usage.totalTokens", agent.Sum.InputTotal + agent.Sum.OutputTotal);
        }
        base.EndAgent(run, agent, completed);
    }

    public override void Call(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        if (call.Kind == CallKind.Embedding)
        {
            Embed(run, parent, service, call);
            return;
        }
        var operation = call.Kind == CallKind.Rerank ? "ai.rerank.doRerank"
            : call.Stream ? "ai.streamText.doStream" : "ai.generateText.doGenerate";
        var span = Common(run, run.Begin(parent, service, Scope, operation, SpanKind.Internal), operation, call.Model);
        if (call.Kind == CallKind.Rerank) span.Set("gen_ai.operation.name", "rerank");
        span.Set("gen_ai.system", VercelProvider(call.Model.Provider)).Set("gen_ai.request.model", call.Model.RequestName);
        var content = call.Kind == CallKind.Chat ? run.Content(call.Turn) : "";
        if (content.Length > 0) span.Set("ai.prompt.messages", $$"""[{"role":"user","content":"{{content}}"}]""");
        var http = BeginHttp(run, span, service, call);
        PassCallTime(run, call);
        EndHttp(run, http, call);
        if (call.Outcome != CallOutcome.Rejected) SetAnswer(span, call);
        EndCall(run, span, call);
        run.Record(span, call);
    }

    public override void Tool(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string tool)
    {
        var span = run.Begin(parent, service, Scope, "ai.toolCall", SpanKind.Internal)
            .Set("operation.name", "ai.toolCall " + run.Workflow.Feature)
            .Set("ai.operationId", "ai.toolCall")
            .Set("ai.toolCall.name", tool)
            .Set("ai.toolCall.id", "call_" + run.Random.Hex(6));
        run.Pass(15, 250);
        run.End(span);
    }

    private void Embed(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        var outer = Common(run, run.Begin(parent, service, Scope, "ai.embed", SpanKind.Internal), "ai.embed", call.Model);
        var span = Common(run, run.Begin(outer, service, Scope, "ai.embed.doEmbed", SpanKind.Internal), "ai.embed.doEmbed",
            call.Model);
        PassCallTime(run, call);
        if (call.HasUsage)
        {
            span.Set("ai.usage.tokens", call.Usage.InputTotal);
            outer.Set("ai.usage.tokens", call.Usage.InputTotal);
        }
        EndCall(run, span, call);
        if (call.Failed) run.End(outer, StatusCode.Error);
        else run.End(outer);
        run.Record(span, call);
    }

    private static void SetAnswer(SimulatedSpan span, ProviderCall call)
    {
        span.Set("ai.response.id", call.ResponseId).Set("ai.response.model", call.Model.ResponseName)
            .Set("gen_ai.response.id", call.ResponseId).Set("gen_ai.response.model", call.Model.ResponseName);
        if (call.Kind == CallKind.Chat)
        {
            span.Set("ai.response.finishReason", "stop").SetList("gen_ai.response.finish_reasons", "stop");
        }
        if (!call.HasUsage) return;
        var usage = call.Usage;
        if (call.Model.Provider == Provider.Anthropic)
        {
            span.Set("ai.response.providerMetadata",
                $"{{\"anthropic\":{{\"usage\":{{\"input_tokens\":{usage.Input},"
                + $"\"cache_creation_input_tokens\":{usage.CacheWrite},"
                + $"\"cache_read_input_tokens\":{usage.CacheRead},\"cache_creation\":{{\"ephemeral_5m_input_tokens\":"
                + $"{usage.CacheWrite5m},\"ephemeral_1h_input_tokens\":{usage.CacheWrite1h}}},"
                + "\"service_tier\":\"standard\"}}}");
        }
        span.Set("ai.usage.inputTokens", usage.InputTotal)
            .Set("ai.usage.inputTokenDetails.noCacheTokens", usage.Input)
            .Set("ai.usage.inputTokenDetails.cacheReadTokens", usage.CacheRead)
            .Set("ai.usage.inputTokenDetails.cacheWriteTokens", usage.CacheWrite)
            .Set("ai.usage.outputTokens", usage.OutputTotal)
            .Set("ai.usage.outputTokenDetails.textTokens", usage.Output)
            .Set("ai.usage.outputTokenDetails.reasoningTokens", usage.Reasoning)
            .Set("ai.usage.totalTokens", usage.InputTotal + usage.OutputTotal)
            .Set("gen_ai.usage.input_tokens", usage.InputTotal)
            .Set("gen_ai.usage.output_tokens", usage.OutputTotal);
    }

    private static SimulatedSpan Common(RunBuilder run, SimulatedSpan span, string operation, ModelProfile model)
    {
        span.Set("operation.name", $"{operation} {run.Workflow.Feature}")
            .Set("resource.name", run.Workflow.Feature)
            .Set("ai.operationId", operation)
            .Set("ai.telemetry.functionId", run.Workflow.Feature)
            .Set("ai.model.provider", VercelProvider(model.Provider))
            .Set("ai.model.id", model.RequestName);
        if (run.LedgerCustomer.Length > 0)
        {
            span.Set("ai.telemetry.metadata.customerId", run.LedgerCustomer)
                .Set("ai.telemetry.metadata.sessionId", run.SessionId);
        }
        return span;
    }

    private static string VercelProvider(Provider provider) => provider switch
    {
        Provider.OpenAi => "openai.chat",
        Provider.Anthropic => "anthropic.messages",
        Provider.Gemini => "google.generative-ai",
        Provider.Bedrock => "amazon-bedrock",
        Provider.Cohere => "cohere.reranking",
        _ => "roastery.chat",
    };
}

/// <summary>Vercel AI SDK 7: the agent span repeats the sum of its calls; reasoning is not exported.</summary>
internal sealed class Vercel7Dialect : Dialect
{
    public override DialectSet Set => DialectSet.Vercel7;
    public override UsageKinds Kinds => UsageKinds.CacheRead | UsageKinds.CacheWrite;

    protected override ScopeProfile Scope { get; } = new("gen_ai", "1.0.173");

    public override AgentSpan BeginAgent(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string agent,
        ModelProfile model)
    {
        var span = run.Begin(parent, service, Scope, "invoke_agent " + model.RequestName, SpanKind.Internal)
            .Set("gen_ai.operation.name", "invoke_agent")
            .Set("gen_ai.provider.name", SemconvProvider(model.Provider))
            .Set("gen_ai.agent.name", agent)
            .Set("gen_ai.request.model", model.RequestName);
        return new AgentSpan(span, service, model);
    }

    public override void EndAgent(RunBuilder run, AgentSpan agent, bool completed)
    {
        if (agent.Sum.InputTotal > 0) SetUsage(agent.Span, agent.Sum);
        base.EndAgent(run, agent, completed);
    }

    public override SimulatedSpan BeginTurn(RunBuilder run, AgentSpan agent) =>
        run.Begin(agent.Span, agent.Service, Scope, $"step {agent.Turns++}", SpanKind.Internal)
            .Set("gen_ai.operation.name", "agent_step");

    public override void EndTurn(RunBuilder run, AgentSpan agent, SimulatedSpan turn) => run.End(turn);

    public override void Call(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        var span = run.Begin(parent, service, Scope, $"{Operation(call)} {call.Model.RequestName}", SpanKind.Client)
            .Set("gen_ai.operation.name", Operation(call))
            .Set("gen_ai.provider.name", SemconvProvider(call.Model.Provider))
            .Set("gen_ai.request.model", call.Model.RequestName);
        PassCallTime(run, call);
        if (call.Outcome != CallOutcome.Rejected)
        {
            span.Set("gen_ai.response.id", call.ResponseId).Set("gen_ai.response.model", call.Model.ResponseName);
            if (call.Kind == CallKind.Chat) span.SetList("gen_ai.response.finish_reasons", "stop");
        }
        if (call.HasUsage && call.Kind == CallKind.Chat) SetUsage(span, call.Usage);
        else if (call.HasUsage) span.Set("gen_ai.usage.input_tokens", call.Usage.InputTotal);
        EndCall(run, span, call);
        run.Record(span, call);
    }

    private static void SetUsage(SimulatedSpan span, CallUsage usage)
    {
        span.Set("gen_ai.usage.input_tokens", usage.InputTotal)
            .Set("gen_ai.usage.output_tokens", usage.OutputTotal)
            .Set("gen_ai.usage.cache_read.input_tokens", usage.CacheRead)
            .Set("gen_ai.usage.cache_creation.input_tokens", usage.CacheWrite);
    }
}
