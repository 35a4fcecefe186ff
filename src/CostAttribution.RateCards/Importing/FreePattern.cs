namespace CostAttribution.RateCards.Importing;

/// <summary>Patterns of the allow-list for zeros: <c>*</c> is any run of characters, everything else itself.</summary>
internal static class FreePattern
{
    public static bool Matches(string pattern, string name)
    {
        var parts = pattern.ToLowerInvariant().Split('*');
        if (parts.Length == 1) return parts[0] == name;
        if (name.Length < parts[0].Length + parts[^1].Length || !name.StartsWith(parts[0], StringComparison.Ordinal)
            || !name.EndsWith(parts[^1], StringComparison.Ordinal)) return false;
        var at = parts[0].Length;
        var end = name.Length - parts[^1].Length;
        foreach (var part in parts[1..^1])
        {
            var found = name.AsSpan(at, end - at).IndexOf(part);
            if (found < 0) return false;
            at += found + part.Length;
        }
        return true;
    }
}
