namespace CostAttribution.Domain.Tracing;

/// <summary>
/// Keys that say for whom and for what: a block of business names under every prefix where conventions put them, and the
/// names that one convention has of its own.
/// </summary>
internal static class BusinessKeys
{
    public const ushort FirstId = 1024;

    private const int BlockIds = 64;
    private const ushort OwnFirstId = 3072;

    /// <summary>Prefixes in order of trust; their order gives ids, so it only grows.</summary>
    public static IReadOnlyList<string> Prefixes { get; } =
    [
        "", "app.", "traceloop.association.properties.", "ai.telemetry.metadata.", "ai.settings.context.",
            "langfuse.trace.metadata.",
        "langfuse.observation.metadata.", "langsmith.metadata.", "metadata:", "litellm.metadata.", "metadata.requester_metadata:",
        "metadata.", "mastra.metadata.", "trace.metadata.", "mlflow.traceTag.", "metadata.spend_logs_metadata:",
    ];

    /// <summary>Names below each prefix; their order gives ids, so it only grows, to 64 at most.</summary>
    public static IReadOnlyList<string> Members { get; } =
    [
        "customer.id", "customer_id", "customerId", "customer", "tenant.id", "tenant_id", "tenantId", "tenant", "org_id", "orgId",
        "organization_id", "organizationId", "account_id", "accountId", "user_id", "userId", "session_id", "sessionId",
            "thread_id",
        "threadId", "chat_id", "chatId", "conversation_id", "conversationId", "feature", "feature.id", "feature_id", "featureId",
        "product", "product.id", "product_id", "productId", "team", "team.id", "team_id", "teamId", "plan", "plan.id", "plan_id",
        "planId", "customer.tier", "customer_tier", "customerTier", "customer.plan", "customer_plan", "customerPlan", "audience",
        "workflow", "workflow.name", "workflow_name", "workflowName", "run_id", "runId", "cost_center", "costCenter",
            "environment",
    ];

    /// <summary>Every key.</summary>
    public static IReadOnlyList<KnownKey> All { get; } =
    [
        .. Prefixes.SelectMany((prefix, block) => KnownKeys.Group((ushort)(FirstId + block * BlockIds), AttributeUse.Dimension,
            [.. Members.Select(member => prefix + member)])),
        .. KnownKeys.Group(OwnFirstId, AttributeUse.Dimension,
            "user.id", "enduser.id", "enduser.pseudo.id", "session.id", "gen_ai.conversation.id", "gen_ai.agent.name",
                "agent.name",
            "gen_ai.workflow.name", "gen_ai.prompt.name", "traceloop.workflow.name", "ai.telemetry.functionId",
                "langfuse.user.id",
            "langfuse.session.id", "langfuse.trace.name", "langfuse.environment", "gen_ai.environment", "gen_ai.user.id",
                "gen_ai.user",
            "gen_ai.request.user", "gen_ai.session.id", "llm.user", "litellm.end_user.id", "metadata.user_api_key_end_user_id",
            "metadata.user_api_key_user_id", "langwatch.user.id", "langwatch.user_id", "mlflow.trace.user",
                "judgment.customer_user_id",
            "anthropic.session.id", "langwatch.thread.id", "langwatch.thread_id", "mlflow.trace.session",
            "spring.ai.chat.client.conversation.id", "gcp.vertex.agent.session_id", "judgment.session_id", "orq.thread_id",
            "litellm.request.purpose", "langwatch.customer.id", "langwatch.customer_id", "judgment.customer_id",
                "orq.organization_id",
            "app.user.org.id", "organization.id", "account.id", "company.id", "metadata.user_api_key_org_id", "litellm.team.id",
            "litellm.team.alias", "metadata.user_api_key_team_id", "metadata.user_api_key_team_alias", "project.id",
            "meter.feature_id", "subscription.plan", "langsmith.metadata.ls_user_id", "app.user.id", "app.session.id",
            "app.environment.name", "orq.project_id", "orq.identity_id"),
    ];
}
