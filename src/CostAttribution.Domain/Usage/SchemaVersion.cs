using System.Globalization;

namespace CostAttribution.Domain.Usage;

/// <summary>
/// Reads the release out of a semantic-conventions schema URL such as <c>https://opentelemetry.io/schemas/1.40.0</c>.
/// </summary>
internal static class SchemaVersion
{
    public static bool IsAtLeast(string schemaUrl, int major, int minor) =>
        TryRead(schemaUrl, out var version) && version.CompareTo((major, minor)) >= 0;

    /// <summary>Major and minor number; asked for every span, so nothing is allocated.</summary>
    public static bool TryRead(string schemaUrl, out (int Major, int Minor) version)
    {
        const string marker = "opentelemetry.io/schemas/";
        version = default;
        var at = schemaUrl.IndexOf(marker, StringComparison.Ordinal);
        if (at < 0) return false;
        var text = schemaUrl.AsSpan(at + marker.Length);
        if (text.IndexOf('.') is not (> 0 and var point) || !TryNumber(text[..point], out version.Major)) return false;
        text = text[(point + 1)..];
        var end = text.IndexOf('.');
        return TryNumber(end < 0 ? text : text[..end], out version.Minor);
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, out int number) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
