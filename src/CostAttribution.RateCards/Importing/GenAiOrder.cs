using System.Buffers;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// genai-prices takes a provider's first model that matches; cards are chosen by the most specific rule. Where the two differ,
/// the later model is kept off the names of the earlier one.
/// </summary>
internal static class GenAiOrder
{
    private static readonly SearchValues<char> _regexSigns = SearchValues.Create(@"\[](){}.*+?^$");

    public static IEnumerable<ImportedModel> Keep(List<ImportedModel> models, Action<string, string> tell)
    {
        for (var later = 0; later < models.Count; later++)
        {
            var model = models[later];
            var own = model.Match[0];
            var match = model.Match.ToList();
            var excepts = model.Except.ToList();
            for (var earlier = 0; earlier < later; earlier++)
            {
                var before = models[earlier];
                if (!before.Providers.Intersect(model.Providers).Any() || before.Region != model.Region) continue;
                foreach (var rule in before.Match)
                {
                    match.RemoveAll(mine => mine != own && Covers(rule, mine));
                    if (match.Exists(mine => mine != own && rule.Rank <= mine.Rank && Overlap(rule, mine)))
                        Except(model, rule, own, excepts, tell);
                }
            }
            yield return model with { Match = match, Except = [.. excepts.Where(except => Needed(except, match))] };
        }
    }

    private static void Except(ImportedModel model, ModelRule rule, ModelRule own, List<ModelRule> excepts,
        Action<string, string> tell)
    {
        if (rule.Matches(own.Pattern))
            tell($"{model.Key}.match",
                $"'{rule.Pattern}' of an earlier model takes names of this one in the source, here it does not");
        else if (!excepts.Contains(rule)) excepts.Add(rule);
    }

    /// <summary>An exception that also hits a rule's own literal name would say more than the source.</summary>
    private static bool Needed(ModelRule except, List<ModelRule> match) =>
        !match.Exists(rule => rule.Kind == ModelRuleKind.Equals && except.Matches(rule.Pattern))
        && match.Exists(rule => rule.Kind != ModelRuleKind.Equals);

    /// <summary>Whether every name of <paramref name="mine"/> is one of <paramref name="rule"/>.</summary>
    internal static bool Covers(ModelRule rule, ModelRule mine)
    {
        if (rule == mine) return true;
        return mine.Kind switch
        {
            ModelRuleKind.Equals => rule.Matches(mine.Pattern),
            ModelRuleKind.Prefix or ModelRuleKind.Dated => rule.Kind == ModelRuleKind.Prefix && rule.Matches(mine.Pattern)
                || IsContains(rule) && rule.Matches(mine.Pattern),
            _ => IsContains(rule) && mine.Pattern.Split('*').Any(part => part.Contains(rule.Pattern.Trim('*'),
                StringComparison.Ordinal)),
        };
    }

    private static bool IsContains(ModelRule rule) => rule.Kind == ModelRuleKind.Glob && rule.Pattern.Length > 2
        && rule.Pattern[0] == '*' && rule.Pattern[^1] == '*' && !rule.Pattern.AsSpan(1, rule.Pattern.Length - 2).Contains('*');

    /// <summary>
    /// Whether a name that both match is to be expected; two unrelated words in one name are not, unless neither rule is the more
    /// specific one.
    /// </summary>
    internal static bool Overlap(ModelRule left, ModelRule right)
    {
        if (left.Kind == ModelRuleKind.Equals) return right.Matches(left.Pattern);
        if (right.Kind == ModelRuleKind.Equals) return left.Matches(right.Pattern);
        if (left.Kind == ModelRuleKind.Glob && right.Kind == ModelRuleKind.Glob && left.Rank != right.Rank)
        {
            var (a, b) = (left.Pattern.Trim('*'), right.Pattern.Trim('*'));
            return a.Contains(b, StringComparison.Ordinal) || b.Contains(a, StringComparison.Ordinal);
        }
        var (one, other) = (HeadOf(left), HeadOf(right));
        return one.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(one, StringComparison.Ordinal);
    }

    /// <summary>What every name of a rule begins with.</summary>
    private static string HeadOf(ModelRule rule)
    {
        var end = rule.Kind switch
        {
            ModelRuleKind.Prefix or ModelRuleKind.Dated => -1,
            ModelRuleKind.Regex => rule.Pattern.AsSpan().IndexOfAny(_regexSigns),
            ModelRuleKind.Glob => rule.Pattern.IndexOf('*', StringComparison.Ordinal),
            _ => 0,
        };
        return end < 0 ? rule.Pattern : rule.Pattern[..end];
    }
}
