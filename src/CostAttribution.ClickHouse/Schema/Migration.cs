using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace CostAttribution.ClickHouse.Schema;

/// <summary>One numbered statement of the schema's history. Frozen once released: its checksum is kept in the database.</summary>
/// <param name="Id">Ascending number, the first part of the file name.</param>
/// <param name="Name">The rest of the file name.</param>
/// <param name="Template">One statement with placeholders (<see cref="SchemaTarget"/>).</param>
public sealed record Migration(int Id, string Name, string Template)
{
    private const string Folder = "Migrations/";

    /// <summary>SHA-256 of the template, lower-case hexadecimal.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Template)));

    /// <summary>The migrations this program knows, ascending.</summary>
    public static IReadOnlyList<Migration> All { get; } = LoadAll();

    private static Migration[] LoadAll()
    {
        var assembly = typeof(Migration).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .Select(name => Load(assembly, name))
            .OrderBy(migration => migration.Id)];
    }

    private static Migration Load(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        var file = resource[Folder.Length..^".sql".Length];
        var separator = file.IndexOf('_', StringComparison.Ordinal);
        var id = int.Parse(file.AsSpan(0, separator), NumberStyles.None, CultureInfo.InvariantCulture);
        return new Migration(id, file[(separator + 1)..], reader.ReadToEnd().ReplaceLineEndings("\n").Trim());
    }
}
