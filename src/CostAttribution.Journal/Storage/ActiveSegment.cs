using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Storage;

/// <summary>
/// The segment that grows, if there is one, and its entry in the catalog. Failures of the disk come through as they are; after
/// one the segment must be abandoned. For the holder of the appender's lock.
/// </summary>
internal sealed class ActiveSegment(StoreDirectory directory, string nodeId, SegmentCatalog catalog, TimeProvider time)
{
    /// <summary>How often, at most, is looked whether the file still has its name.</summary>
    private static readonly TimeSpan NameCheckInterval = TimeSpan.FromSeconds(1);

    private SegmentWriter? _writer;
    private long _checkedAt;

    public bool IsOpen => _writer is not null;

    public bool HasRecords => _writer is { } writer && writer.Length > SegmentHeader.Bytes;

    /// <summary>Whether frames of so many bytes fit; always when there is no record yet.</summary>
    public bool HasRoom(long frameBytes, long bytesMax) => !HasRecords || _writer!.Length + frameBytes <= bytesMax;

    public void Open(ulong nextSequence)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        _writer = SegmentWriter.Create(directory, new SegmentHeader(nodeId, nextSequence, catalog.RecordedSequence, now));
        _checkedAt = time.GetTimestamp();
        catalog.Add(new Segment(nextSequence, nextSequence - 1, SegmentHeader.Bytes, SegmentHeader.Bytes, ClosedUnixMs: null));
    }

    /// <summary>Writes and syncs; on return the records up to the last one are durable.</summary>
    public void Append(List<PendingAppend> batch, ulong first)
    {
        _writer!.Append(batch, first);
        catalog.Advance(_writer.Length, first + (ulong)batch.Count - 1);
    }

    /// <summary>
    /// Once a second: throws when somebody has deleted or moved the file, which can be written on but will never be read again.
    /// </summary>
    public void CheckName()
    {
        if (_writer is not { } writer || time.GetElapsedTime(_checkedAt) < NameCheckInterval) return;
        _checkedAt = time.GetTimestamp();
        var name = SegmentName.Of(writer.FirstSequence);
        if (!directory.Exists(name)) throw new FileNotFoundException($"{name} was deleted or moved away while it was written");
    }

    /// <summary>The segment is over; nothing when there is none.</summary>
    public void Close()
    {
        if (_writer is null) return;
        catalog.Close(_writer.FileLength, time.GetUtcNow().ToUnixTimeMilliseconds());
        Retire();
    }

    /// <summary>The segment is over because a write or sync failed; without a record it is deleted if that can be.</summary>
    public void Abandon()
    {
        var writer = _writer!;
        var isEmpty = !HasRecords;
        Close();
        // A disk that fails for hours must not fill with segments that hold nothing.
        if (!isEmpty) return;
        try
        {
            directory.Delete(SegmentName.Of(writer.FirstSequence));
            catalog.RemoveNewest();
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            // Stays in the catalog without records and is trimmed later.
        }
    }

    /// <summary>Gives the file back without a word in the catalog.</summary>
    public void Retire()
    {
        _writer?.Dispose();
        _writer = null;
    }
}
