namespace CostAttribution.RateCards.Importing;

/// <summary>Region and profile prefixes of Bedrock model ids, which intake takes off a call's model and keeps as its
/// region.</summary>
internal static class BedrockNames
{
    private static readonly string[] Profiles = ["us-gov.", "us.", "eu.", "apac.", "jp.", "au.", "ca.", "global."];

    /// <summary>How one source marks prices of calls within a region, which is what a name without a prefix is.</summary>
    private const string InRegion = "regional.";
    private static readonly string[] Vendors =
        ["anthropic.", "amazon.", "meta.", "cohere.", "mistral.", "ai21.", "deepseek.", "openai."];

    /// <summary>The model without its prefix, and the region that the prefix names; empty without one.</summary>
    public static (string Model, string Region) Split(string model)
    {
        if (model.StartsWith(InRegion, StringComparison.Ordinal) && HasVendor(model.AsSpan(InRegion.Length)))
            return (model[InRegion.Length..], "");
        foreach (var profile in Profiles)
        {
            if (model.StartsWith(profile, StringComparison.Ordinal) && HasVendor(model.AsSpan(profile.Length)))
                return (model[profile.Length..], profile[..^1]);
        }
        return (model, "");
    }

    private static bool HasVendor(ReadOnlySpan<char> model)
    {
        foreach (var vendor in Vendors)
        {
            if (model.StartsWith(vendor, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    /// <summary>Whether a path segment is a cloud region such as <c>us-east-1</c> or <c>us-gov-west-1</c>.</summary>
    public static bool IsCloudRegion(string segment)
    {
        var parts = segment.Split('-');
        return parts.Length is 3 or 4 && parts[0].Length == 2 && parts[^1].Length == 1 && char.IsAsciiDigit(parts[^1][0])
            && parts[..^1].All(part => part.Length > 1 && part.All(char.IsAsciiLetterLower));
    }
}
