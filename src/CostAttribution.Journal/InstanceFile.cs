using System.Globalization;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;

namespace CostAttribution.Journal;

/// <summary>
/// Which data directory this is, beyond the name its node was given: the file <c>instance</c> beside the segments. Four lines of
/// text: a title with the format version, a random id made when the directory was first used, the ids of the last starts that
/// were about to be registered with the store (newest first, with a space between; empty when there was none), and the CRC-32C
/// of the three in hex. For the holder of the journal's lock.
/// </summary>
public sealed class InstanceFile
{
    private const string FileName = "instance";
    private const string Title = "cost-attribution instance ";
    private const int Version = 1;
    private const int FileBytesMax = 1024;

    /// <summary>
    /// More starts than can follow each other before the store takes the first one for gone, with usual settings.
    /// </summary>
    public const int FormerStartsMax = 8;

    private readonly StoreDirectory _directory;

    private InstanceFile(StoreDirectory directory, string instanceId, IReadOnlyList<string> formerStarts)
    {
        _directory = directory;
        InstanceId = instanceId;
        FormerStarts = formerStarts;
    }

    /// <summary>Same at every start of this directory, and in every copy of it.</summary>
    public string InstanceId { get; }

    /// <summary>The starts that <see cref="Record"/> was last told of, newest first.</summary>
    public IReadOnlyList<string> FormerStarts { get; private set; }

    /// <summary>
    /// Reads the file, or makes it with <paramref name="newId"/> when it is not there or damaged: an older version made none.
    /// Throws <see cref="JournalVersionException"/> for a newer version, <see cref="JournalException"/> when the disk fails.
    /// </summary>
    public static InstanceFile Adopt(StoreDirectory directory, string newId)
    {
        CheckId(newId);
        try
        {
            if (TryRead(directory) is { } lines)
            {
                var starts = lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                return new InstanceFile(directory, lines[1], starts);
            }
            var made = new InstanceFile(directory, newId, []);
            made.Write([]);
            return made;
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            throw Failure(directory, error);
        }
    }

    /// <summary>
    /// Remembers a start durably, before the store hears of it: whenever it ends, the next one knows it for its own. Throws
    /// <see cref="JournalException"/> when the disk fails.
    /// </summary>
    public void Record(string startId)
    {
        CheckId(startId);
        string[] starts = [startId, .. FormerStarts.Take(FormerStartsMax - 1)];
        try
        {
            Write(starts);
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            throw Failure(_directory, error);
        }
        FormerStarts = starts;
    }

    /// <summary>Throws <see cref="JournalVersionException"/> when the file is one of a newer version.</summary>
    internal static void RefuseNewer(StoreDirectory directory) => TryRead(directory);

    private static string[]? TryRead(StoreDirectory directory)
    {
        if (!directory.Exists(FileName)) return null;
        if (TextFile.TryRead(directory, FileName, FileBytesMax, Title, Version) is not { } lines) return null;
        return lines.Length == 3 && lines[1].Length > 0 ? lines : null;
    }

    private void Write(IEnumerable<string> starts) => TextFile.Write(_directory, FileName,
        [Title + Version.ToString(CultureInfo.InvariantCulture), InstanceId, string.Join(' ', starts)]);

    private static void CheckId(string id)
    {
        var good = id.Length is >= 1 and <= 64;
        foreach (var one in id) good &= char.IsAsciiLetterOrDigit(one);
        if (!good) throw new ArgumentException($"'{id}' is no id: 1 to 64 letters and digits", nameof(id));
    }

    private static JournalException Failure(StoreDirectory directory, Exception error) =>
        new($"cannot use {FileName} in {directory.DisplayName}: {error.Message}", error);
}
