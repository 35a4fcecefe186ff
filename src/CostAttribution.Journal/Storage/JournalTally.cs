namespace CostAttribution.Journal.Storage;

/// <summary>Counts for <see cref="JournalStatistics"/> and the way to the host's log. Safe for concurrent use.</summary>
internal sealed class JournalTally(Action<JournalEvent>? onEvent)
{
    private long _tornBytes;
    private long _damagedStretches;
    private long _damagedBytes;
    private long _missingRecords;

    public long TornBytes => Interlocked.Read(ref _tornBytes);

    public long DamagedStretches => Interlocked.Read(ref _damagedStretches);

    public long DamagedBytes => Interlocked.Read(ref _damagedBytes);

    public long MissingRecords => Interlocked.Read(ref _missingRecords);

    public void Report(JournalEventKind kind, string text) => onEvent?.Invoke(new JournalEvent(kind, text));

    public void TailCut(string segment, long bytes)
    {
        Interlocked.Add(ref _tornBytes, bytes);
        Report(JournalEventKind.TailCut, $"{bytes} bytes after the last whole record of {segment} were cut");
    }

    public void Damaged(string segment, Stretch stretch, string? quarantineFile)
    {
        Interlocked.Increment(ref _damagedStretches);
        Interlocked.Add(ref _damagedBytes, stretch.Length);
        Report(JournalEventKind.Damaged, $"{stretch.Length} bytes at offset {stretch.Offset} of {segment} do not check; "
            + (quarantineFile is null ? "they could not be set aside" : $"set aside as quarantine/{quarantineFile}"));
    }

    public void Missing(string segment, ulong first, ulong last)
    {
        Interlocked.Add(ref _missingRecords, (long)(last - first + 1));
        Report(JournalEventKind.RecordsMissing,
            $"records {first} to {last} cannot be read back from {segment}; look into quarantine and check the disk");
    }
}
