using CostAttribution.Domain.Pricing;
using YamlDotNet.RepresentationModel;

namespace CostAttribution.RateCards;

/// <summary>Reads lists of model rules.</summary>
internal static class ModelRuleReader
{
    /// <summary>Fewest characters of a rule that does not say how a name begins.</summary>
    private const int LooseMin = 3;

    /// <summary>A plain name is the model and its dated versions; a one-field mapping says otherwise.</summary>
    public static List<ModelRule> Read(YamlFields fields, string name)
    {
        var rules = new List<ModelRule>();
        foreach (var node in fields.List(name))
        {
            if (RuleOf(fields, node, name) is not { } rule) continue;
            if (rules.Contains(rule))
            {
                fields.Fault(node, RateCardFaultKind.Contradiction, $"'{rule.Pattern}' is listed twice under '{name}'");
            }
            else rules.Add(rule);
        }
        return rules;
    }

    private static ModelRule? RuleOf(YamlFields fields, YamlNode node, string name)
    {
        var (kind, value) = node is YamlMappingNode { Children.Count: 1 } mapping
            ? (KindOf((mapping.Children[0].Key as YamlScalarNode)?.Value), mapping.Children[0].Value)
            : (ModelRuleKind.Dated, node);
        if (kind is null)
        {
            fields.Fault(node, RateCardFaultKind.BadValue, $"a rule under '{name}' is a model name or one of "
                + "equals, prefix, suffix, contains, glob, regex, any");
            return null;
        }
        if (fields.TextOf(value, $"a rule under '{name}'") is not { } text) return null;
        if (kind == ModelRuleKind.Any)
        {
            if (text == "true") return new ModelRule(ModelRuleKind.Any, "");
            fields.Fault(value, RateCardFaultKind.BadValue, $"'any' under '{name}' can only be true");
            return null;
        }
        // Lower case would turn \S into \s; names are in lower case when an expression meets them.
        var pattern = kind == ModelRuleKind.Regex ? text : text.ToLowerInvariant();
        if (Complaint(kind.Value, pattern) is { } complaint)
        {
            fields.Fault(value, RateCardFaultKind.BadValue, $"'{Shortened(pattern)}' under '{name}': {complaint}");
            return null;
        }
        return new ModelRule(kind.Value, pattern);
    }

    private static string? Complaint(ModelRuleKind kind, string pattern)
    {
        if (pattern.Length > ModelRule.PatternMax) return $"a rule has at most {ModelRule.PatternMax} characters";
        if (kind == ModelRuleKind.Regex) return null;
        if (pattern.Contains('*') && (kind != ModelRuleKind.Glob || pattern.Trim('*').Length < LooseMin))
            return $"only a glob may hold *, beside at least {LooseMin} other characters";
        return kind is ModelRuleKind.Suffix or ModelRuleKind.Contains && pattern.Length < LooseMin
            ? $"a suffix or a part has at least {LooseMin} characters" : null;
    }

    private static string Shortened(string text) => text.Length > 80 ? text[..80] + "…" : text;

    private static ModelRuleKind? KindOf(string? name) => name switch
    {
        "equals" => ModelRuleKind.Equals,
        "prefix" => ModelRuleKind.Prefix,
        "suffix" => ModelRuleKind.Suffix,
        "contains" => ModelRuleKind.Contains,
        "glob" => ModelRuleKind.Glob,
        "regex" => ModelRuleKind.Regex,
        "any" => ModelRuleKind.Any,
        _ => null,
    };
}
