using CostAttribution.Workload.Otlp;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload.Dialects;

/// <summary>
/// How one instrumentation describes agents, turns, model calls and tools. The base writes what they have in common; where a
/// shape is peculiar, <c>docs</c> of the instrumentation named in the subclass is the source.
/// </summary>
internal abstract class Dialect
{
    private static readonly ScopeProfile HttpScope = new("opentelemetry.instrumentation.httpx", "0.62b0");

    public abstract DialectSet Set { get; }

    /// <summary>What its spans can say about usage.</summary>
    public abstract UsageKinds Kinds { get; }

    protected abstract ScopeProfile Scope { get; }

    /// <summary>Opens the loop that turns, calls and tools of one agent belong to.</summary>
    public abstract AgentSpan BeginAgent(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string agent,
        ModelProfile model);

    public virtual void EndAgent(RunBuilder run, AgentSpan agent, bool completed) =>
        run.End(agent.Span, completed ? StatusCode.Unset : StatusCode.Error, completed ? "" : "agent gave up");

    /// <summary>Opens one turn; by default turns have no span of their own and calls sit under the agent.</summary>
    public virtual SimulatedSpan BeginTurn(RunBuilder run, AgentSpan agent) => agent.Span;

    public virtual void EndTurn(RunBuilder run, AgentSpan agent, SimulatedSpan turn)
    {
    }

    /// <summary>Writes one attempt at one call and records it in the ground truth.</summary>
    public abstract void Call(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call);

    public virtual void Tool(RunBuilder run, SimulatedSpan parent, ServiceProfile service, string tool)
    {
        var span = run.Begin(parent, service, Scope, "execute_tool " + tool, SpanKind.Internal)
            .Set("gen_ai.operation.name", "execute_tool")
            .Set("gen_ai.tool.name", tool)
            .Set("gen_ai.tool.call.id", "call_" + run.Random.Hex(6));
        run.Pass(15, 250);
        run.End(span);
    }

    protected static void PassCallTime(RunBuilder run, ProviderCall call)
    {
        if (call.Outcome == CallOutcome.Rejected) run.Pass(30, 120);
        else if (call.Kind == CallKind.Chat) run.Pass(280, 900 + (int)Math.Min(call.Usage.OutputTotal, 2_000));
        else run.Pass(40, 160);
    }

    /// <summary>The HTTP request under a call, as a general client instrumentation sees it.</summary>
    protected static SimulatedSpan BeginHttp(RunBuilder run, SimulatedSpan parent, ServiceProfile service, ProviderCall call)
    {
        var host = call.Model.Provider switch
        {
            Provider.OpenAi => "api.openai.com",
            Provider.Anthropic => "api.anthropic.com",
            Provider.Gemini => "generativelanguage.googleapis.com",
            Provider.Bedrock => "bedrock-runtime.us-east-1.amazonaws.com",
            Provider.Cohere => "api.cohere.com",
            _ => "models.roastery.internal",
        };
        return run.Begin(parent, service, HttpScope, "POST", SpanKind.Client)
            .Set("http.request.method", "POST")
            .Set("server.address", host)
            .Set("server.port", 443)
            .Set("http.response.status_code", call.Outcome == CallOutcome.Rejected ? 429 : 200);
    }

    protected static void EndHttp(RunBuilder run, SimulatedSpan http, ProviderCall call)
    {
        if (call.Outcome == CallOutcome.Rejected) run.End(http, StatusCode.Error);
        else run.End(http);
    }

    /// <summary>Ends a call's span: an error when the call was rejected or its answer could not be used.</summary>
    protected static void EndCall(RunBuilder run, SimulatedSpan span, ProviderCall call)
    {
        switch (call.Outcome)
        {
            case CallOutcome.Rejected:
                span.Set("error.type", "rate_limit_exceeded");
                run.End(span, StatusCode.Error, "429 too many requests");
                break;
            case CallOutcome.Unusable:
                span.Set("error.type", "invalid_structured_output");
                run.End(span, StatusCode.Error, "answer does not match the schema");
                break;
            default:
                run.End(span);
                break;
        }
    }

    protected static string Operation(ProviderCall call) => call.Kind switch
    {
        CallKind.Embedding => "embeddings",
        CallKind.Rerank => "rerank",
        _ => "chat",
    };

    protected static string SemconvProvider(Provider provider) => provider switch
    {
        Provider.OpenAi => "openai",
        Provider.Anthropic => "anthropic",
        Provider.Gemini => "gcp.gemini",
        Provider.Bedrock => "aws.bedrock",
        Provider.Cohere => "cohere",
        _ => "roastery",
    };

    protected static string FinishReason(ProviderCall call) => call.Model.Provider == Provider.Anthropic ? "end_turn" : "stop";
}

/// <summary>An open agent and the sum of what its calls used.</summary>
internal sealed class AgentSpan(SimulatedSpan span, ServiceProfile service, ModelProfile model)
{
    public SimulatedSpan Span { get; } = span;
    public ServiceProfile Service { get; } = service;
    public ModelProfile Model { get; } = model;
    public CallUsage Sum { get; private set; }
    public CallUsage Last { get; private set; }
    public int Turns { get; set; }

    public void Add(ProviderCall call)
    {
        if (!call.HasUsage) return;
        Sum += call.Usage;
        Last = call.Usage;
    }
}
