using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;

namespace CostAttribution.Journal.Postings;

/// <summary>
/// The files of postings in one directory, named after posting and state. Knows what is on disk and what of it checks; which
/// posting is in which state, and for how long, is its <see cref="PostingSpool"/>'s, which does the locking.
/// </summary>
internal sealed class PostingFiles(StoreDirectory directory)
{
    public const string Pending = ".pending";
    public const string Confirmed = ".confirmed";
    public const string Divided = ".divided";
    public const string Damaged = ".damaged";
    private const int ReadTries = 5;

    private readonly List<string> damaged = [];

    public StoreDirectory Directory => directory;

    /// <summary>Names of files that do not check and that no operator has taken away yet.</summary>
    public IReadOnlyList<string> DamagedNames()
    {
        damaged.RemoveAll(name => !directory.Exists(name));
        return [.. damaged];
    }

    /// <summary>
    /// Throws <see cref="JournalVersionException"/> when a file is of a newer version. Changes nothing.
    /// </summary>
    public static void RefuseNewer(StoreDirectory directory)
    {
        var head = new byte[PostingFile.HeadBytes];
        foreach (var (name, _) in directory.List())
        {
            if (StateOf(name) is not (Pending or Confirmed or Divided)) continue;
            try
            {
                using var file = directory.Open(name);
                PostingFile.TryReadHead(head.AsSpan(0, file.Read(head, 0)), name, out _);
            }
            catch (Exception error) when (StoreErrors.IsUnreadable(error) || error is FileNotFoundException)
            {
                // Looked at again when the directory is adopted.
            }
        }
    }

    /// <summary>
    /// What is there, by state; deletes unfinished files and sets aside those whose head does not check. Throws
    /// <see cref="JournalVersionException"/>, with nothing changed, when a file is of a newer version.
    /// </summary>
    public IReadOnlyList<(PostingFile File, string State)> Adopt()
    {
        RefuseNewer(directory);
        var found = new List<(PostingFile, string)>();
        var head = new byte[PostingFile.HeadBytes];
        foreach (var (name, length) in directory.List())
        {
            if (name.EndsWith(StoreDirectory.TemporarySuffix, StringComparison.Ordinal)) directory.Delete(name);
            else if (StateOf(name) is not { } state) continue;
            else if (state == Damaged) damaged.Add(name);
            else if (TryReadHead(name, length, state, head) is { } file) found.Add((file, state));
            else SetAside(name);
        }
        // An earlier process may have ended between a rename and its sync. Sent on the strength of a name that a power cut takes
        // away, a posting would stay half sent.
        directory.SyncAll();
        CheckWritable();
        return found;
    }

    /// <summary>The content of a file; null when it does not check.</summary>
    public byte[]? TryRead(string name, PostingFile expected)
    {
        var content = new byte[expected.ContentBytes];
        using var file = directory.Open(name);
        return file.Length == PostingFile.HeadBytes + expected.ContentBytes
            && ReadStubbornly(file, content, PostingFile.HeadBytes) == content.Length
            && Crc32C.Compute(content) == expected.ContentCrc ? content : null;
    }

    /// <summary>Also completes a rename whose directory sync failed.</summary>
    public void Move(string from, string to)
    {
        if (directory.Exists(from)) directory.Rename(from, to);
        else directory.SyncAll();
    }

    /// <summary>Gone for good on return, also when an earlier attempt deleted it and its sync failed.</summary>
    public void Delete(string name)
    {
        if (directory.Exists(name)) directory.Delete(name);
        else directory.SyncAll();
    }

    /// <summary>
    /// Name of a posting's file that is in one of two states: a rename whose directory sync failed is not known to have been
    /// made, but the file has its new name.
    /// </summary>
    public string NameOf(string postingId, string known, string other) =>
        postingId + (directory.Exists(postingId + known) || !directory.Exists(postingId + other) ? known : other);

    public void SetAside(string name)
    {
        var target = Path.GetFileNameWithoutExtension(name) + Damaged;
        directory.Rename(name, target);
        if (!damaged.Contains(target)) damaged.Add(target);
    }

    private static string? StateOf(string name) => Array.Find<string>([Pending, Confirmed, Divided, Damaged],
        state => name.EndsWith(state, StringComparison.Ordinal));

    private PostingFile? TryReadHead(string name, long length, string state, byte[] head)
    {
        using var file = directory.Open(name);
        var read = ReadStubbornly(file, head, 0);
        return PostingFile.TryReadHead(head.AsSpan(0, read), name, out var posting)
            && posting.PostingId + state == name && posting.ContentBytes == length - PostingFile.HeadBytes ? posting : null;
    }

    /// <summary>
    /// A directory that may not be written is told at the start and not by postings that wait; one that is full has room later.
    /// </summary>
    private void CheckWritable()
    {
        const string probe = "probe" + StoreDirectory.TemporarySuffix;
        try
        {
            directory.Create(probe).Dispose();
            directory.Delete(probe);
        }
        catch (Exception error) when (StoreErrors.IsDiskFull(error))
        {
        }
    }

    /// <summary>
    /// What cannot be read after some tries reads as nothing: the file is then damaged, like one that does not check.
    /// </summary>
    private static int ReadStubbornly(StoreFile file, Span<byte> buffer, long offset)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return file.Read(buffer, offset);
            }
            catch (Exception error) when (StoreErrors.IsUnreadable(error) && tries >= ReadTries)
            {
                return 0;
            }
            catch (Exception error) when (StoreErrors.IsUnreadable(error))
            {
            }
        }
    }
}
