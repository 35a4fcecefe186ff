using System.Collections.Frozen;
using CostAttribution.Domain.Costing;

namespace CostAttribution.Domain.Usage;

/// <summary>What kind of work a span stands for, by the first rule that says so. docs/dialects.md §10.2.</summary>
internal static class RoleRules
{
    private static readonly FrozenDictionary<string, SpanRole> ByOperation = Table(
        (SpanRole.Leaf, ["chat", "text_completion", "generate_content", "embeddings", "rerank", "decide", "realtime",
            "realtime_inference",
            "image_generation", "speech", "ai.generateSpeech", "ai.transcribe", "ai.streamTranscribe", "completion",
                "acompletion",
            "aembedding", "embedding", "responses", "aresponses", "llm_request"]),
        (SpanRole.Container, ["invoke_agent", "invoke_workflow", "agent_step", "plan", "execute_task", "framework",
            "execute_event_loop_cycle", "execute_node", "workflow", "task", "agent"]),
        (SpanRole.Tool, ["execute_tool"]),
        (SpanRole.NonBillable, ["fetch_response", "count_tokens", "create_agent", "create_memory_store", "search_memory",
            "create_memory",
            "update_memory", "upsert_memory", "delete_memory", "delete_memory_store", "retrieval", "vector_db_retrieve"]));

    private static readonly FrozenDictionary<string, SpanRole> ByName = Table(
        (SpanRole.Container, ["orchestrate_tools", "agent run", "Received Proxy Server Request",
            "anthropic.messages.tool_runner"]),
        (SpanRole.Leaf, ["claude_code.llm_request"]),
        (SpanRole.NonBillable, ["anthropic.messages.count_tokens"]),
        (SpanRole.Other, ["raw_gen_ai_request"]));

    private static readonly FrozenDictionary<string, SpanRole> ByOpenInferenceKind = Table(
        (SpanRole.Leaf, ["LLM", "EMBEDDING", "RERANKER"]),
        (SpanRole.Container, ["AGENT", "CHAIN", "PROMPT", "TASK", "STEP", "ENTRY"]), (SpanRole.Tool, ["TOOL"]),
        (SpanRole.Other, ["RETRIEVER", "GUARDRAIL", "EVALUATOR"]));

    private static readonly FrozenDictionary<string, SpanRole> ByGenkitSubtype = Table(
        (SpanRole.Leaf, ["model", "embedder"]), (SpanRole.Container, ["flow", "prompt", "agent"]), (SpanRole.Tool, ["tool"]));

    private static readonly FrozenDictionary<string, SpanRole> ByRequestType = Table(
        (SpanRole.Leaf, ["chat", "completion", "embedding", "rerank"]));

    private static readonly FrozenDictionary<string, SpanRole> ByKind = Table(
        (SpanRole.Leaf, ["generation", "embedding", "llm", "LLM", "CHAT_MODEL", "EMBEDDING"]),
        (SpanRole.Container, ["agent", "chain", "span", "AGENT", "CHAIN"]), (SpanRole.Tool, ["tool", "TOOL"]));

    private static readonly FrozenDictionary<string, SpanRole> ByTraceloopKind = Table(
        (SpanRole.Container, ["workflow", "task", "agent"]), (SpanRole.Tool, ["tool"]));

    /// <param name="name">The span's name.</param>
    /// <param name="flags">Receives <c>unknown_operation</c> and <c>role_guessed</c>.</param>
    public static SpanRole RoleOf(SpanReading reading, string name, bool hasUsage, ref SpanFlags flags)
    {
        var operation = reading.Text(TextSlot.Operation);
        if (operation.Length > 0)
        {
            if (ByOperation.TryGetValue(operation, out var role)) return role;
            flags |= SpanFlags.UnknownOperation;
        }
        if (ByName.TryGetValue(name, out var named)) return named;
        foreach (var leaf in reading.Dialect.LeafNames)
        {
            if (leaf == name) return SpanRole.Leaf;
        }
        if (ByOpenInferenceKind.TryGetValue(reading.Text(TextSlot.OpenInferenceKind), out var kind)) return kind;
        if (ByGenkitSubtype.TryGetValue(reading.Text(TextSlot.GenkitSubtype), out kind)) return kind;
        if (reading.Text(TextSlot.AiOperationId) is { Length: > 0 } vercel) return OfVercel(vercel);
        if (ByRequestType.TryGetValue(reading.Text(TextSlot.LlmRequestType), out kind)) return kind;
        if (ByKind.TryGetValue(reading.Text(TextSlot.LangfuseType), out kind)) return kind;
        if (ByKind.TryGetValue(reading.Text(TextSlot.LangSmithKind), out kind)) return kind;
        if (ByKind.TryGetValue(reading.Text(TextSlot.MlFlowType), out kind)) return kind;
        if (ByTraceloopKind.TryGetValue(reading.Text(TextSlot.TraceloopKind), out kind)) return kind;
        if (!hasUsage) return SpanRole.Other;
        if (reading.Dialect.UsageMeansCall) return SpanRole.Leaf;
        flags |= SpanFlags.RoleGuessed;
        return reading.Has(TextSlot.ResponseId) || reading.Has(TextSlot.ResponseModel) ? SpanRole.Leaf : SpanRole.Container;
    }

    private static SpanRole OfVercel(string operation)
    {
        if (operation.EndsWith(".doGenerate", StringComparison.Ordinal)
            || operation.EndsWith(".doStream", StringComparison.Ordinal)
            || operation.EndsWith(".doEmbed", StringComparison.Ordinal)
            || operation.EndsWith(".doRerank", StringComparison.Ordinal)) return SpanRole.Leaf;
        return operation == "ai.toolCall" ? SpanRole.Tool : SpanRole.Container;
    }

    private static FrozenDictionary<string, SpanRole> Table(params (SpanRole Role, string[] Names)[] rows) =>
        rows.SelectMany(row => row.Names.Select(name => KeyValuePair.Create(name, row.Role))).ToFrozenDictionary(
            StringComparer.Ordinal);
}
