using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Storage;

/// <summary>
/// Adopts the segments found on disk. First looks at everything and refuses what it may not touch (newer version, other node);
/// only then changes files: deletes unfinished ones, cuts the tail of the last segment after its last whole record.
/// </summary>
internal sealed class SegmentRecovery(
    StoreDirectory directory, SegmentCatalog catalog, Quarantine quarantine, JournalTally tally)
{
    private sealed record Found(string Name, ulong FirstSequence, long Length, SegmentHeader? Header);

    /// <summary>Fills the catalog and returns the first sequence that may be given to a new record.</summary>
    public ulong Load(string nodeId, long nowUnixMs)
    {
        var found = ReadHeaders(nodeId);
        var recorded = NodeIdentity.IsRecorded(directory, nodeId);
        if (!recorded) NodeIdentity.Record(directory, nodeId);
        foreach (var entry in directory.List())
        {
            if (entry.Name.EndsWith(StoreDirectory.TemporarySuffix, StringComparison.Ordinal)) directory.Delete(entry.Name);
        }

        // What a segment without records says in its header still counts, and is repeated by the one that replaces it.
        SegmentHeader? emptied = null;
        ulong lastSequence = 0;
        while (found.Count > 0 && emptied is null && !TryFinish(found[^1], out lastSequence))
        {
            emptied = found[^1].Header;
            directory.Delete(found[^1].Name);
            found.RemoveAt(found.Count - 1);
        }
        for (var index = 0; index < found.Count; index++)
        {
            var isLast = index == found.Count - 1;
            var next = isLast ? emptied : found[index + 1].Header;
            var nextFirst = isLast ? emptied?.FirstSequence : found[index + 1].FirstSequence;
            Adopt(found[index], next, nextFirst, lastSequence, nowUnixMs);
        }
        if (emptied is { } header) catalog.RaiseDurable(Math.Min(header.DurableSequence, header.FirstSequence - 1));
        return Math.Max(catalog.DurableSequence + 1, emptied?.FirstSequence ?? 1);
    }

    private List<Found> ReadHeaders(string nodeId)
    {
        var found = new List<Found>();
        var bytes = new byte[SegmentHeader.ReadBytes];
        foreach (var entry in directory.List())
        {
            if (!SegmentName.TryParse(entry.Name, out var firstSequence)) continue;
            using var file = directory.Open(entry.Name);
            var read = file.Read(bytes, 0);
            var sound = SegmentHeader.TryRead(bytes.AsSpan(0, read), entry.Name, out var header)
                && header.FirstSequence == firstSequence;
            if (sound && header.NodeId != nodeId) throw new JournalNodeException(directory.DisplayName, header.NodeId, nodeId);
            found.Add(new Found(entry.Name, firstSequence, file.Length, sound ? header : null));
        }
        return found;
    }

    /// <summary>Cuts the tail of the last segment and makes the rest durable; false when it has no record at all.</summary>
    private bool TryFinish(Found last, out ulong lastSequence)
    {
        var file = directory.Open(last.Name, writable: true);
        using var scanner = new SegmentScanner(file, last.FirstSequence);
        long end = 0;
        lastSequence = 0;
        for (var step = ScanStep.Damage; step is ScanStep.Record or ScanStep.Damage;)
        {
            step = scanner.Next(last.Length, out var record);
            if (record is null) continue;
            lastSequence = record.Position.Sequence;
            end = scanner.Offset;
            record.Dispose();
        }

        var found = end > 0;
        var tail = found ? new Stretch(end, last.Length - end) : new Stretch(0, last.Length);
        if (!found && last.Header is not null) tail = new Stretch(SegmentHeader.Bytes, last.Length - SegmentHeader.Bytes);
        if (tail.Length > 0)
        {
            if (HasContent(file, tail)) quarantine.SetAside(file, last.Name, tail);
            tally.TailCut(last.Name, tail.Length);
            if (found) file.SetLength(end);
        }
        // Records may be visible that the crashed process had not synced yet; from here on they count as acknowledged.
        if (found) file.Sync();
        return found;
    }

    /// <summary>False when all bytes are zero, as a power cut leaves a file that was extended but not written.</summary>
    private static bool HasContent(StoreFile file, Stretch stretch)
    {
        var chunk = new byte[64 * 1024];
        for (var offset = stretch.Offset; offset < stretch.End;)
        {
            var read = file.Read(chunk.AsSpan(0, (int)Math.Min(chunk.Length, stretch.End - offset)), offset);
            if (read == 0) return false;
            if (chunk.AsSpan(0, read).ContainsAnyExcept((byte)0)) return true;
            offset += read;
        }
        return false;
    }

    private void Adopt(Found segment, SegmentHeader? next, ulong? nextFirst, ulong scannedLast, long nowUnixMs)
    {
        var last = nextFirst is { } bound
            ? Math.Clamp(next?.DurableSequence ?? bound - 1, segment.FirstSequence - 1, bound - 1)
            : scannedLast;
        long length;
        using (var file = directory.Open(segment.Name)) length = file.Length;
        catalog.Add(new Segment(segment.FirstSequence, last, length, length, next?.CreatedUnixMs ?? nowUnixMs));
    }
}
