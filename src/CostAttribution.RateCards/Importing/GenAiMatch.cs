using System.Text.Json;
using System.Text.RegularExpressions;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Turns a genai-prices match tree into model rules. What has no exact form is refused rather than widened.
/// </summary>
internal sealed class GenAiMatch(Func<string, string> trim)
{
    private const int LiteralMin = 3;

    private readonly List<ModelRule> rules = [];
    private readonly List<ModelRule> excepts = [];

    public IReadOnlyList<ModelRule> Rules => rules;
    public IReadOnlyList<ModelRule> Excepts => excepts;

    /// <summary>Branches that have no form as rules, as the file has them.</summary>
    public List<string> Unsayable { get; } = [];

    public void Add(ModelRule rule)
    {
        if (!rules.Contains(rule)) rules.Add(rule);
    }

    public void Read(JsonElement match)
    {
        if (match.ValueKind != JsonValueKind.Object || match.EnumerateObject().Count() != 1)
        {
            Unsayable.Add("a match that is not one condition");
            return;
        }
        var clause = match.EnumerateObject().First();
        if (clause.Name == "or" && clause.Value.ValueKind == JsonValueKind.Array)
        {
            foreach (var branch in clause.Value.EnumerateArray()) Read(branch);
        }
        else if (clause.Name == "and" && clause.Value.ValueKind == JsonValueKind.Array) And(clause.Value);
        else if (Leaf(clause) is { } rule) Add(rule);
    }

    private ModelRule? Leaf(JsonProperty clause)
    {
        var text = clause.Value.ValueKind == JsonValueKind.String ? (clause.Value.GetString() ?? "").ToLowerInvariant() : "";
        if (clause.Name == "regex")
        {
            var regex = clause.Value.GetString() ?? "";
            if (Whole(regex) is { } whole) return new ModelRule(ModelRuleKind.Regex, whole);
            Unsayable.Add($"regex {regex}");
            return null;
        }
        text = trim(text);
        ModelRule? rule = clause.Name switch
        {
            "equals" => new(ModelRuleKind.Equals, text),
            "starts_with" => new(ModelRuleKind.Prefix, text),
            "contains" => new(ModelRuleKind.Glob, $"*{text}*"),
            "ends_with" => new(ModelRuleKind.Glob, $"*{text}"),
            _ => null,
        };
        if (rule is { } known && text.Length is > 0 and < 250 && !text.Contains('*')
            && (known.Kind != ModelRuleKind.Glob || text.Length >= LiteralMin)) return known;
        Unsayable.Add($"{clause.Name} {text}");
        return null;
    }

    /// <summary>Two conditions that a glob can hold together, or one condition and names that it must not have.</summary>
    private void And(JsonElement clauses)
    {
        var parts = clauses.EnumerateArray().Select(clause => clause.ValueKind == JsonValueKind.Object
            ? clause.EnumerateObject().FirstOrDefault() : default).ToArray();
        var without = parts.Where(part => part.Value.ValueKind == JsonValueKind.String && part.Name == "regex"
            && ForbiddenEnding(part.Value.GetString() ?? "") is not null).ToArray();
        var conditions = parts.Except(without).ToArray();
        ModelRule? rule = null;
        if (conditions.Length == 1 && conditions[0].Value.ValueKind == JsonValueKind.String) rule = Leaf(conditions[0]);
        else if (conditions.Length == 2 && Joined(conditions[0], conditions[1]) is { } joined) rule = joined;
        if (rule is null)
        {
            Unsayable.Add($"and of {string.Join(", ", parts.Select(part => part.Name))}");
            return;
        }
        Add(rule.Value);
        foreach (var part in without)
        {
            var ending = ForbiddenEnding(part.Value.GetString() ?? "")!;
            excepts.Add(new(ModelRuleKind.Glob, $"*{ending}"));
            excepts.Add(new(ModelRuleKind.Glob, $"*{ending}-*"));
        }
    }

    private ModelRule? Joined(JsonProperty first, JsonProperty second)
    {
        if (first.Name != "starts_with") (first, second) = (second, first);
        if (first.Name != "starts_with" || first.Value.ValueKind != JsonValueKind.String
            || second.Value.ValueKind != JsonValueKind.String) return null;
        var start = trim((first.Value.GetString() ?? "").ToLowerInvariant());
        var other = (second.Value.GetString() ?? "").ToLowerInvariant();
        if (start.Length + other.Length is < LiteralMin or > 250 || start.Contains('*') || other.Contains('*')) return null;
        return second.Name switch
        {
            "ends_with" => new(ModelRuleKind.Glob, $"{start}*{other}"),
            "contains" when start.Contains(other, StringComparison.Ordinal) => new(ModelRuleKind.Prefix, start),
            "contains" => new(ModelRuleKind.Glob, $"{start}*{other}*"),
            _ => null,
        };
    }

    /// <summary>
    /// The expression over the whole name that finds what the given one finds anywhere in it; null when it cannot be matched in
    /// linear time, or says more than one thing.
    /// </summary>
    private static string? Whole(string regex)
    {
        if (regex.Contains('|')) return null;
        var start = regex.StartsWith('^') ? "" : ".*";
        var end = regex.EndsWith('$') && !regex.EndsWith(@"\$", StringComparison.Ordinal) ? "" : ".*";
        var inner = start.Length == 0 ? regex[1..] : regex;
        var whole = $"{start}{(end.Length == 0 ? inner[..^1] : inner)}{end}";
        if (whole.Length is 0 or > 250) return null;
        try
        {
            _ = new Regex(whole, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return whole;
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary><c>-tts</c> of <c>^(?!.*-[tT][tT][sS](?:$|-))</c>: a word the name must not have.</summary>
    private static string? ForbiddenEnding(string regex)
    {
        const string start = "^(?!.*", end = "(?:$|-))";
        if (!regex.StartsWith(start, StringComparison.Ordinal) || !regex.EndsWith(end, StringComparison.Ordinal)) return null;
        var inner = regex[start.Length..^end.Length];
        var word = "";
        for (var i = 0; i < inner.Length; i++)
        {
            if (inner[i] == '[' && i + 3 < inner.Length && inner[i + 3] == ']'
                && char.ToLowerInvariant(inner[i + 1]) == char.ToLowerInvariant(inner[i + 2]))
            {
                word += char.ToLowerInvariant(inner[i + 1]);
                i += 3;
            }
            else if (char.IsAsciiLetterOrDigit(inner[i]) || inner[i] == '-') word += inner[i];
            else return null;
        }
        return word.Length >= LiteralMin ? word : null;
    }
}
