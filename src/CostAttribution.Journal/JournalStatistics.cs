namespace CostAttribution.Journal;

/// <summary>The state of the journal at one moment. Counts are since it was opened; sizes are bytes.</summary>
public sealed record JournalStatistics
{
    /// <summary>Why records are refused at the moment, if they are.</summary>
    public required JournalRefusal Refusal { get; init; }

    /// <summary>All segment files.</summary>
    public required long Bytes { get; init; }

    /// <summary>The part of it that the store may not hold yet: records from the low-water mark on, without the window.</summary>
    public required long HeldBytes { get; init; }

    public required int Segments { get; init; }

    /// <summary>First position that can still be read.</summary>
    public required JournalPosition OldestPosition { get; init; }

    /// <summary>Everything below is durable in the store.</summary>
    public required JournalPosition LowWaterMark { get; init; }

    /// <summary>The last acknowledged record.</summary>
    public required JournalPosition DurablePosition { get; init; }

    public required long QueuedRecords { get; init; }
    public required long QueuedBytes { get; init; }

    /// <summary>Records that were made durable and acknowledged, and their payload.</summary>
    public required long AppendedRecords { get; init; }
    public required long AppendedBytes { get; init; }

    /// <summary>Bytes written to segments, with headers.</summary>
    public required long WrittenBytes { get; init; }

    /// <summary>Successful group commits.</summary>
    public required long Syncs { get; init; }
    public required TimeSpan LastSyncDuration { get; init; }

    public required long RefusedFull { get; init; }
    public required long RefusedFailed { get; init; }
    public required long WriteFailures { get; init; }

    public required long TrimmedSegments { get; init; }
    public required long TrimmedBytes { get; init; }

    /// <summary>Cut at start after the last whole record.</summary>
    public required long TornBytes { get; init; }
    public required long DamagedStretches { get; init; }
    public required long DamagedBytes { get; init; }

    /// <summary>Acknowledged records that could not be read back.</summary>
    public required long MissingRecords { get; init; }

    /// <summary>
    /// Records at the end of the last segment that were found whole at start but do not check and show no sign of a write that
    /// was cut off: perhaps never acknowledged, perhaps gone bad.
    /// </summary>
    public required long DoubtfulRecords { get; init; }

    /// <summary>Bytes of segments that could not be read for so long that they were given up.</summary>
    public required long UnreadableBytes { get; init; }

    /// <summary>Records the consumer has not taken yet, and whether it reads them from disk.</summary>
    public required long FeedLagRecords { get; init; }
    public required bool FeedReadsDisk { get; init; }
}
