using System.Globalization;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>Puts the files of an import into a directory of rate cards, each under a name of its own.</summary>
public static class ImportFileWriter
{
    /// <summary>Names of the files written. A file is there whole or not at all, and never replaces another.</summary>
    public static IReadOnlyList<string> Write(IReadOnlyList<string> texts, string directory, long recordedAtNanos)
    {
        var stamp = RateCardTime.ToText(recordedAtNanos).Replace(":", "", StringComparison.Ordinal)
            .Replace("-", "", StringComparison.Ordinal);
        var written = new List<string>();
        for (var i = 0; i < texts.Count; i++)
        {
            var path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture,
                $"imported-{stamp}{(texts.Count > 1 ? $"-{i + 1:D2}" : "")}.yaml"));
            // Not a card file by its name until it is complete.
            var part = path + ".part";
            using (var file = new FileStream(part, FileMode.Create, FileAccess.Write))
            {
                using var writer = new StreamWriter(file, leaveOpen: true);
                writer.Write(texts[i]);
                writer.Flush();
                file.Flush(flushToDisk: true);
            }
            File.Move(part, path, overwrite: false);
            written.Add(path);
        }
        return written;
    }
}
