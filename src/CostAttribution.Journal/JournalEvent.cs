namespace CostAttribution.Journal;

/// <summary>What an operator should see; the host logs it. The journal itself logs nothing.</summary>
/// <param name="Kind">Which event.</param>
/// <param name="Text">Lower case, with the data in it.</param>
public sealed record JournalEvent(JournalEventKind Kind, string Text);

/// <summary>Kinds of <see cref="JournalEvent"/>.</summary>
public enum JournalEventKind
{
    /// <summary>Bytes after the last whole record of the last segment were cut at start: usual after a crash.</summary>
    TailCut = 1,

    /// <summary>A stretch of a segment does not check; it was set aside and reading went on behind it.</summary>
    Damaged = 2,

    /// <summary>Records that were acknowledged are not in the segments any more.</summary>
    RecordsMissing = 3,

    /// <summary>A write or sync failed; senders are refused until a new segment could be opened.</summary>
    WriteFailed = 4,

    /// <summary>A new segment could be opened after a failure.</summary>
    Recovered = 5,

    /// <summary>Senders are pushed back: a size limit or the free-space floor was reached.</summary>
    PushingBack = 6,

    /// <summary>There is room again.</summary>
    Accepting = 7,

    /// <summary>The low-water mark could not be read; reading starts at the oldest record, duplicates are possible.</summary>
    BookmarkDamaged = 8,

    /// <summary>A part of a file could not be read for long; it was given up and what is behind it is read.</summary>
    Unreadable = 9,

    /// <summary>
    /// The last records of the last segment are whole and do not check: a write that was cut off, or an acknowledged record that
    /// has gone bad. They were set aside.
    /// </summary>
    TailDoubtful = 10,
}
