using System.Globalization;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;

namespace CostAttribution.Journal;

/// <summary>
/// Which data directory this is, beyond the name its node was given: the file <c>instance</c> beside the segments. Four lines of
/// text: a title with the format version, a random id made when the directory was first used, the id of the last start that was
/// registered with the store (empty when none was), and the CRC-32C of the three in hex. For the holder of the journal's lock.
/// </summary>
public sealed class InstanceFile
{
    private const string FileName = "instance";
    private const string Title = "cost-attribution instance ";
    private const int Version = 1;
    private const int FileBytesMax = 1024;

    private readonly StoreDirectory _directory;

    private InstanceFile(StoreDirectory directory, string instanceId, string lastStartId)
    {
        _directory = directory;
        InstanceId = instanceId;
        LastStartId = lastStartId;
    }

    /// <summary>Same at every start of this directory, and in every copy of it.</summary>
    public string InstanceId { get; }

    /// <summary>The start that <see cref="Record"/> was last told of; empty when there was none.</summary>
    public string LastStartId { get; private set; }

    /// <summary>
    /// Reads the file, or makes it with <paramref name="newId"/> when it is not there or damaged: an older version made none.
    /// Throws <see cref="JournalVersionException"/> for a newer version, <see cref="JournalException"/> when the disk fails.
    /// </summary>
    public static InstanceFile Adopt(StoreDirectory directory, string newId)
    {
        CheckId(newId);
        try
        {
            if (TryRead(directory) is { } lines) return new InstanceFile(directory, lines[1], lines[2]);
            var made = new InstanceFile(directory, newId, "");
            made.Write("");
            return made;
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            throw Failure(directory, error);
        }
    }

    /// <summary>Remembers a start durably. Throws <see cref="JournalException"/> when the disk fails.</summary>
    public void Record(string startId)
    {
        CheckId(startId);
        try
        {
            Write(startId);
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            throw Failure(_directory, error);
        }
        LastStartId = startId;
    }

    /// <summary>Throws <see cref="JournalVersionException"/> when the file is one of a newer version.</summary>
    internal static void RefuseNewer(StoreDirectory directory) => TryRead(directory);

    private static string[]? TryRead(StoreDirectory directory)
    {
        if (!directory.Exists(FileName)) return null;
        if (TextFile.TryRead(directory, FileName, FileBytesMax, Title, Version) is not { } lines) return null;
        return lines.Length == 3 && lines[1].Length > 0 ? lines : null;
    }

    private void Write(string startId) => TextFile.Write(_directory, FileName,
        [Title + Version.ToString(CultureInfo.InvariantCulture), InstanceId, startId]);

    private static void CheckId(string id)
    {
        var good = id.Length is >= 1 and <= 64;
        foreach (var one in id) good &= char.IsAsciiLetterOrDigit(one);
        if (!good) throw new ArgumentException($"'{id}' is no id: 1 to 64 letters and digits", nameof(id));
    }

    private static JournalException Failure(StoreDirectory directory, Exception error) =>
        new($"cannot use {FileName} in {directory.DisplayName}: {error.Message}", error);
}
