namespace CostAttribution.Domain.Usage;

/// <summary>For every slot the keys that may fill it, best first. docs/dialects.md §10.3 has the sources.</summary>
internal static class PrecedenceLists
{
    private const string Meta = "ai.response.providerMetadata:", Langfuse = "langfuse.observation.usage_details:",
        MlFlow = "mlflow.chat.tokenUsage:", InputRepr = "gen_ai.usage.input_token_details:",
        OutputRepr = "gen_ai.usage.output_token_details:", Adk = "gcp.vertex.agent.llm_response:usage_metadata.",
        AdkJs = "gcp.vertex.agent.llm_response:usageMetadata.", Gemini = Meta + "google.usageMetadata.",
        Raw = "gen_ai.usage.raw:", Genkit = "genkit:output:usage.";

    public static (NumberSlot Slot, string[] Keys)[] Numbers { get; } =
    [
        (NumberSlot.Input, [MlFlow + "input_tokens", "gen_ai.usage.input_tokens", "ai.usage.inputTokens",
            "gen_ai.usage.prompt_tokens",
            "ai.usage.promptTokens", "llm.token_count.prompt", "llm.usage.prompt_tokens", "ai.usage.tokens", Langfuse
                + "prompt_tokens", Genkit + "inputTokens"]),
        (NumberSlot.Output, [MlFlow + "output_tokens", "gen_ai.usage.output_tokens", "ai.usage.outputTokens",
            "gen_ai.usage.completion_tokens", "ai.usage.completionTokens", "llm.token_count.completion",
                "llm.usage.completion_tokens",
            Langfuse + "completion_tokens", Genkit + "outputTokens"]),
        (NumberSlot.Total, ["gen_ai.usage.total_tokens", "ai.usage.totalTokens", "llm.token_count.total",
            "llm.usage.total_tokens",
            MlFlow + "total_tokens", Langfuse + "total_tokens", Genkit + "totalTokens"]),
        (NumberSlot.CacheRead, ["gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.cache_read_tokens", "ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens",
            "gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.details.cache_read_input_tokens",
            "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input",
            "gen_ai.usage.prompt_tokens_details.cached_tokens", "gen_ai.usage.input_tokens.cached",
                "gen_ai.usage.cached_input_tokens",
            "gen_ai.usage.cached_tokens", MlFlow + "cache_read_input_tokens", InputRepr + "cache_read",
            Meta + "anthropic.usage.cache_read_input_tokens", Meta + "openai.cachedPromptTokens",
            Meta + "bedrock.usage.cacheReadInputTokens", Gemini + "cachedContentTokenCount",
            Adk + "cached_content_token_count", AdkJs + "cachedContentTokenCount",
            Raw + "cache_read_input_tokens", Raw + "prompt_tokens_details.cached_tokens",
            Raw + "input_tokens_details.cached_tokens", Langfuse + "prompt_tokens_details.cached_tokens",
            Genkit + "cachedContentTokens"]),
        (NumberSlot.CacheWrite, ["gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_write_input_tokens", "gen_ai.usage.cache_creation_input_tokens",
                "gen_ai.usage.cache_write_tokens",
            "ai.usage.inputTokenDetails.cacheWriteTokens", "gen_ai.usage.details.cache_write_tokens",
            "gen_ai.usage.details.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write",
            "gen_ai.usage.prompt_tokens_details.cache_creation_tokens", "gen_ai.usage.input_tokens.cache_write",
            MlFlow + "cache_creation_input_tokens", InputRepr + "cache_creation", Meta
                + "anthropic.usage.cache_creation_input_tokens",
            Meta + "anthropic.cacheCreationInputTokens", Meta + "bedrock.usage.cacheWriteInputTokens", Raw
                + "cache_creation_input_tokens"]),
        (NumberSlot.CacheWrite5m, ["anthropic.usage.cache_creation.ephemeral_5m_input_tokens",
            Meta + "anthropic.usage.cache_creation.ephemeral_5m_input_tokens", InputRepr + "ephemeral_5m_input_tokens",
            Langfuse + "ephemeral_5m_input_tokens", Langfuse + "input_cache_creation_5m", Raw
                + "cache_creation.ephemeral_5m_input_tokens"]),
        (NumberSlot.CacheWrite1h, ["anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
            Meta + "anthropic.usage.cache_creation.ephemeral_1h_input_tokens", InputRepr + "ephemeral_1h_input_tokens",
            Langfuse + "ephemeral_1h_input_tokens", Langfuse + "input_cache_creation_1h", Raw
                + "cache_creation.ephemeral_1h_input_tokens"]),
        (NumberSlot.Reasoning, ["gen_ai.usage.reasoning.output_tokens", "ai.usage.outputTokenDetails.reasoningTokens",
            "ai.usage.reasoningTokens", "gen_ai.usage.reasoning_tokens", "gen_ai.usage.details.reasoning_tokens",
            "llm.token_count.completion_details.reasoning", "gen_ai.usage.completion_tokens_details.reasoning_tokens",
            "gen_ai.usage.output_tokens.reasoning", "llm.usage.reasoning_tokens", OutputRepr + "reasoning", Meta
                + "openai.reasoningTokens",
            Raw + "completion_tokens_details.reasoning_tokens",
            Raw + "output_tokens_details.reasoning_tokens", Langfuse + "completion_tokens_details.reasoning_tokens",
            Genkit + "thoughtsTokens"]),
        (NumberSlot.NoCache, ["ai.usage.inputTokenDetails.noCacheTokens"]),
        (NumberSlot.AudioIn, ["gen_ai.usage.audio.input_tokens", "gen_ai.usage.input_audio_tokens",
            "gen_ai.usage.details.input_audio_tokens", "llm.token_count.prompt_details.audio",
            "gen_ai.usage.prompt_tokens_details.audio_tokens", InputRepr + "audio"]),
        (NumberSlot.AudioOut, ["gen_ai.usage.audio.output_tokens", "gen_ai.usage.output_audio_tokens",
            "gen_ai.usage.details.output_audio_tokens", "llm.token_count.completion_details.audio",
            "gen_ai.usage.completion_tokens_details.audio_tokens", OutputRepr + "audio"]),
        (NumberSlot.AudioCached, ["gen_ai.usage.audio.cache_read.input_tokens"]),
        (NumberSlot.ImageIn, ["gen_ai.usage.image.input_tokens"]),
        (NumberSlot.ImageCached, ["gen_ai.usage.image.cache_read.input_tokens"]),
        (NumberSlot.ImageOut, ["gen_ai.usage.image.output_tokens", "gen_ai.usage.output_image_tokens"]),
        (NumberSlot.VideoIn, ["gen_ai.usage.video.input_tokens"]),
        (NumberSlot.CompactionIn, ["anthropic.usage.compaction.input_tokens"]),
        (NumberSlot.CompactionOut, ["anthropic.usage.compaction.output_tokens"]),
        (NumberSlot.DisjointInput, [Langfuse + "input", Langfuse + "input_tokens"]),
        (NumberSlot.DisjointOutput, [Langfuse + "output", Langfuse + "output_tokens"]),
        (NumberSlot.MapCachedInside, [Langfuse + "input_tokens_details.cached_tokens"]),
        (NumberSlot.MapReasoningInside, [Langfuse + "output_tokens_details.reasoning_tokens"]),
        (NumberSlot.DisjointCacheRead, [Langfuse + "cache_read_input_tokens", Langfuse + "input_cached_tokens", Langfuse
            + "input_cache_read"]),
        (NumberSlot.DisjointCacheWrite, [Langfuse + "cache_creation_input_tokens", Langfuse + "input_cache_creation"]),
        (NumberSlot.DisjointReasoning, [Langfuse + "output_reasoning_tokens", Langfuse + "output_reasoning",
            Langfuse + "reasoning_tokens"]),
        (NumberSlot.DisjointAudioIn, [Langfuse + "input_audio_tokens"]),
        (NumberSlot.DisjointAudioOut, [Langfuse + "output_audio_tokens"]),
        (NumberSlot.BareInput, ["input_tokens"]),
        (NumberSlot.BareOutput, ["output_tokens"]),
        (NumberSlot.BareCacheRead, ["cache_read_tokens"]),
        (NumberSlot.BareCacheWrite, ["cache_creation_tokens"]),
        (NumberSlot.GeminiPrompt, [Adk + "prompt_token_count", AdkJs + "promptTokenCount", Gemini + "promptTokenCount"]),
        (NumberSlot.GeminiCandidates, [Adk + "candidates_token_count", AdkJs + "candidatesTokenCount",
            Gemini + "candidatesTokenCount"]),
        (NumberSlot.GeminiThoughts, [Adk + "thoughts_token_count", AdkJs + "thoughtsTokenCount", Gemini + "thoughtsTokenCount"]),
        (NumberSlot.GeminiToolPrompt, [Adk + "tool_use_prompt_token_count", AdkJs + "toolUsePromptTokenCount"]),
        (NumberSlot.GeminiTotal, [Adk + "total_token_count", AdkJs + "totalTokenCount"]),
        (NumberSlot.AnthropicInput, [Meta + "anthropic.usage.input_tokens"]),
        (NumberSlot.AudioSeconds, ["gen_ai.usage.seconds"]),
        (NumberSlot.Characters, ["gen_ai.usage.characters"]),
        (NumberSlot.VectorReads, ["pinecone.usage.read_units"]),
        (NumberSlot.VectorWrites, ["pinecone.usage.write_units"]),
        (NumberSlot.Attempt, ["gen_ai.request.attempt", "retry.attempt", "app.attempt", "attempt"]),
        (NumberSlot.HttpStatus, ["http.response.status_code", "http.status_code"]),
    ];

    public static (TextSlot Slot, string[] Keys)[] Texts { get; } =
    [
        (TextSlot.Operation, ["gen_ai.operation.name"]),
        (TextSlot.ProviderName, ["gen_ai.provider.name"]),
        (TextSlot.System, ["gen_ai.system"]),
        (TextSlot.LlmProvider, ["llm.provider", "judgment.llm.provider", "gen_ai.model.provider"]),
        (TextSlot.LlmSystem, ["llm.system"]),
        (TextSlot.AiModelProvider, ["ai.model.provider"]),
        (TextSlot.LlmVendor, ["llm.vendor"]),
        (TextSlot.MlFlowProvider, ["mlflow.llm.provider"]),
        (TextSlot.LiteLlmProvider, ["hidden_params:custom_llm_provider"]),
        (TextSlot.ResponseModel, ["litellm.provider.model", "gen_ai.response.model", "llm.response.model_name",
            "langfuse.observation.model.name", "ai.response.model", "llm.response.model"]),
        (TextSlot.RequestModel, ["gen_ai.request.model", "llm.request.model_name", "ai.model.id", "llm.request.model"]),
        (TextSlot.InvokedModel, ["llm.invocation_parameters:model"]),
        (TextSlot.AnyModel, ["llm.model_name", "embedding.model_name", "reranker.model_name", "mlflow.llm.model", "model_name",
            "judgment.llm.model", "genkit:name"]),
        (TextSlot.ResponseId, ["gen_ai.response.id", "ai.response.id", "llm.response.id"]),
        (TextSlot.ResponseTier, ["openai.response.service_tier", "anthropic.response.service_tier",
            "gen_ai.openai.response.service_tier",
            "gen_ai.response.service_tier", Meta + "anthropic.usage.service_tier", Meta + "openai.serviceTier", Raw
                + "service_tier"]),
        (TextSlot.RequestTier, ["openai.request.service_tier", "anthropic.request.service_tier",
            "gen_ai.openai.request.service_tier",
            "llm.invocation_parameters:service_tier"]),
        (TextSlot.FinishReason, ["gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "ai.response.finishReason",
            "llm.finish_reason", "anthropic.message.stop_reason"]),
        (TextSlot.ErrorType, ["error.type"]),
        (TextSlot.ServerAddress, ["server.address"]),
        (TextSlot.OpenInferenceKind, ["openinference.span.kind", "gen_ai.span.kind"]),
        (TextSlot.GenkitSubtype, ["genkit:metadata:subtype"]),
        (TextSlot.AiOperationId, ["ai.operationId"]),
        (TextSlot.LlmRequestType, ["llm.request.type"]),
        (TextSlot.LangfuseType, ["langfuse.observation.type"]),
        (TextSlot.LangSmithKind, ["langsmith.span.kind"]),
        (TextSlot.MlFlowType, ["mlflow.spanType"]),
        (TextSlot.TraceloopKind, ["traceloop.span.kind"]),
        (TextSlot.LogfireType, ["logfire.span_type"]),
        (TextSlot.ToolName, ["gen_ai.tool.name", "ai.toolCall.name"]),
        (TextSlot.StepName, ["traceloop.entity.name"]),
        (TextSlot.HttpRoute, ["http.route"]),
        (TextSlot.HttpMethod, ["http.request.method", "http.method"]),
        (TextSlot.RunId, ["run.id", "workflow.run.id", "workflow.run_id", "app.run_id", "app.runId",
            "traceloop.association.properties.run_id", "ai.telemetry.metadata.runId", "ai.telemetry.metadata.run_id"]),
        (TextSlot.Workspace, ["anthropic.workspace.id", "openai.project"]),
        (TextSlot.SdkAgent, ["ai.request.headers.user-agent"]),
        (TextSlot.ProviderKey, ["litellm.api_key.hash", "metadata.user_api_key_hash", "metadata.user_api_key_alias"]),
        (TextSlot.Account, ["openai.organization", "anthropic.organization.id"]),
        (TextSlot.Geography, [Raw + "inference_geo", Meta + "anthropic.usage.inference_geo",
            "llm.invocation_parameters:inference_geo"]),
        (TextSlot.Endpoint, ["openai.api.type"]),
        (TextSlot.Speed, [Raw + "speed", Meta + "anthropic.usage.speed", "llm.invocation_parameters:speed"]),
    ];

    public static string[] Costs { get; } =
    [
        "litellm.cost.total", "gen_ai.usage.cost", "gen_ai.cost.total_cost", "gen_ai.cost.total_tokens",
            "gen_ai.usage.total_cost",
        "llm.cost.total", "operation.cost", "langfuse.observation.cost_details:total", "mlflow.llm.cost:total_cost",
            "langwatch.cost.usd",
        "judgment.usage.total_cost_usd", "coding_agent.session.cost_usd", "hidden_params:response_cost", Meta + "gateway.cost",
        "langwatch.span.cost",
    ];

    /// <summary>Keys that name the currency of the costs beside or right below them.</summary>
    public static string[] Currencies { get; } =
    [
        "litellm.cost.currency", "gen_ai.usage.currency", "gen_ai.usage.cost.currency", "gen_ai.cost.currency",
        "llm.cost.currency", "operation.currency", "operation.cost.currency", "langfuse.observation.cost_details:currency",
        "mlflow.llm.cost:currency", "hidden_params:currency",
    ];

    /// <summary>Booleans: the traits hold when the value is true.</summary>
    public static (SpanTraits Traits, string[] Keys)[] Switches { get; } =
    [
        (SpanTraits.Stream, ["gen_ai.request.stream", "gen_ai.is_streaming", "gen_ai.request.is_stream", "llm.is_streaming",
            "llm.invocation_parameters:stream"]),
        (SpanTraits.Estimated, ["langwatch.tokens.estimated"]),
        (SpanTraits.SkipAccumulation, ["langwatch.reserved.skip_token_accumulation"]),
    ];

    /// <summary>Keys whose presence alone says something.</summary>
    public static (SpanTraits Traits, string[] Keys)[] Traits { get; } =
    [
        (SpanTraits.AiOperation | SpanTraits.GenAi, ["ai.operationId"]),
        (SpanTraits.OpenInferenceKind | SpanTraits.GenAi, ["openinference.span.kind"]),
        (SpanTraits.LoongSuiteKind | SpanTraits.GenAi, ["gen_ai.span.kind"]),
        (SpanTraits.Judgment | SpanTraits.GenAi,
            ["judgment.llm.model", "judgment.llm.provider", "judgment.usage.total_cost_usd"]),
        (SpanTraits.ModelProviderName | SpanTraits.GenAi, ["gen_ai.model.provider"]),
        (SpanTraits.TraceloopKind | SpanTraits.GenAi, ["traceloop.span.kind"]),
        (SpanTraits.LlmRequestType | SpanTraits.GenAi, ["llm.request.type"]),
        (SpanTraits.UnderscoreCache, ["gen_ai.usage.cache_read_input_tokens"]),
        (SpanTraits.LegacyGoNames | SpanTraits.GenAi, ["llm.vendor", "llm.usage.prompt_tokens"]),
        (SpanTraits.SpringKind | SpanTraits.GenAi, ["spring.ai.kind"]),
        (SpanTraits.CacheWriteName, ["gen_ai.usage.cache_write.input_tokens"]),
        (SpanTraits.OpenAiApiType, ["openai.api.type"]),
        (SpanTraits.DisjointMap, [Langfuse + "input", Langfuse + "output"]),
        (SpanTraits.BareUsage, ["input_tokens", "output_tokens"]),
        (SpanTraits.RequestHttp, ["http.request.method", "http.method"]),
        (SpanTraits.GenAi, ["llm.provider", "llm.system", "llm.model_name", "langfuse.observation.type", "langsmith.span.kind",
            "mlflow.spanType", "model_name", "ai.model.id", "llm.request.model"]),
    ];
}
