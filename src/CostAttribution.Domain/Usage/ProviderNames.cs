using System.Collections.Frozen;

namespace CostAttribution.Domain.Usage;

/// <summary>Whose cache and output counting rules apply.</summary>
internal enum ProviderClass : byte { Other, Anthropic, Bedrock, OpenAiLike, Gemini }

/// <summary>
/// Canonical provider ids (semantic conventions) for the spellings instrumentations use. docs/dialects.md §1.5, §4.2.
/// </summary>
internal static class ProviderNames
{
    public const string OpenAi = "openai", Anthropic = "anthropic", Bedrock = "aws.bedrock", AzureOpenAi = "azure.ai.openai",
        AzureInference = "azure.ai.inference", Gemini = "gcp.gemini", VertexAi = "gcp.vertex_ai", GenAi = "gcp.gen_ai",
            Mistral = "mistral_ai",
        XAi = "x_ai", DeepSeek = "deepseek", Cohere = "cohere", Groq = "groq", Perplexity = "perplexity",
            Watsonx = "ibm.watsonx.ai";

    private static readonly FrozenDictionary<string, string> Aliases = new Dictionary<string, string>
    {
        ["vertex_ai"] = VertexAi, ["vertexai"] = VertexAi, ["google.vertex"] = VertexAi, ["google-vertex"] = VertexAi,
        ["google_vertexai"] = VertexAi, ["vertex"] = VertexAi,
        ["gemini"] = Gemini, ["google"] = Gemini, ["googleai"] = Gemini, ["google.generative-ai"] = Gemini,
            ["google_genai"] = Gemini,
            ["google_ai_studio"] = Gemini,
        ["xai"] = XAi, ["az.ai.inference"] = AzureInference, ["az.ai.openai"] = AzureOpenAi, ["azure-openai"] = AzureOpenAi,
        ["azure_openai"] = AzureOpenAi, ["azure.openai"] = AzureOpenAi, ["azure"] = AzureOpenAi, ["azure_ai"] = AzureInference,
        ["aws"] = Bedrock, ["amazon-bedrock"] = Bedrock, ["bedrock"] = Bedrock, ["amazon_bedrock"] = Bedrock,
            ["bedrock_converse"] = Bedrock,
        ["mistral"] = Mistral, ["mistralai"] = Mistral, ["watsonx"] = Watsonx, ["cohere_chat"] = Cohere,
            ["moonshot"] = "moonshot_ai",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Frameworks and gateways in the provider's place: the provider follows from the model.</summary>
    private static readonly FrozenSet<string> NoProviders = new[]
    {
        "strands-agents", "langchain", "crewai", "spring_ai", "gcp.vertex.agent", "microsoft.agent_framework", "openrouter",
            "litellm",
        "litellm_proxy", "gateway", "semantic_kernel", "unknown", "_other", "llamaindex", "haystack", "dspy", "autogen", "ai",
            "vercel",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Of the above, those that bill the call themselves.</summary>
    private static readonly FrozenSet<string> Sellers = new[] { "openrouter" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The canonical id; empty when <paramref name="raw"/> names no provider.</summary>
    public static string Canonical(string raw)
    {
        if (raw.Length == 0) return "";
        if (Aliases.TryGetValue(raw, out var known)) return known;
        if (NoProviders.Contains(raw)) return "";
        var lower = raw.ToLowerInvariant();
        if (lower is VertexAi or Gemini or GenAi or Bedrock or AzureOpenAi or AzureInference or Watsonx) return lower;
        if (lower.StartsWith("google.vertex", StringComparison.Ordinal)) return VertexAi;
        var point = lower.IndexOf('.', StringComparison.Ordinal);
        return point > 0 ? Canonical(lower[..point]) : lower;
    }

    /// <summary>The reseller named in the provider's place; empty when none.</summary>
    public static string SellerOf(string raw)
    {
        var point = raw.IndexOf('.', StringComparison.Ordinal);
        var name = point > 0 ? raw[..point] : raw;
        return Sellers.TryGetValue(name, out var seller) ? seller : "";
    }

    /// <summary>The provider whose own model this is; empty when the name does not tell.</summary>
    public static string FromModel(string family)
    {
        foreach (var (prefix, provider) in ModelPrefixes)
        {
            if (family.StartsWith(prefix, StringComparison.Ordinal)) return provider;
        }
        return "";
    }

    /// <summary>The provider behind a public API host; empty when unknown.</summary>
    public static string FromAddress(string address)
    {
        if (address.Length == 0) return "";
        foreach (var (part, provider) in Hosts)
        {
            if (address.Contains(part, StringComparison.OrdinalIgnoreCase)) return provider;
        }
        return "";
    }

    /// <summary>
    /// The region that a host name of Bedrock or Vertex AI names, such as <c>bedrock-runtime.eu-west-1.amazonaws.com</c> or
    /// <c>europe-west4-aiplatform.googleapis.com</c>; empty for any other host.
    /// </summary>
    public static string RegionFromAddress(string address)
    {
        const string bedrock = "bedrock-runtime", vertex = "aiplatform.googleapis.com", multiRegion = "aiplatform.";
        var host = address.AsSpan();
        if (host.IndexOf(bedrock, StringComparison.OrdinalIgnoreCase) is var at and >= 0)
        {
            var rest = host[(at + bedrock.Length)..];
            var start = rest.IndexOf('.') + 1;
            var length = rest[start..].IndexOf('.');
            return start > 0 && length > 0 ? rest.Slice(start, length).ToString().ToLowerInvariant() : "";
        }
        if (host.EndsWith(vertex, StringComparison.OrdinalIgnoreCase))
        {
            var prefix = host[..^vertex.Length];
            return prefix.IsEmpty ? "global" : prefix.EndsWith("-") ? prefix[..^1].ToString().ToLowerInvariant() : "";
        }
        return host.StartsWith(multiRegion, StringComparison.OrdinalIgnoreCase)
            && host.EndsWith(".rep.googleapis.com", StringComparison.OrdinalIgnoreCase)
            && host[multiRegion.Length..].IndexOf('.') is var end and > 0
            ? host.Slice(multiRegion.Length, end).ToString().ToLowerInvariant() : "";
    }

    public static ProviderClass ClassOf(string provider, string family)
    {
        switch (provider)
        {
            case Bedrock: return ProviderClass.Bedrock;
            case Anthropic: return ProviderClass.Anthropic;
            case Gemini or GenAi: return ProviderClass.Gemini;
            case OpenAi or AzureOpenAi or AzureInference or DeepSeek or XAi or Groq or Mistral:
                return IsClaude(family) ? ProviderClass.Anthropic : ProviderClass.OpenAiLike;
        }
        if (IsClaude(family)) return ProviderClass.Anthropic;
        return family.StartsWith("gemini", StringComparison.Ordinal) ? ProviderClass.Gemini : ProviderClass.Other;
    }

    private static bool IsClaude(string family) => family.Contains("claude", StringComparison.Ordinal);

    private static readonly (string Prefix, string Provider)[] ModelPrefixes =
    [
        ("claude", Anthropic), ("gpt-", OpenAi), ("chatgpt", OpenAi), ("o1", OpenAi), ("o3", OpenAi), ("o4", OpenAi),
            ("text-embedding-", OpenAi),
        ("davinci", OpenAi), ("whisper", OpenAi), ("tts-", OpenAi), ("dall-e", OpenAi), ("gemini", Gemini), ("mistral", Mistral),
        ("mixtral", Mistral), ("codestral", Mistral), ("ministral", Mistral), ("magistral", Mistral), ("pixtral", Mistral),
            ("devstral", Mistral),
        ("deepseek", DeepSeek), ("grok", XAi), ("command", Cohere), ("embed-", Cohere), ("rerank-", Cohere),
            ("sonar", Perplexity),
        ("amazon.", Bedrock), ("anthropic.", Bedrock), ("meta.", Bedrock), ("cohere.", Bedrock), ("ai21.", Bedrock),
    ];

    private static readonly (string Part, string Provider)[] Hosts =
    [
        ("api.openai.com", OpenAi), ("openai.azure.com", AzureOpenAi), ("api.anthropic.com", Anthropic),
            ("bedrock-runtime", Bedrock),
        ("generativelanguage.googleapis.com", Gemini), ("aiplatform.googleapis.com", VertexAi), ("api.mistral.ai", Mistral),
        ("api.deepseek.com", DeepSeek), ("api.x.ai", XAi), ("api.groq.com", Groq), ("api.cohere", Cohere),
            ("api.perplexity.ai", Perplexity),
        ("services.ai.azure.com", AzureInference),
    ];
}
