namespace CostAttribution.Domain.Tracing;

/// <summary>Keys that name the process, the operation, the provider, the model, the run or the step.</summary>
internal static class ContextKeys
{
    public static IReadOnlyList<KnownKey> All { get; } =
    [
        .. KnownKeys.Group(1, AttributeUse.Context,
            "service.name", "deployment.environment.name", "deployment.environment", "service.namespace", "telemetry.sdk.name",
            "cloud.region", "server.address", "http.route", "http.request.method", "http.method", "http.response.status_code",
            "http.status_code", "error.type", "service.instance.id"),
        .. KnownKeys.Group(40, AttributeUse.Context,
            "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.system", "gen_ai.request.model", "gen_ai.response.model",
            "gen_ai.response.id", "gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "gen_ai.request.stream",
            "gen_ai.is_streaming", "gen_ai.tool.name", "gen_ai.agent.id", "openai.api.type",
            "openai.response.service_tier", "anthropic.response.service_tier", "gen_ai.openai.response.service_tier",
            "gen_ai.response.service_tier", "openai.request.service_tier", "anthropic.request.service_tier",
            "gen_ai.openai.request.service_tier", "gen_ai.request.is_stream", "gen_ai.model.provider"),
        .. KnownKeys.Group(70, AttributeUse.Context,
            "openinference.span.kind", "llm.provider", "llm.system", "llm.model_name", "llm.request.model_name",
            "llm.response.model_name", "embedding.model_name", "reranker.model_name", "llm.vendor", "llm.request.type",
            "llm.request.model", "llm.response.model", "llm.response.id", "llm.is_streaming", "traceloop.span.kind",
            "traceloop.entity.name", "llm.invocation_parameters:service_tier", "llm.invocation_parameters:stream",
            "llm.invocation_parameters:model", "llm.finish_reason", "anthropic.message.stop_reason"),
        .. KnownKeys.Group(100, AttributeUse.Context,
            "ai.operationId", "ai.model.provider", "ai.model.id", "ai.response.id", "ai.response.model",
                "ai.response.finishReason",
            "ai.toolCall.name", "ai.response.providerMetadata:anthropic.usage.service_tier",
            "ai.response.providerMetadata:openai.serviceTier", "langfuse.observation.type", "langfuse.observation.model.name",
            "langsmith.span.kind", "mlflow.spanType", "mlflow.llm.model", "mlflow.llm.provider", "litellm.provider.model",
            "litellm.call_type", "hidden_params:custom_llm_provider", "spring.ai.kind", "mastra.span.type", "model_name",
            "logfire.span_type", "langwatch.span.type", "langwatch.tokens.estimated",
                "langwatch.reserved.skip_token_accumulation",
            "gen_ai.usage.raw:service_tier", "ai.request.headers.user-agent"),
        .. KnownKeys.Group(140, AttributeUse.Context,
            "app.attempt", "retry.attempt", "attempt", "gen_ai.request.attempt", "run.id", "workflow.run.id", "workflow.run_id",
            "anthropic.workspace.id", "openai.organization", "openai.project", "litellm.api_key.hash",
                "metadata.user_api_key_hash",
            "metadata.user_api_key_alias", "anthropic.organization.id", "gen_ai.span.kind", "genkit:metadata:subtype",
            "genkit:name", "judgment.llm.model", "judgment.llm.provider", "gen_ai.usage.raw:inference_geo",
            "ai.response.providerMetadata:anthropic.usage.inference_geo", "llm.invocation_parameters:inference_geo",
            "gen_ai.usage.raw:speed", "ai.response.providerMetadata:anthropic.usage.speed", "llm.invocation_parameters:speed"),
        // Texts of which only known members are kept.
        .. KnownKeys.Group(170, AttributeUse.Structured,
            "ai.response.providerMetadata", "langfuse.observation.usage_details", "langfuse.observation.cost_details",
            "mlflow.chat.tokenUsage", "mlflow.llm.cost", "metadata", "hidden_params", "llm.invocation_parameters",
            "gen_ai.usage.input_token_details", "gen_ai.usage.output_token_details", "gcp.vertex.agent.llm_response",
            "gen_ai.usage.raw", "metadata.requester_metadata", "genkit:output", "metadata.spend_logs_metadata"),
    ];
}
