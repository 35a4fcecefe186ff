namespace CostAttribution.Workload.Product;

internal enum WorkflowKind
{
    Support,
    Summary,
    Review,
    Search,
    Nightly,
    Outreach,
    Playground,
}

/// <summary>A workflow of the product and the feature customers know it by.</summary>
internal sealed record WorkflowProfile(WorkflowKind Kind, string Name, string Feature, string Route)
{
    public static readonly WorkflowProfile[] All =
    [
        new(WorkflowKind.Support, "support-ticket", "support-bot", "POST /v1/tickets"),
        new(WorkflowKind.Summary, "summarize-document", "doc-summary", "POST /v1/documents/summary"),
        new(WorkflowKind.Review, "review-pull-request", "code-review", "POST /v1/reviews"),
        new(WorkflowKind.Search, "answer-search", "semantic-search", "GET /v1/search"),
        new(WorkflowKind.Nightly, "enrich-catalogue", "nightly-enrichment", "process enrichment-jobs"),
        new(WorkflowKind.Outreach, "draft-outreach", "sales-assistant", "POST /v1/outreach"),
        new(WorkflowKind.Playground, "prompt-playground", "playground", "POST /v1/playground"),
    ];
}

/// <summary>A process that exports its own spans.</summary>
internal sealed record ServiceProfile(string Name, string Language, string Team, string Environment, string ResourceCustomer = "")
{
    public static readonly ServiceProfile Gateway = new("gateway", "dotnet", "platform", "production");
    public static readonly ServiceProfile Support = new("support-agent", "python", "care", "production");
    public static readonly ServiceProfile WebChat = new("web-chat", "nodejs", "care", "production");
    public static readonly ServiceProfile Documents = new("doc-pipeline", "python", "content", "production");
    public static readonly ServiceProfile Review = new("review-worker", "python", "developer-tools", "production");
    public static readonly ServiceProfile ReviewDotNet = new("review-api", "dotnet", "developer-tools", "production");
    public static readonly ServiceProfile ReviewDedicated =
        new("review-worker-meridian", "python", "developer-tools", "production", "meridian-bank");
    public static readonly ServiceProfile Search = new("search-api", "nodejs", "content", "production");
    public static readonly ServiceProfile Enricher = new("catalogue-enricher", "python", "data", "production");
    public static readonly ServiceProfile Outreach = new("outreach-api", "python", "growth", "production");
    public static readonly ServiceProfile LlmProxy = new("llm-proxy", "python", "platform", "production");
    public static readonly ServiceProfile Playground = new("playground", "nodejs", "platform", "staging");
}

/// <summary>An instrumentation library as it names itself.</summary>
internal sealed record ScopeProfile(string Name, string Version = "", string SchemaUrl = "");
