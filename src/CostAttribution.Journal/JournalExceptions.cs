namespace CostAttribution.Journal;

/// <summary>The journal cannot do what was asked. Nothing that it has acknowledged is affected unless the text says so.</summary>
public class JournalException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>No room: the sender must be pushed back and may try again after <see cref="RetryAfter"/>. Nothing was kept.</summary>
public sealed class JournalFullException(JournalRefusal reason, TimeSpan retryAfter)
    : JournalException(Describe(reason))
{
    public JournalRefusal Reason { get; } = reason;

    public TimeSpan RetryAfter { get; } = retryAfter;

    private static string Describe(JournalRefusal reason) => reason switch
    {
        JournalRefusal.FreeSpace => "the disk of the journal is nearly full; free some space or lower FreeBytesMin",
        JournalRefusal.Queue => "more is arriving than the disk of the journal takes; try again",
        _ => "the journal is full because the store does not keep up; see why postings are late or raise JournalBytesMax",
    };
}

/// <summary>
/// The disk failed, or the writer has stopped: the record is not acknowledged. It may still be on the disk and be read after
/// a restart, as after any lost answer.
/// </summary>
public sealed class JournalFailedException(JournalRefusal reason, string message, TimeSpan retryAfter, Exception? inner = null)
    : JournalException(message, inner)
{
    public JournalRefusal Reason { get; } = reason;

    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>Another process, or another node in this one, uses the directory.</summary>
public sealed class JournalLockedException(string directory, Exception? inner = null)
    : JournalException($"data directory {directory} is in use by another process; stop it or set another DataDirectory", inner);

/// <summary>A file was written by a newer version of the program. Nothing was read or changed.</summary>
public sealed class JournalVersionException(string file, int found, int supported)
    : JournalException(
        $"{file} has format version {found}, this program reads up to {supported}; start the newer version again, let it empty "
        + "the journal and stop it, or give this version another DataDirectory");

/// <summary>The directory holds the records of another node.</summary>
public sealed class JournalNodeException(string directory, string found, string expected)
    : JournalException(
        $"data directory {directory} belongs to node '{found}', this node is '{expected}'; set the node id to '{found}' or "
        + "another DataDirectory");

/// <summary>A file's content does not match its checksum; it was set aside.</summary>
public sealed class JournalDamageException(string message) : JournalException(message);
