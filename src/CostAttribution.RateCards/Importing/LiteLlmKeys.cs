using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>Takes LiteLLM's keys apart: <c>azure/eu/gpt-4o</c> is model <c>gpt-4o</c> of Azure in region <c>eu</c>.</summary>
internal static class LiteLlmKeys
{
    /// <param name="Problem">Why the entry can have no card; empty when it can.</param>
    internal sealed record Parts(IReadOnlyList<string> Providers, string Seller, string Model, string Region, string Tier,
        IReadOnlyList<ModelRule> Match, string Problem);

    public static Parts Parse(string key, string providerName)
    {
        var providers = SourceProviders.Of(providerName);
        var seller = SourceProviders.SellerOf(providerName);
        var segments = key.ToLowerInvariant().Split('/').ToList();
        var (region, tier) = TakeRoute(segments, providerName.ToLowerInvariant(), providers);
        var problem = ProblemOf(segments, key);
        var model = string.Join('/', segments);
        if (seller.Length > 0)
        {
            if (SourceProviders.BehindSeller(model) is { } behind) providers = behind;
            else problem = $"seller '{seller}' does not say whose model it is";
        }
        if (providers[0] == "aws.bedrock" && problem.Length == 0)
        {
            var (name, profile) = BedrockNames.Split(model);
            if (profile.Length > 0) (model, region) = (name, region.Length == 0 ? profile : region);
        }
        if (model.Length is 0 or > 250) problem = "the model's name is empty or longer than 250 characters";
        if (problem.Length == 0 && model.Contains('*')) problem = "a pattern for any model has no price of its own";
        return new Parts(providers, seller, model, region, tier, problem.Length > 0 ? [] : RulesOf(model), problem);
    }

    /// <summary>Exact names only, as LiteLLM itself looks them up; a fine-tuned model goes on after a colon.</summary>
    public static IReadOnlyList<ModelRule> RulesOf(string model)
    {
        var rules = new List<ModelRule> { new(ModelRuleKind.Equals, model) };
        if (model.StartsWith("ft:", StringComparison.Ordinal)) rules.Add(new(ModelRuleKind.Prefix, model + ":"));
        if (SourceProviders.Alias(model) is { } alias) rules.Add(new(ModelRuleKind.Equals, alias));
        return rules;
    }

    private static (string Region, string Tier) TakeRoute(List<string> segments, string providerName,
        IReadOnlyList<string> providers)
    {
        var (region, tier) = ("", "");
        var azure = providers.Contains("azure.ai.inference");
        var bedrock = providers[0] == "aws.bedrock";
        var anthropic = providers[0] == "anthropic";
        var providerTaken = false;
        while (segments.Count > 1)
        {
            var first = segments[0];
            var isProvider = first == providerName || SourceProviders.Of(first).SequenceEqual(providers)
                || bedrock && first is "bedrock" or "invoke" or "converse";
            if (isProvider && !providerTaken) providerTaken = first is not ("invoke" or "converse");
            else if (region.Length == 0 && (azure && first is "us" or "eu" or "global" or "global-standard"
                || anthropic && first is "us" or "eu" || bedrock && BedrockNames.IsCloudRegion(first)))
            {
                // Global deployments are what a plain Azure key is.
                region = first is "global" or "global-standard" ? "" : first;
            }
            else if (anthropic && first == "fast") tier = "fast";
            else break;
            segments.RemoveAt(0);
        }
        return (region, tier);
    }

    private static string ProblemOf(List<string> segments, string key)
    {
        foreach (var segment in segments)
        {
            if (segment.EndsWith("-commitment", StringComparison.Ordinal))
                return "provisioned capacity is posted per period, not per call";
            if (segment.EndsWith("-steps", StringComparison.Ordinal) || IsSize(segment))
                return $"the image price of '{key}' depends on size or quality, which a call does not tell";
        }
        return "";
    }

    private static bool IsSize(string segment)
    {
        var at = segment.IndexOf("-x-", StringComparison.Ordinal);
        return at > 0 && segment[..at].All(char.IsAsciiDigit) && segment[(at + 3)..].All(char.IsAsciiDigit);
    }
}
