using CostAttribution.ClickHouse.Rates;
using CostAttribution.RateCards;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>Rate card files named on the command line.</summary>
internal static class RateFileArguments
{
    /// <summary>
    /// The files named, and those of the directories named; throws <see cref="StartupException"/> when one cannot be read.
    /// </summary>
    public static IReadOnlyList<RateFile> Read(IReadOnlyList<string> paths)
    {
        var files = new List<RateFile>();
        foreach (var path in paths)
        {
            if (Directory.Exists(path))
            {
                var (read, faults) = RateCardFiles.Read(path);
                if (faults.Count > 0) throw new StartupException([.. faults.Select(fault => fault.ToString())]);
                files.AddRange(read.Select(file => new RateFile(Path.GetFileName(file.Name), file.Text)));
                continue;
            }
            try
            {
                if (new FileInfo(path).Length > RateCardLoader.FileCharsMax)
                    throw new StartupException($"{path} is larger than {RateCardLoader.FileCharsMax} bytes; split it");
                files.Add(new RateFile(Path.GetFileName(path), File.ReadAllText(path)));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                throw new StartupException($"{path} cannot be read: {fault.Message}");
            }
        }
        return files;
    }
}
