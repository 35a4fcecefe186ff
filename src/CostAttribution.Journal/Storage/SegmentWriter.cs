using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Storage;

/// <summary>
/// Appends to the active segment. After a failed write or sync it must be disposed and never used again: what the disk holds
/// behind the last successful sync is unknown, and a later sync may succeed without having written it.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly StoreFile _file;
    private readonly List<ReadOnlyMemory<byte>> _buffers = [];

    private SegmentWriter(StoreFile file, ulong firstSequence)
    {
        _file = file;
        FirstSequence = firstSequence;
        Length = SegmentHeader.Bytes;
    }

    public ulong FirstSequence { get; }

    /// <summary>Durable length.</summary>
    public long Length { get; private set; }

    /// <summary>Length of the file, with what a failed write left.</summary>
    public long FileLength
    {
        get
        {
            try
            {
                return _file.Length;
            }
            catch (Exception error) when (StoreErrors.IsDiskFailure(error))
            {
                return Length;
            }
        }
    }

    /// <summary>
    /// Makes the segment; header and directory entry are durable on return. A file of the same name is one whose making failed
    /// before: it has no acknowledged record.
    /// </summary>
    public static SegmentWriter Create(StoreDirectory directory, in SegmentHeader header)
    {
        var name = SegmentName.Of(header.FirstSequence);
        if (directory.Exists(name)) directory.Delete(name);
        var file = directory.Create(name);
        try
        {
            file.Write(header.ToBytes(), 0);
            file.Sync();
            return new SegmentWriter(file, header.FirstSequence);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes the records, which get the sequences from the given one on, and syncs.</summary>
    public void Append(List<PendingAppend> batch, ulong sequence)
    {
        long bytes = 0;
        _buffers.Clear();
        foreach (var append in batch)
        {
            append.Seal(sequence++, FirstSequence);
            _buffers.Add(append.Frame);
            bytes += append.FrameBytes;
        }
        _file.Write(_buffers, Length);
        _buffers.Clear();
        _file.Sync();
        Length += bytes;
    }

    public void Dispose() => _file.Dispose();
}
