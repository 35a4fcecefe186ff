namespace CostAttribution.Testing.Filesystem;

/// <summary>
/// A file's content twice: as programs see it and as it would be found after a power cut, with the changes in between that a
/// sync would carry over. Guarded by the disk's lock.
/// </summary>
internal sealed class MemoryInode
{
    private const int SectorBytes = 512;

    private readonly List<(long Offset, byte[]? Bytes)> _pending = [];
    private byte[] _visible = [];
    private byte[] _durable = [];

    public long Length { get; private set; }

    public long DurableLength { get; private set; }

    public int Read(Span<byte> buffer, long offset)
    {
        if (offset >= Length) return 0;
        var count = (int)Math.Min(buffer.Length, Length - offset);
        _visible.AsSpan((int)offset, count).CopyTo(buffer);
        return count;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        Length = Put(ref _visible, Length, bytes, offset);
        _pending.Add((offset, bytes.ToArray()));
    }

    public void SetLength(long length)
    {
        Length = Cut(ref _visible, Length, length);
        _pending.Add((length, null));
    }

    public void Sync()
    {
        foreach (var change in _pending) Persist(change.Offset, change.Bytes);
        _pending.Clear();
    }

    /// <summary>A sync that fails: some sectors get to the disk, the rest is never written by a later sync.</summary>
    public void SyncPartly(Random random)
    {
        foreach (var (offset, bytes) in _pending) PersistPartly(offset, bytes, random);
        _pending.Clear();
    }

    /// <summary>
    /// After a power cut: of what was not synced each sector is there or not; <paramref name="random"/> null: none is.
    /// </summary>
    public void Restart(Random? random)
    {
        if (random is not null) SyncPartly(random);
        _pending.Clear();
        _visible = _durable.AsSpan().ToArray();
        Length = DurableLength;
    }

    /// <summary>Changes a byte on the disk and in what programs see.</summary>
    public void Flip(long offset, byte mask)
    {
        _visible[offset] ^= mask;
        if (offset < DurableLength) _durable[offset] ^= mask;
    }

    private void PersistPartly(long offset, byte[]? bytes, Random random)
    {
        if (bytes is null)
        {
            if (random.Next(2) == 0) Persist(offset, null);
            return;
        }
        for (var start = 0; start < bytes.Length;)
        {
            var untilBoundary = SectorBytes - (int)((offset + start) % SectorBytes);
            var count = Math.Min(untilBoundary, bytes.Length - start);
            if (random.Next(2) == 0) Persist(offset + start, bytes[start..(start + count)]);
            start += count;
        }
    }

    private void Persist(long offset, byte[]? bytes) => DurableLength = bytes is null
        ? Cut(ref _durable, DurableLength, offset)
        : Put(ref _durable, DurableLength, bytes, offset);

    private static long Put(ref byte[] content, long length, ReadOnlySpan<byte> bytes, long offset)
    {
        var end = offset + bytes.Length;
        if (end > content.Length) Array.Resize(ref content, (int)Math.Max(end, content.Length * 2L));
        bytes.CopyTo(content.AsSpan((int)offset));
        return Math.Max(length, end);
    }

    private static long Cut(ref byte[] content, long oldLength, long length)
    {
        if (length > content.Length) Array.Resize(ref content, (int)length);
        if (length < oldLength) content.AsSpan((int)length, (int)(oldLength - length)).Clear();
        return length;
    }
}
