namespace CostAttribution.Journal;

/// <summary>The journal's limits. Every buffer, file and wait in it is bounded by one of these. Sizes are bytes.</summary>
public sealed class JournalOptions
{
    public const string Section = "Journal";

    private const long Kibibyte = 1024;
    private const long Mebibyte = 1024 * Kibibyte;
    private const long Gibibyte = 1024 * Mebibyte;

    /// <summary>A segment is closed before it grows beyond this. 4 KiB to 1 GiB, default 64 MiB.</summary>
    public long SegmentBytesMax { get; init; } = 64 * Mebibyte;

    /// <summary>
    /// All segments together; beyond it senders are pushed back. At least the window and four segments, so that trimming always
    /// makes room. Default 8 GiB.
    /// </summary>
    public long JournalBytesMax { get; init; } = 8 * Gibibyte;

    /// <summary>Free space that the journal leaves on the volume, for the store and for others. Default 512 MiB.</summary>
    public long FreeBytesMin { get; init; } = 512 * Mebibyte;

    /// <summary>Largest payload of one record. At most a segment less 1 KiB. Default 16 MiB.</summary>
    public int RecordBytesMax { get; init; } = (int)(16 * Mebibyte);

    /// <summary>Records waiting for the disk, by size; beyond it senders are pushed back. Default 64 MiB.</summary>
    public long QueueBytesMax { get; init; } = 64 * Mebibyte;

    /// <summary>Records waiting for the disk, by number. Default 16,384.</summary>
    public int QueueRecordsMax { get; init; } = 16_384;

    /// <summary>Most that one sync covers; a single larger record is still taken. Default 8 MiB.</summary>
    public long BatchBytesMax { get; init; } = 8 * Mebibyte;

    /// <summary>
    /// Memory for records that are durable and wait for the consumer; what is beyond it is read back from disk.
    /// </summary>
    public long FeedBytesMax { get; init; } = 64 * Mebibyte;

    /// <summary>
    /// Most that is kept below the low-water mark, for looking at. Given up, oldest first, before senders are pushed back.
    /// Default 1 GiB.
    /// </summary>
    public long WindowBytesMax { get; init; } = Gibibyte;

    /// <summary>Longest that a closed segment is kept below the low-water mark. Default 10 minutes.</summary>
    public TimeSpan WindowAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Damaged stretches that are set aside for inspection; beyond it they are counted only. Default 1 GiB.</summary>
    public long QuarantineBytesMax { get; init; } = Gibibyte;

    /// <summary>
    /// How often a failed or full journal looks whether it can go on, and what senders are told to wait. Default 1 s.
    /// </summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often, at least, a place that cannot be read is tried before it is set aside; at start, when nothing can be waited
    /// for, at most. Default 5.
    /// </summary>
    public int ReadTries { get; init; } = 5;

    /// <summary>How long, at least, a place that cannot be read is tried before it is set aside. Default 30 s.</summary>
    public TimeSpan ReadPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>One message per fault, naming the setting and what it may be; empty when all is well.</summary>
    public IReadOnlyList<string> Validate()
    {
        var faults = new List<string>();
        Check(SegmentBytesMax is >= 4 * Kibibyte and <= Gibibyte, nameof(SegmentBytesMax), "must be between 4 KiB and 1 GiB");
        Check(WindowBytesMax >= 0, nameof(WindowBytesMax), "must not be negative");
        Check(JournalBytesMax >= WindowBytesMax + 4 * SegmentBytesMax, nameof(JournalBytesMax),
            $"must be at least {nameof(WindowBytesMax)} and four times {nameof(SegmentBytesMax)}");
        Check(FreeBytesMin >= 0, nameof(FreeBytesMin), "must not be negative");
        Check(RecordBytesMax >= 1 && RecordBytesMax <= SegmentBytesMax - Kibibyte, nameof(RecordBytesMax),
            $"must be positive and at most {nameof(SegmentBytesMax)} less 1 KiB");
        Check(QueueBytesMax >= RecordBytesMax, nameof(QueueBytesMax), $"must be at least {nameof(RecordBytesMax)}");
        Check(QueueRecordsMax is >= 1 and <= 1_000_000, nameof(QueueRecordsMax), "must be between 1 and 1000000");
        Check(BatchBytesMax is >= 1 and <= Gibibyte, nameof(BatchBytesMax), "must be between 1 byte and 1 GiB");
        Check(FeedBytesMax >= 0, nameof(FeedBytesMax), "must not be negative");
        Check(WindowAge >= TimeSpan.Zero, nameof(WindowAge), "must not be negative");
        Check(QuarantineBytesMax >= 0, nameof(QuarantineBytesMax), "must not be negative");
        Check(RetryInterval >= TimeSpan.FromMilliseconds(10) && RetryInterval <= TimeSpan.FromHours(1), nameof(RetryInterval),
            "must be between 10 ms and 1 h");
        Check(ReadTries is >= 1 and <= 1000, nameof(ReadTries), "must be between 1 and 1000");
        Check(ReadPatience >= TimeSpan.Zero && ReadPatience <= TimeSpan.FromDays(1), nameof(ReadPatience),
            "must be between 0 and 1 day");
        return faults;

        void Check(bool holds, string name, string rule)
        {
            if (!holds) faults.Add($"{Section}:{name} {rule}");
        }
    }
}
