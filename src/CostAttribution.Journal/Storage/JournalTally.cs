namespace CostAttribution.Journal.Storage;

/// <summary>Counts for <see cref="JournalStatistics"/> and the way to the host's log. Safe for concurrent use.</summary>
internal sealed class JournalTally(Action<JournalEvent>? onEvent)
{
    private long _tornBytes;
    private long _damagedStretches;
    private long _damagedBytes;
    private long _missingRecords;
    private long _doubtfulRecords;
    private long _unreadableBytes;

    public long TornBytes => Interlocked.Read(ref _tornBytes);

    public long DamagedStretches => Interlocked.Read(ref _damagedStretches);

    public long DamagedBytes => Interlocked.Read(ref _damagedBytes);

    public long MissingRecords => Interlocked.Read(ref _missingRecords);

    public long DoubtfulRecords => Interlocked.Read(ref _doubtfulRecords);

    public long UnreadableBytes => Interlocked.Read(ref _unreadableBytes);

    public void Report(JournalEventKind kind, string text) => onEvent?.Invoke(new JournalEvent(kind, text));

    public void TailCut(string segment, long bytes)
    {
        Interlocked.Add(ref _tornBytes, bytes);
        Report(JournalEventKind.TailCut, $"{bytes} bytes after the last whole record of {segment} were cut");
    }

    public void TailDoubtful(string segment, Stretch stretch, long records, string? quarantineFile)
    {
        Interlocked.Add(ref _doubtfulRecords, records);
        Count(stretch);
        Report(JournalEventKind.TailDoubtful,
            $"the last {records} records of {segment}, {stretch.Length} bytes at offset {stretch.Offset}, do not check; if the "
            + "power was cut they were perhaps never acknowledged, if it was not they have gone bad: check the disk; "
            + Whereabouts(quarantineFile));
    }

    public void Unreadable(string segment, IReadOnlyList<Stretch> stretches, string reason)
    {
        foreach (var stretch in stretches)
        {
            Interlocked.Add(ref _unreadableBytes, stretch.Length);
            Report(JournalEventKind.Unreadable, $"{stretch.Length} bytes at offset {stretch.Offset} of {segment} cannot be read "
                + $"({reason}); reading goes on behind them; check the disk");
        }
    }

    public void Damaged(string segment, Stretch stretch, string? quarantineFile)
    {
        Count(stretch);
        Report(JournalEventKind.Damaged, $"{stretch.Length} bytes at offset {stretch.Offset} of {segment} do not check; "
            + Whereabouts(quarantineFile));
    }

    public void Missing(string segment, ulong first, ulong last)
    {
        Interlocked.Add(ref _missingRecords, (long)(last - first + 1));
        Report(JournalEventKind.RecordsMissing,
            $"records {first} to {last} cannot be read back from {segment}; look into quarantine and check the disk");
    }

    private static string Whereabouts(string? quarantineFile) =>
        quarantineFile is null ? "they could not be set aside" : $"set aside as quarantine/{quarantineFile}";

    private void Count(Stretch stretch)
    {
        Interlocked.Increment(ref _damagedStretches);
        Interlocked.Add(ref _damagedBytes, stretch.Length);
    }
}
