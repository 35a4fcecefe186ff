namespace CostAttribution.Domain.Tracing;

/// <summary>Keys that carry quantities or a reported cost.</summary>
internal static class UsageKeys
{
    public static IReadOnlyList<KnownKey> All { get; } =
    [
        .. KnownKeys.Group(200, AttributeUse.Usage,
            "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens",
            "gen_ai.usage.total_tokens", "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.audio.input_tokens",
            "gen_ai.usage.audio.output_tokens", "gen_ai.usage.image.input_tokens", "gen_ai.usage.image.output_tokens",
            "gen_ai.usage.video.input_tokens", "gen_ai.usage.audio.cache_read.input_tokens",
            "anthropic.usage.cache_creation.ephemeral_5m_input_tokens", "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
            "anthropic.usage.compaction.input_tokens", "anthropic.usage.compaction.output_tokens"),
        // Spellings of cache, reasoning and modality counts under gen_ai.usage that no release of the convention has.
        .. KnownKeys.Group(240, AttributeUse.Usage,
            "gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_input_tokens",
            "gen_ai.usage.cache_read_tokens", "gen_ai.usage.cache_write_tokens", "gen_ai.usage.details.cache_read_tokens",
            "gen_ai.usage.details.cache_read_input_tokens", "gen_ai.usage.details.cache_write_tokens",
            "gen_ai.usage.details.cache_creation_input_tokens", "gen_ai.usage.details.reasoning_tokens",
            "gen_ai.usage.details.input_audio_tokens", "gen_ai.usage.details.output_audio_tokens",
            "gen_ai.usage.prompt_tokens_details.cached_tokens", "gen_ai.usage.prompt_tokens_details.cache_creation_tokens",
            "gen_ai.usage.prompt_tokens_details.audio_tokens", "gen_ai.usage.completion_tokens_details.reasoning_tokens",
            "gen_ai.usage.completion_tokens_details.audio_tokens", "gen_ai.usage.input_tokens.cached",
            "gen_ai.usage.input_tokens.cache_write", "gen_ai.usage.output_tokens.reasoning", "gen_ai.usage.cached_input_tokens",
            "gen_ai.usage.cached_tokens", "gen_ai.usage.reasoning_tokens", "gen_ai.usage.input_audio_tokens",
            "gen_ai.usage.output_audio_tokens", "gen_ai.usage.output_image_tokens", "gen_ai.usage.seconds",
            "gen_ai.usage.characters"),
        .. KnownKeys.Group(300, AttributeUse.Usage,
            "ai.usage.inputTokens", "ai.usage.outputTokens", "ai.usage.totalTokens", "ai.usage.promptTokens", "ai.usage.completionTokens",
            "ai.usage.tokens", "ai.usage.reasoningTokens", "ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.noCacheTokens",
            "ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.inputTokenDetails.cacheWriteTokens",
            "ai.usage.outputTokenDetails.reasoningTokens",
            "ai.response.providerMetadata:anthropic.usage.cache_read_input_tokens",
            "ai.response.providerMetadata:anthropic.usage.cache_creation_input_tokens",
            "ai.response.providerMetadata:anthropic.cacheCreationInputTokens",
            "ai.response.providerMetadata:anthropic.usage.cache_creation.ephemeral_5m_input_tokens",
            "ai.response.providerMetadata:anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
            "ai.response.providerMetadata:openai.cachedPromptTokens", "ai.response.providerMetadata:openai.reasoningTokens",
            "ai.response.providerMetadata:bedrock.usage.cacheReadInputTokens",
            "ai.response.providerMetadata:bedrock.usage.cacheWriteInputTokens",
            "ai.response.providerMetadata:google.usageMetadata.cachedContentTokenCount",
            "ai.response.providerMetadata:google.usageMetadata.thoughtsTokenCount"),
        .. KnownKeys.Group(340, AttributeUse.Usage,
            "llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.total",
            "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_write",
            "llm.token_count.prompt_details.cache_input", "llm.token_count.prompt_details.audio",
            "llm.token_count.completion_details.reasoning", "llm.token_count.completion_details.audio", "llm.usage.prompt_tokens",
            "llm.usage.completion_tokens", "llm.usage.total_tokens", "llm.usage.reasoning_tokens"),
        // Bare names: read in one dialect only.
        .. KnownKeys.Group(360, AttributeUse.Usage, "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"),
        .. KnownKeys.Group(370, AttributeUse.Usage, MembersOf("langfuse.observation.usage_details",
            "input", "output", "total", "cache_read_input_tokens", "input_cached_tokens", "input_cache_read",
            "cache_creation_input_tokens", "input_cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens",
            "input_cache_creation_5m", "input_cache_creation_1h", "reasoning_tokens", "output_reasoning_tokens", "output_reasoning",
            "input_audio_tokens", "output_audio_tokens", "prompt_tokens", "completion_tokens", "total_tokens")),
        .. KnownKeys.Group(400, AttributeUse.Usage, MembersOf("mlflow.chat.tokenUsage",
            "input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")),
        .. KnownKeys.Group(410, AttributeUse.Usage, MembersOf("gen_ai.usage.input_token_details",
            "cache_read", "cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens", "audio")),
        .. KnownKeys.Group(420, AttributeUse.Usage, MembersOf("gen_ai.usage.output_token_details", "reasoning", "audio")),
        .. KnownKeys.Group(430, AttributeUse.Usage, MembersOf("gcp.vertex.agent.llm_response:usage_metadata", '.',
            "prompt_token_count", "candidates_token_count", "total_token_count", "cached_content_token_count", "thoughts_token_count",
            "tool_use_prompt_token_count")),
        .. KnownKeys.Group(440, AttributeUse.Usage, MembersOf("gen_ai.usage.raw",
            "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation.ephemeral_5m_input_tokens",
            "cache_creation.ephemeral_1h_input_tokens", "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens",
            "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens")),
        .. KnownKeys.Group(460, AttributeUse.Usage,
            "litellm.cost.total", "gen_ai.usage.cost", "gen_ai.cost.total_cost", "gen_ai.cost.total_tokens", "gen_ai.usage.total_cost",
            "llm.cost.total", "operation.cost", "langfuse.observation.cost_details:total", "mlflow.llm.cost:total_cost",
            "langwatch.cost.usd", "judgment.usage.total_cost_usd", "coding_agent.session.cost_usd", "hidden_params:response_cost",
            "ai.response.providerMetadata:gateway.cost"),
        .. KnownKeys.Group(490, AttributeUse.Usage, "pinecone.usage.read_units", "pinecone.usage.write_units"),
    ];

    private static string[] MembersOf(string attribute, params string[] members) => MembersOf(attribute, ':', members);

    private static string[] MembersOf(string attribute, char separator, params string[] members) =>
        [.. members.Select(member => attribute + separator + member)];
}
