namespace CostAttribution.Domain.Usage;

/// <summary>
/// A model name taken apart. <paramref name="Family"/> is what two instrumentations of one call agree on: lower case, without
/// date, version and vendor; never used for pricing.
/// </summary>
internal sealed record ModelName(string Name, string Region, string Provider, string Family)
{
    public static ModelName None { get; } = new("", "", "", "");

    private static readonly string[] Regions = ["us-gov.", "us.", "eu.", "apac.", "jp.", "au.", "ca.", "global."];
    private static readonly string[] Vendors = ["anthropic.", "amazon.", "meta.", "cohere.", "mistral.", "ai21.", "deepseek.",
        "openai.", "writer.", "twelvelabs.", "qwen.", "stability.", "luma.", "nvidia.", "minimax.", "moonshot.", "moonshotai.",
        "google.", "zai."];

    /// <summary>Takes resource paths, region and vendor prefixes off; the rest of the name stays as it was sent.</summary>
    public static ModelName Parse(string raw)
    {
        // A default of one SDK where it knows no model.
        if (raw.Length == 0 || raw == "chat") return None;
        var name = raw;
        string provider = "", region = "";
        if (name.StartsWith("arn:", StringComparison.Ordinal) || name.StartsWith("models/", StringComparison.Ordinal)
            || name.Contains("/models/", StringComparison.Ordinal))
        {
            if (name.StartsWith("arn:aws", StringComparison.Ordinal))
            {
                provider = ProviderNames.Bedrock;
                region = name.Split(':', 5) is { Length: 5 } parts ? parts[3] : "";
            }
            name = name[(name.LastIndexOf('/') + 1)..];
        }
        else if (name.IndexOf('/', StringComparison.Ordinal) is var slash and > 0
            && ProviderNames.Canonical(name[..slash]) is { Length: > 0 } prefix
            && IsKnownProvider(prefix))
        {
            provider = prefix;
            name = name[(slash + 1)..];
        }
        // A geography in the model id is what is billed, wherever the request was sent.
        foreach (var candidate in Regions)
        {
            if (!name.StartsWith(candidate, StringComparison.Ordinal) || !HasVendor(name.AsSpan(candidate.Length))) continue;
            region = candidate[..^1];
            name = name[candidate.Length..];
            provider = ProviderNames.Bedrock;
            break;
        }
        var family = FamilyOf(name);
        if (provider.Length == 0) provider = HasVendor(name) ? ProviderNames.Bedrock : ProviderNames.FromModel(family);
        return name.Length == 0 ? None : new ModelName(name, region, provider, family);
    }

    /// <summary>Whether two spans may speak of the same model; a missing name fits every other.</summary>
    public static bool Compatible(ModelName left, ModelName right) =>
        left.Family.Length == 0 || right.Family.Length == 0 || left.Family == right.Family;

    private static bool IsKnownProvider(string provider) =>
        ProviderNames.ClassOf(provider, "") != ProviderClass.Other
            || provider is ProviderNames.VertexAi or ProviderNames.Cohere or ProviderNames.Perplexity;

    private static bool HasVendor(ReadOnlySpan<char> name)
    {
        foreach (var vendor in Vendors)
        {
            if (name.StartsWith(vendor, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    private static string FamilyOf(string name)
    {
        var family = name.ToLowerInvariant();
        foreach (var vendor in Vendors)
        {
            if (!family.StartsWith(vendor, StringComparison.Ordinal)) continue;
            family = family[vendor.Length..];
            break;
        }
        var mark = family.IndexOfAny(['@', ':']);
        if (mark > 0) family = family[..mark];
        if (family.EndsWith("-latest", StringComparison.Ordinal)) family = family[..^7];
        // A trailing -v1 of Bedrock's -v1:0 or behind a date; elsewhere it tells models apart (embed-english-v3).
        if (family.LastIndexOf("-v", StringComparison.Ordinal) is var version and > 0 && AllDigits(family.AsSpan(version + 2))
            && (mark > 0 || WithoutDate(family[..version]).Length < version)) family = family[..version];
        return WithoutDate(family);
    }

    // Such as -20250929 or -2024-08-06.
    private static string WithoutDate(string family)
    {
        if (family.Length > 9 && family[^9] == '-' && AllDigits(family.AsSpan(family.Length - 8))) return family[..^9];
        if (family.Length > 11 && family[^11] == '-' && family[^6] == '-' && family[^3] == '-'
            && AllDigits(family.AsSpan(family.Length - 10, 4)))
            return family[..^11];
        return family;
    }

    private static bool AllDigits(ReadOnlySpan<char> text) => text.Length > 0 && text.IndexOfAnyExceptInRange('0', '9') < 0;
}
