using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Attribution;

/// <summary>
/// Keys per built-in dimension, best first. A fallback key names something near the dimension (a workflow for a feature); it
/// counts only where no proper key has a value, so that a library's own name never hides the application's. Order and
/// sources: docs/dialects.md §6.2, §10.3.
/// </summary>
internal static class DefaultDimensionKeys
{
    private static readonly string[] CustomerNames =
    [
        "customer.id", "customer_id", "customerId", "customer", "tenant.id", "tenant_id", "tenantId", "tenant", "org_id", "orgId",
        "organization_id", "organizationId", "account_id", "accountId",
    ];

    public static (string[] Keys, string[] Fallback) Of(Dimension dimension) => dimension switch
    {
        Dimension.Customer => ([.. Everywhere(CustomerNames), "langwatch.customer.id", "langwatch.customer_id",
            "judgment.customer_id",
            "orq.organization_id", "app.user.org.id", "organization.id", "account.id", "company.id"],
                ["metadata.user_api_key_org_id"]),
        Dimension.Feature => ([.. Everywhere("feature", "feature.id", "feature_id", "featureId"), "meter.feature_id"],
            ["gen_ai.workflow.name", "traceloop.workflow.name", "ai.telemetry.functionId", "langfuse.trace.name",
                "litellm.request.purpose",
                "gen_ai.agent.name", "agent.name", "gen_ai.prompt.name"]),
        Dimension.Product => ([.. Everywhere("product", "product.id", "product_id", "productId")], []),
        Dimension.Team => ([.. Everywhere("team", "team.id", "team_id", "teamId"), "litellm.team.id",
            "metadata.user_api_key_team_id",
            .. Everywhere("cost_center", "costCenter")], ["litellm.team.alias", "metadata.user_api_key_team_alias",
                "anthropic.workspace.id"]),
        Dimension.Environment => (["langfuse.environment", "deployment.environment.name", "deployment.environment",
            "gen_ai.environment",
            "app.environment.name", .. Everywhere("environment")], []),
        Dimension.Workflow => (["gen_ai.workflow.name", "traceloop.workflow.name",
            .. Everywhere("workflow", "workflow.name", "workflow_name", "workflowName")], ["langfuse.trace.name"]),
        Dimension.Agent => (["gen_ai.agent.name", "agent.name"], []),
        Dimension.Session => (["session.id", "langfuse.session.id",
            .. Everywhere("session_id", "sessionId", "thread_id", "threadId", "chat_id", "chatId", "conversation_id",
                "conversationId"),
            "anthropic.session.id", "gen_ai.session.id", "langwatch.thread.id", "langwatch.thread_id", "mlflow.trace.session",
            "gen_ai.conversation.id", "spring.ai.chat.client.conversation.id", "gcp.vertex.agent.session_id",
                "judgment.session_id",
            "orq.thread_id", "app.session.id"], []),
        Dimension.User => (["user.id", "enduser.id", "langfuse.user.id", "app.user.id", .. Everywhere("user_id", "userId"),
            "gen_ai.user.id",
            "gen_ai.user", "gen_ai.request.user", "llm.user", "litellm.end_user.id", "metadata.user_api_key_end_user_id",
            "langwatch.user.id", "langwatch.user_id", "langsmith.metadata.ls_user_id", "mlflow.trace.user",
                "judgment.customer_user_id",
            "enduser.pseudo.id", "metadata.user_api_key_user_id", "orq.identity_id"], []),
        Dimension.Plan => ([.. Everywhere("plan", "plan.id", "plan_id", "planId", "customer.plan", "customer_plan",
            "customerPlan",
            "customer.tier", "customer_tier", "customerTier"), "subscription.plan"], []),
        Dimension.Audience => ([.. Everywhere("audience")], []),
        _ => ([], []),
    };

    // All names under one prefix before the next prefix: what the application set itself before what a framework carried.
    private static IEnumerable<string> Everywhere(params string[] names) =>
        BusinessKeys.Prefixes.SelectMany(prefix => names.Select(name => prefix + name));
}
