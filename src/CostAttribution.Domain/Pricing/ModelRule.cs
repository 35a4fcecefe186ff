namespace CostAttribution.Domain.Pricing;

/// <summary>Forms of a model rule, most specific last.</summary>
public enum ModelRuleKind : byte
{
    /// <summary>Pattern with <c>*</c> for any run of characters except <c>/</c>.</summary>
    Glob = 1,
    Prefix = 2,

    /// <summary>The name itself or the name with a date or version suffix.</summary>
    Dated = 3,
    Equals = 4,
}

/// <summary>
/// Selects models by lower-case name. Guard against resellers: a name with a <c>/</c> (<c>openrouter/openai/gpt-4o</c>) is only
/// ever matched by a pattern that itself contains one.
/// </summary>
public readonly record struct ModelRule(ModelRuleKind Kind, string Pattern)
{
    /// <summary>Larger is more specific: the kind first, then the number of literal characters.</summary>
    internal int Rank => ((int)Kind << 16) + Pattern.Length - (Kind == ModelRuleKind.Glob ? Pattern.AsSpan().Count('*') : 0);

    /// <summary><paramref name="model"/> must be in lower case.</summary>
    public bool Matches(string model)
    {
        if (model.Contains('/') && !Pattern.Contains('/')) return false;
        return Kind switch
        {
            ModelRuleKind.Equals => model == Pattern,
            ModelRuleKind.Dated => model.StartsWith(Pattern, StringComparison.Ordinal)
                && IsVersionSuffix(model.AsSpan(Pattern.Length)),
            ModelRuleKind.Prefix => model.StartsWith(Pattern, StringComparison.Ordinal),
            ModelRuleKind.Glob => MatchesGlob(Pattern, model),
            _ => false,
        };
    }

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
