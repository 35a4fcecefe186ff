namespace CostAttribution.Domain.Pricing;

/// <summary>
/// Whether two model rules can select one name. A yes comes with such a name. A no is certain where neither is an expression, for
/// which only the names given are tried, nor dated, of which only common endings are, and no card excepts names.
/// </summary>
internal static class RuleOverlap
{
    /// <summary>What stands for a run of characters of which nothing is known; tried one after the other.</summary>
    private static readonly string[] Fillers = ["", "x", "-0", "-x1-"];

    /// <summary>Endings of dated names.</summary>
    private static readonly string[] Versions = ["-2026-01-01", "-20260101", "@20260101", "-001", "-latest", "-v1:0"];

    /// <summary>A name that both rules match and that neither card excepts; null when none was found.</summary>
    /// <param name="names">Names to try where a rule is an expression.</param>
    public static string? Witness(ModelRule one, ModelRule other, Func<string, bool> isExcepted, IEnumerable<string> names)
    {
        IEnumerable<string> candidates = one.Kind == ModelRuleKind.Regex || other.Kind == ModelRuleKind.Regex
            ? names : Joined(one, other);
        foreach (var name in candidates)
        {
            if (name.Length is > 0 and <= RateCardIndex.ModelLengthMax && one.Matches(name) && other.Matches(name)
                && !isExcepted(name)) return name;
        }
        return null;
    }

    private static IEnumerable<string> Joined(ModelRule one, ModelRule other)
    {
        foreach (var filler in Fillers)
        {
            if (Shortest(GlobOf(one), GlobOf(other), filler) is { } name) yield return name;
        }
        foreach (var rule in new[] { one, other }.Where(rule => rule.Kind == ModelRuleKind.Dated))
        {
            foreach (var version in Versions) yield return rule.Pattern + version;
        }
    }

    /// <summary>The rule as a glob; dated names are longer than their pattern, which itself is among them.</summary>
    private static string GlobOf(ModelRule rule) => rule.Kind switch
    {
        ModelRuleKind.Prefix => rule.Pattern + "*",
        ModelRuleKind.Suffix => "*" + rule.Pattern,
        ModelRuleKind.Contains => "*" + rule.Pattern + "*",
        ModelRuleKind.Any => "*",
        _ => rule.Pattern,
    };

    /// <summary>
    /// A shortest text that both globs match, found breadth first over pairs of places in them; where both have a run,
    /// <paramref name="filler"/> is put in.
    /// </summary>
    private static string? Shortest(string one, string other, string filler)
    {
        var from = new Dictionary<(int, int), ((int, int) Before, string Text)>();
        var open = new Queue<(int I, int J)>();
        open.Enqueue((0, 0));
        from[(0, 0)] = ((-1, -1), "");
        while (open.TryDequeue(out var at))
        {
            var (i, j) = at;
            if (i == one.Length && j == other.Length) return Collect(from, at);
            var (oneRun, otherRun) = (i < one.Length && one[i] == '*', j < other.Length && other[j] == '*');
            if (oneRun) Go((i + 1, j), otherRun ? filler : "");
            if (otherRun) Go((i, j + 1), oneRun ? filler : "");
            if (oneRun && j < other.Length && !otherRun && other[j] != '/') Go((i, j + 1), other[j].ToString());
            if (otherRun && i < one.Length && !oneRun && one[i] != '/') Go((i + 1, j), one[i].ToString());
            if (i < one.Length && j < other.Length && !oneRun && !otherRun && one[i] == other[j])
                Go((i + 1, j + 1), one[i].ToString());

            void Go((int, int) to, string text)
            {
                if (from.TryAdd(to, (at, text))) open.Enqueue(to);
            }
        }
        return null;
    }

    private static string Collect(Dictionary<(int, int), ((int, int) Before, string Text)> from, (int, int) at)
    {
        var parts = new Stack<string>();
        while (at.Item1 >= 0)
        {
            var (before, text) = from[at];
            parts.Push(text);
            at = before;
        }
        return string.Concat(parts);
    }
}
