namespace CostAttribution.Journal;

/// <summary>Why the journal takes no records at the moment.</summary>
public enum JournalRefusal
{
    /// <summary>It does.</summary>
    None = 0,

    /// <summary><see cref="JournalOptions.JournalBytesMax"/> is reached. Push back with a retry delay.</summary>
    Full = 1,

    /// <summary>The volume has less than <see cref="JournalOptions.FreeBytesMin"/> left. Push back with a retry delay.</summary>
    FreeSpace = 2,

    /// <summary>
    /// More is waiting for the disk than <see cref="JournalOptions.QueueBytesMax"/>. Push back with a retry delay.
    /// </summary>
    Queue = 3,

    /// <summary>
    /// A write or sync failed; a new segment is tried every <see cref="JournalOptions.RetryInterval"/>. Unavailable.
    /// </summary>
    Failed = 4,

    /// <summary>The writer has stopped. Unavailable.</summary>
    Stopped = 5,
}
