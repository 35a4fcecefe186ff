using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;
using static CostAttribution.Journal.Postings.PostingFiles;

namespace CostAttribution.Journal.Postings;

/// <summary>A posting in the spool.</summary>
/// <param name="PostingId">As given to <see cref="PostingSpool.Write"/>.</param>
/// <param name="Ordinal">Order of writing.</param>
/// <param name="ContentBytes">Without the head of its file.</param>
/// <param name="WrittenAt">When it was written.</param>
public sealed record SpooledPosting(string PostingId, ulong Ordinal, long ContentBytes, DateTimeOffset WrittenAt);

/// <summary>
/// Postings between encoding and the store's confirmation, one file each, opaque. Written and synced before they are sent, so
/// that after a crash or an unknown outcome the same bytes can be sent again; confirmed ones are kept a further window.
/// <code>
///   Write ─▶ id.pending ──Confirm──▶ id.confirmed ──window over──▶ deleted
///             │ │ ▲──────Reopen──────────┘       content that does not check ─▶ id.damaged (kept, listed)
///             │ └─Divide─▶ id.divided ──window over──▶ deleted       the rows live on in other postings
///             └──Refuse──▶ quarantine/id.refused                     kept until an operator takes it away
/// </code>
/// One directory, one spool: the holder of the journal's lock. Safe for concurrent use. I/O failures are
/// <see cref="JournalException"/>; every operation may be tried again.
/// </summary>
public sealed class PostingSpool
{
    private sealed record Entry(PostingFile File, DateTimeOffset ConfirmedAt);

    private readonly Lock _gate = new();
    private readonly StoreDirectory _directory;
    private readonly PostingSpoolOptions _options;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, Entry> _pending = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry> _confirmed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry> _divided = new(StringComparer.Ordinal);
    private readonly PostingQuarantine _quarantine;
    private readonly PostingFiles _files;
    private ulong _nextOrdinal = 1;
    private string? _inDoubt;

    private PostingSpool(StoreDirectory directory, PostingSpoolOptions options, TimeProvider time)
    {
        _directory = directory;
        _files = new PostingFiles(directory);
        _options = options;
        _time = time;
        _quarantine = new PostingQuarantine(directory, options.QuarantineBytesMax);
    }

    /// <summary>Largest content that <see cref="Write"/> takes, in bytes.</summary>
    public int PostingBytesMax => _options.PostingBytesMax;

    /// <summary>
    /// Names of files that do not check and are still there. What they held and the store lacks came back from the journal,
    /// which is not trimmed while a posting is pending.
    /// </summary>
    public IReadOnlyList<string> DamagedFiles => Guarded(_files.DamagedNames);

    /// <summary>
    /// Adopts what is in the directory; deletes unfinished files, sets damaged ones aside. Throws
    /// <see cref="JournalVersionException"/>, with nothing changed, when a file is of a newer version, and
    /// <see cref="JournalException"/> when the directory cannot be written.
    /// </summary>
    public static PostingSpool Open(StoreDirectory directory, PostingSpoolOptions options, TimeProvider time)
    {
        var faults = options.Validate();
        if (faults.Count > 0) throw new ArgumentException(string.Join("; ", faults), nameof(options));
        var spool = new PostingSpool(directory, options, time);
        return spool.Guarded(() =>
        {
            spool.Adopt_NeedsLock();
            return spool;
        });
    }

    /// <summary>
    /// Throws <see cref="JournalVersionException"/> when a file is of a newer version. Changes nothing and needs no lock: for
    /// finding out before anything else is changed.
    /// </summary>
    public static void RefuseNewer(StoreDirectory directory) => PostingFiles.RefuseNewer(directory);

    /// <summary>
    /// Keeps a posting durably; only then may it be sent. After a failure write the same again, or write another: then the
    /// failed one is gone. The same id with the same content again changes nothing; with other content it throws, because
    /// the first may already be in the store. Throws <see cref="JournalFullException"/> beyond the limit of pending bytes.
    /// </summary>
    public void Write(string postingId, ReadOnlyMemory<byte> content)
    {
        CheckId(postingId);
        if (content.Length > _options.PostingBytesMax)
        {
            throw new JournalException(
                $"posting {postingId} has {content.Length} bytes, more than PostingBytesMax {_options.PostingBytesMax}");
        }
        var crc = Crc32C.Compute(content.Span);
        Guarded(() =>
        {
            if ((_pending.GetValueOrDefault(postingId) ?? _confirmed.GetValueOrDefault(postingId)) is { } known)
            {
                if (known.File.ContentCrc == crc && known.File.ContentBytes == content.Length) return true;
                throw new JournalException($"posting {postingId} was written before with other content");
            }
            if (PendingBytes_NeedsLock() + content.Length > _options.PendingBytesMax)
            {
                throw new JournalFullException(JournalRefusal.Full, TimeSpan.FromSeconds(1));
            }
            Settle_NeedsLock(postingId);
            var file = new PostingFile(postingId, crc, content.Length, _nextOrdinal, _time.GetUtcNow().ToUnixTimeMilliseconds());
            _inDoubt = postingId;
            _directory.Replace(postingId + Pending, file.HeadToBytes(), content);
            _inDoubt = null;
            _nextOrdinal++;
            _pending.Add(postingId, new Entry(file, default));
            return true;
        });
    }

    /// <summary>Postings whose outcome is not known, in the order in which they were written.</summary>
    public IReadOnlyList<SpooledPosting> ListPending()
    {
        lock (_gate) return List(_pending);
    }

    /// <summary>
    /// Postings that the store has confirmed and that are still kept, in the order in which they were written.
    /// </summary>
    public IReadOnlyList<SpooledPosting> ListConfirmed()
    {
        lock (_gate) return List(_confirmed);
    }

    /// <summary>
    /// The content as it was written. Throws <see cref="JournalDamageException"/> when it does not check; the file is then set
    /// aside and no longer listed.
    /// </summary>
    public byte[] Read(string postingId) => Guarded(() =>
    {
        var isPending = _pending.TryGetValue(postingId, out var entry);
        if (!isPending && !_confirmed.TryGetValue(postingId, out entry))
        {
            throw new JournalException($"there is no posting {postingId}");
        }
        var name = NameOf_NeedsLock(postingId);
        if (_files.TryRead(name, entry!.File) is { } content) return content;
        _files.SetAside(name);
        (isPending ? _pending : _confirmed).Remove(postingId);
        throw new JournalDamageException(
            $"posting {postingId} does not check; its file was set aside as {postingId}{Damaged}");
    });

    /// <summary>
    /// Sets a pending posting aside whose content checks but cannot be made sense of; it is no longer listed.
    /// </summary>
    public void SetAsideDamaged(string postingId) => Guarded(() =>
    {
        if (_directory.Exists(postingId + Pending)) _files.SetAside(postingId + Pending);
        _pending.Remove(postingId);
        return true;
    });

    /// <summary>The store has the posting durably. Confirming again changes nothing. Deletes what has left the window.</summary>
    public void Confirm(string postingId) => Guarded(() =>
    {
        if (_pending.TryGetValue(postingId, out var entry))
        {
            _files.Move(postingId + Pending, postingId + Confirmed);
            _pending.Remove(postingId);
            _confirmed[postingId] = entry with { ConfirmedAt = _time.GetUtcNow() };
        }
        else if (!_confirmed.ContainsKey(postingId))
        {
            throw new JournalException($"there is no posting {postingId}");
        }
        Prune_NeedsLock();
        return true;
    });

    /// <summary>
    /// Deletes what has left the window and, while the volume has less than <paramref name="freeBytesMin"/>, what is still in it,
    /// oldest first: what the store loses of it is then not found at the next start. To be called every now and then:
    /// <see cref="Confirm"/> is not while the store takes nothing. Not before the window was compared with the store.
    /// </summary>
    public void Prune(long freeBytesMin) => Guarded(() =>
    {
        Prune_NeedsLock();
        foreach (var (entries, suffix) in new[] { (_divided, Divided), (_confirmed, Confirmed) })
        {
            foreach (var posting in List(entries))
            {
                if (_directory.FreeBytes() >= freeBytesMin) return true;
                Delete_NeedsLock(entries, posting.PostingId, suffix);
            }
        }
        return true;
    });

    /// <summary>The store has lost a posting that it had confirmed: it is pending again.</summary>
    public void Reopen(string postingId) => Guarded(() =>
    {
        if (!_confirmed.TryGetValue(postingId, out var entry))
        {
            throw new JournalException($"there is no confirmed posting {postingId}");
        }
        _files.Move(postingId + Confirmed, postingId + Pending);
        _confirmed.Remove(postingId);
        _pending[postingId] = entry;
        return true;
    });

    /// <summary>
    /// All that is left of a pending posting was written as other postings, which stand for it from now on. Its file is kept for
    /// the window.
    /// </summary>
    public void Divide(string postingId) => Guarded(() =>
    {
        if (_divided.ContainsKey(postingId)) return true;
        if (!_pending.TryGetValue(postingId, out var entry)) throw new JournalException($"there is no posting {postingId}");
        _files.Move(postingId + Pending, postingId + Divided);
        _pending.Remove(postingId);
        _divided[postingId] = entry with { ConfirmedAt = _time.GetUtcNow() };
        return true;
    });

    /// <summary>Deletes a pending posting that was never sent and whose rows another posting holds.</summary>
    public void Discard(string postingId) => Guarded(() =>
    {
        _files.Delete(postingId + Pending);
        _pending.Remove(postingId);
        return true;
    });

    /// <summary>
    /// Keeps a posting that the store refuses for what it says, with a description for the operator, and ends it here. Throws
    /// <see cref="PostingQuarantineFullException"/> when there is no room: the posting then stays as it was.
    /// </summary>
    public void Refuse(string postingId, string description, ReadOnlyMemory<byte> content)
    {
        CheckId(postingId);
        Guarded(() =>
        {
            _quarantine.Keep(postingId, description, content);
            return true;
        });
        // Killed before this, it is pending at the next start, refused again and replaces its own file.
        Discard(postingId);
    }

    /// <summary>The refused ones, for looking at them and taking them away.</summary>
    public RefusedFiles RefusedFiles => new(_directory);

    /// <summary>Files of refused postings and their bytes.</summary>
    public (int Files, long Bytes) Refused() => Guarded(() =>
    {
        var files = _quarantine.List();
        return (files.Count, files.Sum(file => file.Length));
    });

    /// <summary>
    /// A part of the content, unchecked; fewer bytes at its end. For a quick look that damage may at worst make fail.
    /// </summary>
    public byte[] ReadPart(string postingId, long offset, int bytes) => Guarded(() =>
    {
        using var file = _directory.Open(NameOf_NeedsLock(postingId));
        var part = new byte[Math.Max(0, Math.Min(bytes, file.Length - PostingFile.HeadBytes - offset))];
        var read = file.Read(part, PostingFile.HeadBytes + offset);
        return read == part.Length ? part : part[..read];
    });

    private string NameOf_NeedsLock(string postingId) => _pending.ContainsKey(postingId)
        ? _files.NameOf(postingId, Pending, Confirmed)
        : _files.NameOf(postingId, Confirmed, Pending);

    private static List<SpooledPosting> List(Dictionary<string, Entry> entries)
    {
        var list = new List<SpooledPosting>(entries.Count);
        foreach (var (id, (file, _)) in entries)
        {
            var writtenAt = DateTimeOffset.FromUnixTimeMilliseconds(file.WrittenUnixMs);
            list.Add(new SpooledPosting(id, file.Ordinal, file.ContentBytes, writtenAt));
        }
        list.Sort(static (left, right) => left.Ordinal.CompareTo(right.Ordinal));
        return list;
    }

    /// <summary>
    /// A write that failed may have left its file. Before another posting may be sent that file must be gone for good: after a
    /// crash it would be sent beside postings that hold the same rows.
    /// </summary>
    private void Settle_NeedsLock(string postingId)
    {
        if (_inDoubt is not { } doubtful || doubtful == postingId) return;
        _files.Delete(doubtful + Pending);
        _inDoubt = null;
    }

    private static void CheckId(string postingId)
    {
        var good = postingId.Length is >= 1 and <= PostingFile.IdBytesMax && postingId[0] != '.';
        foreach (var one in postingId) good &= char.IsAsciiLetterOrDigit(one) || one is '-' or '_' or '.';
        if (good) return;
        throw new ArgumentException(
            $"posting id '{postingId}' must have 1 to 100 letters, digits, '-', '_' or '.'", nameof(postingId));
    }

    private void Adopt_NeedsLock()
    {
        foreach (var (file, state) in _files.Adopt())
        {
            var entries = state switch
            {
                Pending => _pending,
                Confirmed => _confirmed,
                _ => _divided,
            };
            // When it was confirmed is not stored: the window starts again, so nothing is dropped early.
            entries.Add(file.PostingId, new Entry(file, _time.GetUtcNow()));
            _nextOrdinal = Math.Max(_nextOrdinal, file.Ordinal + 1);
        }
    }

    private long PendingBytes_NeedsLock()
    {
        long bytes = 0;
        foreach (var entry in _pending.Values) bytes += entry.File.ContentBytes;
        return bytes;
    }

    private void Prune_NeedsLock()
    {
        Prune_NeedsLock(_confirmed, Confirmed);
        Prune_NeedsLock(_divided, Divided);
    }

    private void Prune_NeedsLock(Dictionary<string, Entry> entries, string suffix)
    {
        long bytes = 0;
        foreach (var entry in entries.Values) bytes += entry.File.ContentBytes;
        var now = _time.GetUtcNow();
        foreach (var posting in List(entries))
        {
            var isOld = entries[posting.PostingId].ConfirmedAt + _options.ConfirmedAge <= now;
            if (!isOld && bytes <= _options.ConfirmedBytesMax) continue;
            Delete_NeedsLock(entries, posting.PostingId, suffix);
            bytes -= posting.ContentBytes;
        }
    }

    private void Delete_NeedsLock(Dictionary<string, Entry> entries, string postingId, string suffix)
    {
        if (_directory.Exists(postingId + suffix)) _directory.Delete(postingId + suffix);
        entries.Remove(postingId);
    }

    private T Guarded<T>(Func<T> action)
    {
        try
        {
            lock (_gate) return action();
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            throw new JournalException($"the posting files in {_directory.DisplayName} cannot be used: {error.Message}", error);
        }
    }
}
