using System.Globalization;

namespace CostAttribution.ClickHouse;

/// <summary>Quoting for SQL text.</summary>
public static class SqlText
{
    /// <summary>A back-quoted identifier.</summary>
    public static string Identifier(string name) =>
        $"`{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal)}`";

    /// <summary>A single-quoted string literal.</summary>
    public static string String(string value) =>
        $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    /// <summary>A plain setting name; anything but letters, digits and underscores is refused.</summary>
    public static string SettingName(string name) =>
        name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')
            ? name
            : throw new ArgumentException($"'{name}' is not a setting name", nameof(name));

    /// <summary>An integer literal.</summary>
    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
