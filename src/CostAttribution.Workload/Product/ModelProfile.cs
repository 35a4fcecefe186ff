namespace CostAttribution.Workload.Product;

internal enum Provider
{
    OpenAi,
    Anthropic,
    Gemini,
    Bedrock,
    Cohere,
    InHouse,
}

/// <summary>A model as applications ask for it and as the provider names the one that answered.</summary>
/// <param name="RegionPrefix">Bedrock's inference-profile prefix, on the wire only.</param>
internal sealed record ModelProfile(Provider Provider, string RequestName, string ResponseName, bool Reasons = false,
    string RegionPrefix = "")
{
    public string WireRequestName => RegionPrefix + RequestName;

    /// <summary>Prefixes are cached on the caller's demand, and the writes are billed.</summary>
    public bool WritesCache => Provider == Provider.Anthropic || (Provider == Provider.Bedrock && RequestName.Contains("claude"));

    /// <summary>Repeated prefixes are discounted by the provider without being asked.</summary>
    public bool ReadsCacheUnasked => Provider is Provider.OpenAi or Provider.Gemini;
}

internal static class Models
{
    public static readonly ModelProfile Gpt41 = new(Provider.OpenAi, "gpt-4.1", "gpt-4.1-2025-04-14");
    public static readonly ModelProfile Gpt41Mini = new(Provider.OpenAi, "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14");
    public static readonly ModelProfile Gpt5 = new(Provider.OpenAi, "gpt-5", "gpt-5-2025-08-07", Reasons: true);
    public static readonly ModelProfile Gpt5Mini = new(Provider.OpenAi, "gpt-5-mini", "gpt-5-mini-2025-08-07", Reasons: true);
    public static readonly ModelProfile EmbeddingSmall =
        new(Provider.OpenAi, "text-embedding-3-small", "text-embedding-3-small");
    public static readonly ModelProfile EmbeddingLarge =
        new(Provider.OpenAi, "text-embedding-3-large", "text-embedding-3-large");
    public static readonly ModelProfile Opus =
        new(Provider.Anthropic, "claude-opus-4-1", "claude-opus-4-1-20250805", Reasons: true);
    public static readonly ModelProfile Sonnet =
        new(Provider.Anthropic, "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", Reasons: true);
    public static readonly ModelProfile Haiku = new(Provider.Anthropic, "claude-haiku-4-5", "claude-haiku-4-5-20251001");
    public static readonly ModelProfile GeminiFlash = new(Provider.Gemini, "gemini-2.5-flash", "gemini-2.5-flash", Reasons: true);
    public static readonly ModelProfile BedrockSonnet = new(Provider.Bedrock, "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "anthropic.claude-sonnet-4-5-20250929-v1:0", RegionPrefix: "us.");
    public static readonly ModelProfile NovaPro =
        new(Provider.Bedrock, "amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", RegionPrefix: "us.");
    public static readonly ModelProfile Rerank = new(Provider.Cohere, "rerank-v3.5", "rerank-v3.5");

    /// <summary>Served by the company itself: without a public price its calls are unpriced until somebody sets one.</summary>
    public static readonly ModelProfile InHouse = new(Provider.InHouse, "roast-critic-13b", "roast-critic-13b");
}
