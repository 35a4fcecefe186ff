using System.Diagnostics.CodeAnalysis;

namespace CostAttribution.Domain.Usage;

/// <summary>
/// Reads the release out of a semantic-conventions schema URL such as <c>https://opentelemetry.io/schemas/1.40.0</c>.
/// </summary>
internal static class SchemaVersion
{
    public static bool IsAtLeast(string schemaUrl, int major, int minor) =>
        TryRead(schemaUrl, out var version) && version >= new Version(major, minor);

    public static bool TryRead(string schemaUrl, [NotNullWhen(true)] out Version? version)
    {
        const string marker = "opentelemetry.io/schemas/";
        var at = schemaUrl.IndexOf(marker, StringComparison.Ordinal);
        version = null;
        return at >= 0 && Version.TryParse(schemaUrl.AsSpan(at + marker.Length), out version);
    }
}
