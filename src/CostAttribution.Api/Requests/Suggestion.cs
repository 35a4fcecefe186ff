namespace CostAttribution.Api.Requests;

/// <summary>The name somebody probably meant.</summary>
internal static class Suggestion
{
    // Longer input is not a typing mistake, and the comparison is quadratic.
    private const int CharsMax = 64;

    // Shorter input begins too many names.
    private const int BeginningCharsMin = 4;

    /// <summary>The nearest of <paramref name="names"/>, or null when none is near enough to be worth saying.</summary>
    public static string? For(string given, IReadOnlyCollection<string> names)
    {
        if (given.Length is 0 or > CharsMax) return null;
        if (given.Length >= BeginningCharsMin
            && names.FirstOrDefault(name =>
            name.StartsWith(given, StringComparison.OrdinalIgnoreCase)) is { } begun) return begun;
        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var name in names)
        {
            var distance = Distance(given.ToLowerInvariant(), name.ToLowerInvariant());
            if (distance >= bestDistance) continue;
            best = name;
            bestDistance = distance;
        }
        var near = best is not null && bestDistance <= Math.Max(1, Math.Min(given.Length, best.Length) / 3);
        return near ? best : SameWord(given, names);
    }

    // customer_id and customerId for customer
    private static string? SameWord(string given, IReadOnlyCollection<string> names)
    {
        var letters = Letters(given);
        return names.FirstOrDefault(name => Letters(name) == letters || Letters(name) + "id" == letters || Letters(name)
            + "s" == letters);
    }

    private static string Letters(string text) => string.Concat(text.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that turn one into the other.</summary>
    private static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= right.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = rows[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(replaced, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }
        return rows[left.Length, right.Length];
    }
}
