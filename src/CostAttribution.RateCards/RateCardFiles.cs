using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards;

/// <summary>Where rate card files come from: those the product ships, and a directory of the operator's.</summary>
public static class RateCardFiles
{
    /// <summary>Most files read from a directory.</summary>
    public const int FilesMax = 1_000;

    /// <summary>The list prices compiled into this assembly.</summary>
    public static IReadOnlyList<(string Name, string Text)> Shipped()
    {
        var assembly = typeof(RateCardFiles).Assembly;
        var files = new List<(string, string)>();
        foreach (var name in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            files.Add((name, reader.ReadToEnd()));
        }
        return files;
    }

    /// <summary>
    /// Loads the shipped cards together with the <c>*.yaml</c> and <c>*.yml</c> files of a directory, which may add cards and,
    /// under the same id and a later <c>recorded_at</c>, correct shipped ones.
    /// </summary>
    /// <param name="directory">Null or empty for the shipped cards alone.</param>
    public static RateCardLoadResult Load(string? directory)
    {
        var (files, faults) = All(directory);
        return faults.Count > 0 ? new RateCardLoadResult(null, faults) : RateCardLoader.Load(files);
    }

    /// <summary>The shipped files and those of a directory, if any; with faults when one cannot be read.</summary>
    public static (IReadOnlyList<(string Name, string Text)> Files, IReadOnlyList<RateCardFault> Faults) All(string? directory)
    {
        if (string.IsNullOrEmpty(directory)) return (Shipped(), []);
        var (read, faults) = Read(directory);
        return ([.. Shipped(), .. read], faults);
    }

    /// <summary>The <c>*.yaml</c> and <c>*.yml</c> files of a directory; none of them when one cannot be read.</summary>
    public static (IReadOnlyList<(string Name, string Text)> Files, IReadOnlyList<RateCardFault> Faults) Read(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return Unreadable(directory, "no such directory; create it or remove the setting that names it");
        }
        var files = new List<(string Name, string Text)>();
        try
        {
            var paths = Directory.EnumerateFiles(directory).Where(IsCardFile).Take(FilesMax + 1).Order(StringComparer.Ordinal)
                .ToArray();
            if (paths.Length > FilesMax) return Unreadable(directory, $"more than {FilesMax} rate card files; join some");
            foreach (var path in paths)
            {
                if (new FileInfo(path).Length > RateCardLoader.FileCharsMax)
                {
                    return Unreadable(path, $"file is larger than {RateCardLoader.FileCharsMax} bytes; split it");
                }
                files.Add((path, File.ReadAllText(path)));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Unreadable(directory, $"cannot be read: {exception.Message.TrimEnd('.')}");
        }
        return (files, []);
    }

    private static bool IsCardFile(string path) => Path.GetExtension(path) is ".yaml" or ".yml";

    private static (IReadOnlyList<(string, string)>, IReadOnlyList<RateCardFault>) Unreadable(string path, string reason) =>
        ([], [new RateCardFault(path, 0, RateCardFaultKind.Unreadable, reason)]);
}
