using CostAttribution.Api.Requests;
using CostAttribution.Api.Spans;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Costs;

/// <summary>All dimensions, by name. The only source of column names in the SQL of costs.</summary>
internal static class CostDimensions
{
    /// <summary>Configured dimensions are asked for as <c>dim.&lt;name&gt;</c>.</summary>
    public const string ConfiguredPrefix = "dim.";
    public const int ConfiguredNameCharsMax = 128;

    /// <summary>Parts of time that can be grouped by, finest first.</summary>
    public static readonly IReadOnlyList<string> Periods = ["hour", "day", "month"];

    public static readonly IReadOnlyList<CostDimension> All =
    [
        new("customer", "customer_id", true, "Who caused the cost; empty = unattributed") { Example = "acme" },
        new("feature", "feature_id", true,
            "Which feature of the product caused it; empty = unattributed") { Example = "summarize" },
        new("product", "product", true, "Product; empty = unattributed") { Example = "assistant" },
        new("team", "team", true, "Team that answers for it; empty = unattributed") { Example = "search" },
        new("environment", "environment", true, "Deployment environment; empty = unknown") { Example = "production" },
        new("workflow", "workflow", true, "Name of the workflow") { Example = "triage" },
        new("agent", "agent", true, "Name of the agent") { Example = "researcher" },
        new("plan", "plan", true, "The customer's plan; empty = unattributed") { Example = "pro" },
        new("audience", "audience", true, "For whom the work was done") { Example = "external" },
        new("provider", "provider", true, "Who sold the call") { Example = "openai" },
        new("model", "model", true, "Model that answered") { Example = "gpt-5" },
        new("serviceTier", "service_tier", true, "Provider's service tier") { Example = "batch" },
        new("region", "region", true, "Provider's region") { Example = "eu-west-1" },
        new("costKind", "toString(cost_kind)", true, "What the rows are") { Example = "usage", Allowed = Names<CostKind>() },
        new("priceStatus", "toString(price_status)", true, "How the cost was found") { Example = "unpriced_model",
            Allowed = Names<PriceStatus>() },
        new("customerEvidence", "toString(customer_evidence)", true, "Where the customer was found") { Example = "ancestor",
            Allowed = Names<Evidence>() },
        new("featureEvidence", "toString(feature_evidence)", true, "Where the feature was found") { Example = "own",
            Allowed = Names<Evidence>() },
        new("seller", "seller", false, "Reseller that bills the call; empty = the provider; read from the ledger")
            { Example = "openrouter" },
        new("operation", "operation", false, "Kind of call; read from the ledger") { Example = "chat" },
        // Grouped by all flags of a row together: every row is in one group, and groups add up to the total.
        new("flag", "arrayStringConcat(arraySort(flags), ' ')", false,
            "Guesses and oddities on a row; groups name all flags of their rows, filters one; read from the ledger")
            { Example = "cache_inclusion_guessed", Allowed = FlagTexts.Names, HoldsSeveral = true },
        new("session", "session_id", false, "Session or conversation; read from the ledger") { Example = "s-81" },
        new("user", "user_id", false, "End user; read from the ledger") { Example = "u-17" },
        new("run", "run_id", false, "Workflow run; read from the ledger") { Example = "4bf92f3577b34da6a3ce929d0e0e4736" },
        new("step", "step", false, "Step of the workflow; read from the ledger") { Example = "retrieve" },
    ];

    private static readonly Dictionary<string,
        CostDimension> ByName = All.ToDictionary(dimension => dimension.Name, StringComparer.Ordinal);

    /// <summary>Everything <c>groupBy</c> takes, as shown to callers.</summary>
    public static readonly IReadOnlyList<string> GroupByNames =
        [.. All.Select(dimension => dimension.Name), .. Periods, ConfiguredPrefix + "<name>"];

    /// <summary>One filter parameter per dimension, and one that stands for all configured dimensions.</summary>
    public static readonly IReadOnlyList<Parameter> Filters =
    [
        .. All.Select(dimension => new Parameter(dimension.Name, ParameterKind.Text,
            $"Only rows with this value; repeat it for several. {dimension.Description}.")
        {
            Example = dimension.Example,
            Allowed = dimension.Allowed,
            Repeatable = true,
            MayBeEmpty = dimension.Allowed is null,
        }),
        new Parameter(ConfiguredPrefix + "*", ParameterKind.Text,
            "Only rows with this value of the configured dimension after 'dim.', for example dim.region=emea; empty = not set; "
                + "repeat it for several.")
        {
            Repeatable = true,
            MayBeEmpty = true,
        },
    ];

    public static CostDimension? Find(string name) => ByName.GetValueOrDefault(name);

    public static bool IsPeriod(string name) => Periods.Contains(name);

    /// <summary>True for <c>dim.</c> and a name that a configured dimension can have.</summary>
    public static bool IsConfigured(string name) =>
        name.Length > ConfiguredPrefix.Length
        && name.Length <= ConfiguredPrefix.Length + ConfiguredNameCharsMax
        && name.StartsWith(ConfiguredPrefix, StringComparison.Ordinal)
        && !name.Any(char.IsControl)
        && RequestValues.IsWellFormed(name);

    // Enum columns hold the snake-case names of the domain's words.
    private static string[] Names<TEnum>()
        where TEnum : struct, Enum =>
        [.. Enum.GetNames<TEnum>().Select(name => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name))];
}
