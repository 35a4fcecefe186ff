using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Storage;

/// <summary>
/// The parts of segments that were given up because they cannot be read; they read as zeros from then on, so that what does not
/// check there is found and passed like any damage. Kept for the life of the process: after a restart all is tried again.
/// </summary>
internal sealed class UnreadableParts
{
    private const int ChunkBytes = 1024 * 1024;

    /// <summary>The smallest part that is given up: what disks and operating systems read at once.</summary>
    private const int BlockBytes = 4096;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Stretch>> _parts = new(StringComparer.Ordinal);

    public StoreFile Open(StoreDirectory directory, string segmentName, bool writable = false)
    {
        var file = directory.Open(segmentName, writable);
        lock (_gate) return _parts.TryGetValue(segmentName, out var parts) ? new MaskedFile(file, [.. parts]) : file;
    }

    /// <summary>
    /// Reads the whole segment and returns the blocks that fail, none when the failure has passed; null when not one block could
    /// be read and <paramref name="diskWorks"/> is false: then it is not the sectors but the disk.
    /// </summary>
    public IReadOnlyList<Stretch>? Find(StoreDirectory directory, string segmentName, bool diskWorks)
    {
        List<Stretch> found = [];
        using (var file = Open(directory, segmentName))
        {
            var chunk = new byte[ChunkBytes];
            var length = file.Length;
            for (long offset = 0; offset < length; offset += ChunkBytes)
            {
                var count = (int)Math.Min(ChunkBytes, length - offset);
                if (CanRead(file, chunk.AsSpan(0, count), offset)) diskWorks = true;
                else diskWorks |= FindBlocks(file, chunk.AsSpan(0, count), offset, found);
            }
        }
        return diskWorks ? found : null;
    }

    /// <summary>From here on these stretches read as zeros.</summary>
    public void GiveUp(string segmentName, IReadOnlyList<Stretch> found)
    {
        if (found.Count == 0) return;
        lock (_gate)
        {
            if (!_parts.TryGetValue(segmentName, out var parts)) _parts.Add(segmentName, parts = []);
            parts.AddRange(found);
            parts.Sort(static (left, right) => left.Offset.CompareTo(right.Offset));
        }
    }

    /// <summary>Where the last part given up of a segment ends; 0 when there is none.</summary>
    public long LastEnd(string segmentName)
    {
        lock (_gate) return _parts.TryGetValue(segmentName, out var parts) ? parts[^1].End : 0;
    }

    public void Forget(string segmentName)
    {
        lock (_gate) _parts.Remove(segmentName);
    }

    /// <summary>Adds the unreadable blocks; true when at least one block of the chunk can be read.</summary>
    private static bool FindBlocks(StoreFile file, Span<byte> chunk, long offset, List<Stretch> found)
    {
        var anyReadable = false;
        for (var start = 0; start < chunk.Length; start += BlockBytes)
        {
            var count = Math.Min(BlockBytes, chunk.Length - start);
            if (CanRead(file, chunk.Slice(start, count), offset + start))
            {
                anyReadable = true;
                continue;
            }
            if (found.Count > 0 && found[^1].End == offset + start)
                found[^1] = found[^1] with { Length = found[^1].Length + count };
            else found.Add(new Stretch(offset + start, count));
        }
        return anyReadable;
    }

    private static bool CanRead(StoreFile file, Span<byte> buffer, long offset)
    {
        try
        {
            file.Read(buffer, offset);
            return true;
        }
        catch (Exception error) when (StoreErrors.IsUnreadable(error))
        {
            return false;
        }
    }
}

/// <summary>A file some parts of which read as zeros without being touched. Takes over the inner file.</summary>
internal sealed class MaskedFile(StoreFile inner, IReadOnlyList<Stretch> parts) : StoreFile
{
    public override long Length => inner.Length;

    public override int Read(Span<byte> buffer, long offset)
    {
        var wanted = (int)Math.Clamp(inner.Length - offset, 0, buffer.Length);
        var done = 0;
        foreach (var part in parts)
        {
            var from = (int)Math.Clamp(part.Offset - offset, done, wanted);
            var to = (int)Math.Clamp(part.End - offset, from, wanted);
            if (!ReadInner(buffer[done..from], offset + done)) return done;
            buffer[from..to].Clear();
            done = to;
        }
        return ReadInner(buffer[done..wanted], offset + done) ? wanted : done;
    }

    public override void Write(ReadOnlySpan<byte> bytes, long offset) => inner.Write(bytes, offset);

    public override void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset) => inner.Write(buffers, offset);

    public override void SetLength(long length) => inner.SetLength(length);

    public override void Sync() => inner.Sync();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
    }

    private bool ReadInner(Span<byte> buffer, long offset) => buffer.IsEmpty || inner.Read(buffer, offset) == buffer.Length;
}
