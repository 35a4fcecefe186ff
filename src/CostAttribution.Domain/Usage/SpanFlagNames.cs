using System.Collections.Frozen;
using System.Numerics;
using System.Text;

namespace CostAttribution.Domain.Usage;

/// <summary>Snake-case names of <see cref="SpanFlags"/>, as stored in the <c>flags</c> columns.</summary>
public static class SpanFlagNames
{
    private static readonly string[] ByBit = BuildNames();
    private static readonly FrozenDictionary<string, SpanFlags> ByName =
        Enum.GetValues<SpanFlags>().Where(flag => flag != SpanFlags.None)
            .ToFrozenDictionary(flag => ByBit[BitOperations.TrailingZeroCount((ulong)flag)]);

    /// <summary>The name of a single flag.</summary>
    public static string NameOf(SpanFlags flag) => ByBit[BitOperations.TrailingZeroCount((ulong)flag)];

    /// <summary>Adds the names of all set flags to <paramref name="names"/>, in bit order.</summary>
    public static void AppendTo(SpanFlags flags, ICollection<string> names)
    {
        for (var rest = (ulong)flags; rest != 0; rest &= rest - 1) names.Add(ByBit[BitOperations.TrailingZeroCount(rest)]);
    }

    /// <summary>The set flags' names, in bit order.</summary>
    public static string[] ToNames(SpanFlags flags)
    {
        if (flags == SpanFlags.None) return [];
        var names = new List<string>(BitOperations.PopCount((ulong)flags));
        AppendTo(flags, names);
        return [.. names];
    }

    /// <summary>
    /// Reads back what <see cref="ToNames"/> wrote; unknown names are ignored, since newer programs may add some.
    /// </summary>
    public static SpanFlags FromNames(IEnumerable<string> names)
    {
        var flags = SpanFlags.None;
        foreach (var name in names) flags |= ByName.GetValueOrDefault(name);
        return flags;
    }

    private static string[] BuildNames()
    {
        var names = new string[64];
        foreach (var flag in Enum.GetValues<SpanFlags>())
        {
            if (flag == SpanFlags.None) continue;
            names[BitOperations.TrailingZeroCount((ulong)flag)] = ToSnakeCase(flag.ToString());
        }
        return names;
    }

    private static string ToSnakeCase(string name)
    {
        var snake = new StringBuilder(name.Length + 8);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && snake.Length > 0) snake.Append('_');
            snake.Append(char.ToLowerInvariant(letter));
        }
        return snake.ToString();
    }
}
