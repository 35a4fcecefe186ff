using System.Text.RegularExpressions;

namespace CostAttribution.Domain.Pricing;

/// <summary>Forms of a model rule. Kept by name: append only.</summary>
public enum ModelRuleKind : byte
{
    /// <summary>Pattern with <c>*</c> for any run of characters except <c>/</c>.</summary>
    Glob = 1,
    Prefix = 2,

    /// <summary>The name itself or the name with a date or version suffix.</summary>
    Dated = 3,
    Equals = 4,
    Suffix = 5,
    Contains = 6,

    /// <summary>A regular expression over the whole name, matched in linear time (no look-around, no back-references).</summary>
    Regex = 7,

    /// <summary>Every model of the provider; the pattern is empty.</summary>
    Any = 8,
}

/// <summary>
/// Selects models by lower-case name. Guard against resellers: a name with a <c>/</c> (<c>openrouter/openai/gpt-4o</c>) is only
/// ever matched by a pattern that itself contains one.
/// </summary>
public readonly record struct ModelRule(ModelRuleKind Kind, string Pattern)
{
    /// <summary>Longest pattern, in characters.</summary>
    public const int PatternMax = 256;

    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    /// <summary>Larger is more specific: the kind first, then the number of literal characters.</summary>
    public int Rank => (Specificity << 16) + Kind switch
    {
        // How much of a name an expression pins down cannot be told by its length.
        ModelRuleKind.Regex => 0,
        ModelRuleKind.Glob => Pattern.Length - Pattern.AsSpan().Count('*'),
        _ => Pattern.Length,
    };

    private int Specificity => Kind switch
    {
        ModelRuleKind.Any => 0,
        ModelRuleKind.Regex => 1,
        ModelRuleKind.Contains => 2,
        ModelRuleKind.Glob => 3,
        ModelRuleKind.Suffix => 4,
        ModelRuleKind.Prefix => 5,
        ModelRuleKind.Dated => 6,
        _ => 7,
    };

    /// <summary><paramref name="model"/> must be in lower case.</summary>
    public bool Matches(string model) => Matches(model, Kind == ModelRuleKind.Regex ? Compile(Pattern) : null);

    /// <param name="expression">What <see cref="Compile"/> gave for a rule of kind regex; else null.</param>
    internal bool Matches(string model, Regex? expression)
    {
        if (model.Contains('/') && !Pattern.Contains('/')) return false;
        return Kind switch
        {
            ModelRuleKind.Equals => model == Pattern,
            ModelRuleKind.Dated => model.StartsWith(Pattern, StringComparison.Ordinal)
                && IsVersionSuffix(model.AsSpan(Pattern.Length)),
            ModelRuleKind.Prefix => model.StartsWith(Pattern, StringComparison.Ordinal),
            ModelRuleKind.Suffix => model.EndsWith(Pattern, StringComparison.Ordinal),
            ModelRuleKind.Contains => model.Contains(Pattern, StringComparison.Ordinal),
            ModelRuleKind.Glob => MatchesGlob(Pattern, model),
            ModelRuleKind.Regex => expression!.IsMatch(model),
            ModelRuleKind.Any => true,
            _ => false,
        };
    }

    /// <summary>
    /// The expression over a whole name. Throws <see cref="ArgumentException"/> or <see cref="NotSupportedException"/> when it is
    /// none, or none that can be matched in linear time and bounded memory.
    /// </summary>
    internal static Regex Compile(string pattern) => new($@"\A(?:{pattern})\z", Linear);

    /// <summary>
    /// Empty, or one of <c>-2024-08-06</c>, <c>-20240806</c>, <c>@20240806</c>, <c>-001</c>, <c>-latest</c>, <c>@default</c>,
    /// optionally followed or replaced by Bedrock's <c>-v1:0</c>.
    /// </summary>
    private static bool IsVersionSuffix(ReadOnlySpan<char> suffix)
    {
        if (suffix.IsEmpty || suffix is "-latest" or "@latest" or "@default") return true;
        var version = suffix.LastIndexOf("-v");
        if (version >= 0 && IsRevision(suffix[(version + 2)..]))
        {
            suffix = suffix[..version];
            if (suffix.IsEmpty) return true;
        }
        if (suffix[0] is not ('-' or '@')) return false;
        var body = suffix[1..];
        return body.Length switch
        {
            3 => suffix[0] == '-' && AllDigits(body),
            8 => AllDigits(body),
            10 => body[4] == '-' && body[7] == '-' && AllDigits(body[..4]) && AllDigits(body[5..7]) && AllDigits(body[8..]),
            _ => false,
        };
    }

    private static bool IsRevision(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        return colon < 0
            ? text.Length is 1 or 2 && AllDigits(text)
            : colon is 1 or 2 && text.Length - colon is 2 or 3 && AllDigits(text[..colon]) && AllDigits(text[(colon + 1)..]);
    }

    private static bool AllDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    private static bool MatchesGlob(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int p = 0, t = 0, star = -1, resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = t;
            }
            else if (p < pattern.Length && pattern[p] == text[t])
            {
                p++;
                t++;
            }
            else if (star >= 0 && text[resume] != '/')
            {
                p = star + 1;
                t = ++resume;
            }
            else
            {
                return false;
            }
        }
        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }
}
