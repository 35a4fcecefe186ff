using System.Collections.Frozen;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Who bills, from the names that the files use. A cloud or a reseller is a provider or seller of its own, never the maker of
/// the model. Names that are not here are providers under their own name.
/// </summary>
internal static class SourceProviders
{
    private static readonly string[] OpenAi = ["openai"], Azure = ["azure.ai.openai", "azure.ai.inference"],
        AzureInference = ["azure.ai.inference"], Bedrock = ["aws.bedrock"], Vertex = ["gcp.vertex_ai"],
        Gemini = ["gcp.gemini", "gcp.gen_ai"], Mistral = ["mistral_ai"], XAi = ["x_ai"], Cohere = ["cohere"],
        Moonshot = ["moonshot_ai"], Voyage = ["voyage_ai", "voyageai", "voyage"],
            Together = ["together_ai", "togetherai", "together"],
        Fireworks = ["fireworks_ai", "fireworks", "fireworks-ai"];

    private static readonly FrozenDictionary<string, string[]> Known = new Dictionary<string, string[]>
    {
        ["openai"] = OpenAi, ["text-completion-openai"] = OpenAi,
        ["azure"] = Azure, ["azure_text"] = Azure, ["azure-cognitive-services"] = Azure, ["azure_ai"] = AzureInference,
        ["bedrock"] = Bedrock, ["bedrock_converse"] = Bedrock, ["bedrock_mantle"] = Bedrock, ["aws"] = Bedrock,
        ["amazon-bedrock"] = Bedrock,
        ["vertex_ai"] = Vertex, ["google-vertex"] = Vertex, ["google-vertex-anthropic"] = Vertex,
        ["gemini"] = Gemini, ["google"] = Gemini,
        ["mistral"] = Mistral, ["codestral"] = Mistral, ["text-completion-codestral"] = Mistral, ["mistralai"] = Mistral,
        ["xai"] = XAi, ["x-ai"] = XAi, ["cohere"] = Cohere, ["cohere_chat"] = Cohere,
        ["moonshot"] = Moonshot, ["moonshotai"] = Moonshot, ["voyage"] = Voyage, ["voyageai"] = Voyage,
        ["together_ai"] = Together, ["together"] = Together, ["togetherai"] = Together,
        ["fireworks_ai"] = Fireworks, ["fireworks"] = Fireworks, ["fireworks-ai"] = Fireworks,
    }.ToFrozenDictionary();

    /// <summary>Gateways that bill the call: the provider is then the model's, the card is for the seller alone.</summary>
    private static readonly FrozenDictionary<string, string> Sellers = new Dictionary<string, string>
    {
        ["openrouter"] = "openrouter", ["vercel_ai_gateway"] = "vercel", ["vercel"] = "vercel",
        ["github_copilot"] = "github_copilot", ["github-copilot"] = "github_copilot", ["cursor"] = "cursor",
    }.ToFrozenDictionary();

    /// <summary>Vendor prefixes that intake takes off a model's name, so that cards must match both spellings.</summary>
    private static readonly FrozenSet<string> TakenOff = new[]
    {
        "openai", "anthropic", "google", "gemini", "mistral", "mistralai", "xai", "deepseek", "cohere", "perplexity", "groq",
    }.ToFrozenSet();

    /// <summary>Canonical ids of a provider named in a file, the leading one first.</summary>
    public static IReadOnlyList<string> Of(string name)
    {
        var lower = name.Trim().ToLowerInvariant();
        if (Known.TryGetValue(lower, out var known)) return known;
        return lower.StartsWith("vertex_ai", StringComparison.Ordinal) ? Vertex : [lower];
    }

    /// <summary>The seller a file's provider is; empty when it is the provider itself.</summary>
    public static string SellerOf(string name) => Sellers.GetValueOrDefault(name.Trim().ToLowerInvariant(), "");

    /// <summary>Providers behind a seller's model <c>vendor/model</c>; null when the name has no vendor.</summary>
    public static IReadOnlyList<string>? BehindSeller(string model) =>
        model.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 ? Of(model[..slash]) : null;

    /// <summary>The other name under which a call of <paramref name="model"/> may arrive; null when there is none.</summary>
    public static string? Alias(string model) =>
        model.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 && TakenOff.Contains(model[..slash])
            && slash + 1 < model.Length ? model[(slash + 1)..] : null;
}
