namespace CostAttribution.Domain.Usage;

/// <summary>
/// Reads the release out of a semantic-conventions schema URL such as <c>https://opentelemetry.io/schemas/1.40.0</c>.
/// </summary>
internal static class SchemaVersion
{
    public static bool IsAtLeast(string schemaUrl, int major, int minor)
    {
        const string marker = "opentelemetry.io/schemas/";
        var at = schemaUrl.IndexOf(marker, StringComparison.Ordinal);
        if (at < 0) return false;
        var text = schemaUrl.AsSpan(at + marker.Length);
        return Version.TryParse(text, out var version) && version >= new Version(major, minor);
    }
}
