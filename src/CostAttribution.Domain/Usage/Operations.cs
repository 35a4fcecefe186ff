using CostAttribution.Domain.Costing;

namespace CostAttribution.Domain.Usage;

/// <summary>The operation as the GenAI conventions name it, for dialects that say it in other words.</summary>
internal static class Operations
{
    public static string Of(SpanReading reading, SpanRole role)
    {
        if (reading.Text(TextSlot.Operation) is { Length: > 0 } operation) return Canonical(operation);
        if (role == SpanRole.Tool) return "execute_tool";
        if (role != SpanRole.Leaf) return "";
        if (reading.Text(TextSlot.AiOperationId) is { Length: > 0 } vercel)
        {
            return vercel.EndsWith(".doEmbed", StringComparison.Ordinal) ? "embeddings"
                : vercel.EndsWith(".doRerank", StringComparison.Ordinal) ? "rerank" : "chat";
        }
        switch (reading.Text(TextSlot.OpenInferenceKind))
        {
            case "EMBEDDING": return "embeddings";
            case "RERANKER": return "rerank";
        }
        if (reading.Text(TextSlot.GenkitSubtype) == "embedder") return "embeddings";
        return reading.Text(TextSlot.LlmRequestType) switch
        {
            "completion" => "text_completion",
            "embedding" => "embeddings",
            "rerank" => "rerank",
            _ => reading.Text(TextSlot.LangfuseType) == "embedding" || reading.Text(TextSlot.LangSmithKind) == "embedding"
                || reading.Text(TextSlot.MlFlowType) == "EMBEDDING" ? "embeddings" : "chat",
        };
    }

    /// <summary>Whether a container of this operation is a step of a run rather than the run or an agent.</summary>
    public static bool IsStep(string operation) =>
        operation is "agent_step" or "execute_task" or "task" or "plan" or "execute_node" or "execute_event_loop_cycle";

    private static string Canonical(string operation) => operation switch
    {
        "acompletion" or "completion" => "chat",
        "aembedding" or "embedding" => "embeddings",
        "responses" or "aresponses" or "llm_request" => "chat",
        _ => operation,
    };
}
