using System.Globalization;
using System.Text;
using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Storage;

/// <summary>
/// A small file of text lines. The first line is a title that ends in the format version; the last one, in every version, is
/// the CRC-32C in hex of everything before it.
/// </summary>
internal static class TextFile
{
    /// <summary>
    /// The lines without the checksum, title first; null when the file does not check. Throws
    /// <see cref="JournalVersionException"/> for a sound file of a version above <paramref name="version"/>.
    /// </summary>
    public static string[]? TryRead(StoreDirectory directory, string name, int bytesMax, string title, int version)
    {
        var text = Encoding.UTF8.GetString(directory.ReadAll(name, bytesMax));
        if (!text.EndsWith('\n')) return null;
        var checkStart = text.LastIndexOf('\n', text.Length - 2) + 1;
        if (text[checkStart..^1] != Check(text[..checkStart])) return null;
        var lines = text[..checkStart].Split('\n')[..^1];
        if (lines.Length == 0 || !lines[0].StartsWith(title, StringComparison.Ordinal)) return null;
        var number = lines[0].AsSpan(title.Length);
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var found)) return null;
        if (found > version) throw new JournalVersionException(name, found, version);
        return found == version ? lines : null;
    }

    public static void Write(StoreDirectory directory, string name, IReadOnlyList<string> lines)
    {
        var text = string.Join('\n', lines) + "\n";
        directory.Replace(name, Encoding.UTF8.GetBytes($"{text}{Check(text)}\n"));
    }

    private static string Check(string text) =>
        Crc32C.Compute(Encoding.UTF8.GetBytes(text)).ToString("x8", CultureInfo.InvariantCulture);
}
