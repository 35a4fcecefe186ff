using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Storage;

/// <summary>
/// Adopts the segments found on disk. First looks at everything and refuses what it may not touch (newer version, other node);
/// only then changes files: deletes unfinished ones, cuts the tail of the last segment after its last good record.
/// </summary>
internal sealed class SegmentRecovery(
    StoreDirectory directory, SegmentCatalog catalog, Quarantine quarantine, JournalTally tally, int readTries)
{
    /// <summary>A sector in which there are zeros only was not written when the power went.</summary>
    private const int SectorBytes = 512;

    /// <summary>Fewer zeros than this may be content.</summary>
    private const int ZerosMin = 16;

    private const int RecordBytesMin = RecordFrame.Bytes + 1;

    private readonly UnreadableParts _unreadable = new();
    private ulong _doubtful;

    private sealed record Found(string Name, ulong FirstSequence, long Length, SegmentHeader? Header);

    /// <summary>The last good record and where it ends; behind it, records that are whole and do not check.</summary>
    private readonly record struct TailScan(ulong LastSequence, long End, ulong Doubtful, long DoubtfulRecords);

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
        // A number that may have been acknowledged is not given out again, even if its record is lost.
        catalog.RaiseDurable(_doubtful);
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
            // An unreadable header is like a damaged one: the records say what is needed.
            var read = Stubbornly(() => file.Read(bytes, 0), _ => 0);
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
        var scan = Stubbornly(() => Scan(last), error => ScanAround(last, error));
        lastSequence = scan.LastSequence;
        var found = scan.End > 0;
        var end = scan.End;
        if (!found && last.Header is not null) end = Math.Min(SegmentHeader.Bytes, last.Length);
        var tail = new Stretch(end, last.Length - end);
        if (_unreadable.LastEnd(last.Name) > end)
        {
            // Whether the records there were acknowledged cannot be told, and they may be readable again: nothing is cut, the
            // reader tries for itself, and no number that they may have is given out again.
            if (!found) lastSequence = last.FirstSequence - 1;
            lastSequence += (ulong)((tail.Length + RecordBytesMin - 1) / RecordBytesMin);
            return true;
        }
        using var file = _unreadable.Open(directory, last.Name, writable: true);
        var mayCut = tail.Length == 0 || SetAside(file, last.Name, tail, scan);
        if (!found)
        {
            // All of its records are in doubt and could not be copied: it stays, as one without records, until it is trimmed.
            lastSequence = last.FirstSequence - 1;
            return !mayCut;
        }
        if (mayCut && tail.Length > 0) file.SetLength(end);
        // Records may be visible that the crashed process had not synced yet; from here on they count as acknowledged.
        file.Sync();
        return true;
    }

    private TailScan Scan(Found last)
    {
        using var scanner = new SegmentScanner(_unreadable.Open(directory, last.Name), last.FirstSequence);
        var scan = default(TailScan);
        for (var step = ScanStep.Damage; step is ScanStep.Record or ScanStep.Damage;)
        {
            step = scanner.Next(last.Length, out var record);
            if (step is ScanStep.Damage && scanner.BadSequence is { } bad)
                scan = scan with { Doubtful = bad, DoubtfulRecords = scan.DoubtfulRecords + 1 };
            if (record is null) continue;
            scan = new TailScan(record.Position.Sequence, scanner.Offset, 0, 0);
            record.Dispose();
        }
        return scan;
    }

    private TailScan ScanAround(Found last, Exception error)
    {
        var parts = _unreadable.Find(directory, last.Name, diskWorks: false);
        if (parts is null or []) throw new IOException($"{last.Name} cannot be read: {error.Message}", error);
        foreach (var part in parts) quarantine.Note(last.Name, part, error.Message);
        _unreadable.GiveUp(last.Name, parts);
        return Scan(last);
    }

    /// <summary>
    /// Tells of the tail and copies it to quarantine. True when it may be cut: a tail that may hold acknowledged records and
    /// could not be copied stays.
    /// </summary>
    private bool SetAside(StoreFile file, string name, Stretch tail, TailScan scan)
    {
        var isBlank = !Stubbornly(() => HasContent(file, tail), _ => true);
        var copy = isBlank ? null : quarantine.SetAside(file, name, tail);
        if (scan.Doubtful == 0 || HasUnwrittenSector(file, tail))
        {
            tally.TailCut(name, tail.Length);
            return true;
        }
        tally.TailDoubtful(name, tail, scan.DoubtfulRecords, copy);
        _doubtful = scan.Doubtful;
        return copy is not null;
    }

    /// <summary>
    /// Whether a sector of the stretch holds only zeros, as when the power goes after a file was extended and before all of it
    /// was written. A record gone bad later does not look so, unless it held as many zeros itself.
    /// </summary>
    private static bool HasUnwrittenSector(StoreFile file, Stretch stretch)
    {
        var sector = new byte[SectorBytes];
        for (var offset = stretch.Offset; offset < stretch.End;)
        {
            var count = (int)Math.Min(SectorBytes - offset % SectorBytes, stretch.End - offset);
            var read = file.Read(sector.AsSpan(0, count), offset);
            if (read >= ZerosMin && !sector.AsSpan(0, read).ContainsAnyExcept((byte)0)) return true;
            offset += count;
        }
        return false;
    }

    /// <summary>Tries a few times, without waiting; then does what is left to do.</summary>
    private T Stubbornly<T>(Func<T> read, Func<Exception, T> giveUp)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return read();
            }
            catch (Exception error) when (StoreErrors.IsUnreadable(error))
            {
                if (tries >= readTries) return giveUp(error);
            }
        }
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
