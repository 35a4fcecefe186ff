using System.Globalization;
using System.Text;
using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Storage;

/// <summary>
/// Damaged stretches, copied byte for byte into <c>quarantine/&lt;segment&gt;-&lt;offset&gt;-&lt;length&gt;.bin</c> for
/// inspection, and payloads that no consumer could read. The same stretch is set aside once. Bounded: beyond the limit
/// stretches are counted but not kept. A stretch that could not be copied because the disk failed is remembered, and its segment
/// must not be deleted before it was.
/// </summary>
internal sealed class Quarantine
{
    public const string DirectoryName = "quarantine";
    private const int ChunkBytes = 1024 * 1024;
    private const int OwedMax = 1024;

    private readonly Lock _gate = new();
    private readonly StoreDirectory _parent;
    private readonly UnreadableParts _unreadable;
    private readonly long _bytesMax;
    private readonly List<(string Segment, Stretch Stretch)> _owed = [];
    private StoreDirectory? _directory;

    public Quarantine(StoreDirectory parent, UnreadableParts unreadable, long bytesMax)
    {
        _parent = parent;
        _unreadable = unreadable;
        _bytesMax = bytesMax;
    }

    /// <summary>Returns the file's name, or null when it could not be kept, now or at all.</summary>
    public string? SetAside(StoreFile source, string segmentName, Stretch stretch)
    {
        lock (_gate)
        {
            try
            {
                return Keep_NeedsLock(source, segmentName, stretch);
            }
            catch (Exception error) when (StoreErrors.IsDiskFailure(error))
            {
                if (_owed.Count < OwedMax && !_owed.Contains((segmentName, stretch))) _owed.Add((segmentName, stretch));
                return null;
            }
        }
    }

    /// <summary>
    /// Leaves a note about a stretch that cannot be read, <c>….unreadable</c>; the copy of what is around it has zeros there.
    /// Always written and synced anew: it also tells a bad sector from a disk that is away. Throws when the disk fails.
    /// </summary>
    public void Note(string segmentName, Stretch stretch, string reason)
    {
        lock (_gate)
        {
            _directory ??= _parent.Subdirectory(DirectoryName);
            _directory.Replace(NameOf(segmentName, stretch, ".unreadable"), Encoding.UTF8.GetBytes(reason + "\n"));
        }
    }

    /// <summary>
    /// Keeps the payload of a whole record as <c>record-&lt;sequence&gt;.bin</c>; null when there is no room. Throws when the
    /// disk fails.
    /// </summary>
    public string? Keep(JournalRecord record)
    {
        lock (_gate)
        {
            _directory ??= _parent.Subdirectory(DirectoryName);
            var name = string.Create(CultureInfo.InvariantCulture, $"record-{record.Position.Sequence:x16}.bin");
            if (_directory.Exists(name)) return name;
            if (!HasRoom_NeedsLock(_directory, record.Payload.Length)) return null;
            _directory.Replace(name, record.Payload);
            return name;
        }
    }

    /// <summary>
    /// Sets aside what is still owed of a segment; called before it is deleted. Throws when the disk fails again.
    /// </summary>
    public void Settle(string segmentName)
    {
        lock (_gate)
        {
            if (!_owed.Exists(owed => owed.Segment == segmentName)) return;
            using var source = _unreadable.Open(_parent, segmentName);
            foreach (var (segment, stretch) in _owed)
            {
                if (segment == segmentName) Keep_NeedsLock(source, segment, stretch);
            }
            _owed.RemoveAll(owed => owed.Segment == segmentName);
        }
    }

    private string? Keep_NeedsLock(StoreFile source, string segmentName, Stretch stretch)
    {
        _directory ??= _parent.Subdirectory(DirectoryName);
        var name = NameOf(segmentName, stretch, ".bin");
        if (_directory.Exists(name)) return name;
        if (!HasRoom_NeedsLock(_directory, stretch.Length)) return null;
        Copy(source, stretch, _directory, name);
        return name;
    }

    private bool HasRoom_NeedsLock(StoreDirectory directory, long bytes)
    {
        long kept = 0;
        foreach (var entry in directory.List()) kept += entry.Length;
        return kept + bytes <= _bytesMax;
    }

    private static string NameOf(string segmentName, Stretch stretch, string suffix) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Path.GetFileNameWithoutExtension(segmentName)}-{stretch.Offset}-{stretch.Length}{suffix}");

    private static void Copy(StoreFile source, Stretch stretch, StoreDirectory directory, string name)
    {
        var temporary = name + StoreDirectory.TemporarySuffix;
        if (directory.Exists(temporary)) directory.Delete(temporary);
        using (var target = directory.Create(temporary))
        {
            var chunk = new byte[Math.Min(ChunkBytes, stretch.Length)];
            for (long done = 0; done < stretch.Length;)
            {
                var count = (int)Math.Min(chunk.Length, stretch.Length - done);
                var read = source.Read(chunk.AsSpan(0, count), stretch.Offset + done);
                if (read == 0) break;
                target.Write(chunk.AsSpan(0, read), done);
                done += read;
            }
            target.Sync();
        }
        directory.Rename(temporary, name);
    }
}
