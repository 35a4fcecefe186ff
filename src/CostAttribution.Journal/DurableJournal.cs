using CostAttribution.Journal.Aside;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;

namespace CostAttribution.Journal;

/// <summary>
/// A crash-safe append-only log of opaque records in one directory, owned by one node. Holds the directory's lock while open.
/// <code>
///   senders ─▶ Appender (queue, group commit) ─▶ journal-….seg ─▶ Feed or Reader ─▶ consumer ─▶ TrimTo
///                                                      └ damaged stretches ─▶ quarantine/
/// </code>
/// </summary>
public sealed class DurableJournal : IDisposable
{
    private const string LockName = "lock";

    private readonly StoreDirectory _directory;
    private readonly JournalOptions _options;
    private readonly TimeProvider _time;
    private readonly SegmentCatalog _catalog = new();
    private readonly Lock _trimGate = new();
    private readonly JournalTally _tally;
    private readonly Quarantine _quarantine;
    private readonly UnreadableParts _unreadable = new();
    private IDisposable? _lock;
    private JournalBookmark? _bookmark;
    private JournalAppender? _appender;
    private JournalFeed? _feed;
    private long _trimmedSegments;
    private long _trimmedBytes;

    private DurableJournal(StoreDirectory directory, JournalOptions options, TimeProvider time, Action<JournalEvent>? onEvent)
    {
        _directory = directory;
        _options = options;
        _time = time;
        _tally = new JournalTally(onEvent);
        _quarantine = new Quarantine(directory, _unreadable, options.QuarantineBytesMax);
    }

    /// <summary>Takes records.</summary>
    public JournalAppender Appender => _appender!;

    /// <summary>Every record below is durable in the store.</summary>
    public JournalPosition LowWaterMark => _bookmark!.Position;

    /// <summary>
    /// Adopts what is on disk and opens a new segment behind it; when the disk does not allow that, the journal can be read and
    /// trimmed and its appender starts in the failed state. <paramref name="onEvent"/> is called from any thread and must not
    /// block.
    /// </summary>
    /// <exception cref="JournalException">The directory is locked, belongs to another node, holds files of a newer version, or
    /// cannot be read.</exception>
    public static DurableJournal Open(StoreDirectory directory, string nodeId, JournalOptions options, TimeProvider time,
        Action<JournalEvent>? onEvent = null)
    {
        var faults = options.Validate();
        if (faults.Count > 0) throw new ArgumentException(string.Join("; ", faults), nameof(options));
        NodeIdentity.CheckName(nodeId);
        var journal = new DurableJournal(directory, options, time, onEvent);
        try
        {
            journal.Adopt(nodeId);
            return journal;
        }
        catch (Exception error)
        {
            journal.Dispose();
            if (!StoreErrors.IsDiskFailure(error)) throw;
            throw new JournalException($"cannot open the journal in {directory.DisplayName}: {error.Message}", error);
        }
    }

    /// <summary>
    /// The way of records to their one consumer, from a position on. A journal has one feed at a time; the former one must be
    /// disposed. See <see cref="OpenReader"/> for the positions allowed.
    /// </summary>
    public JournalFeed OpenFeed(JournalPosition from)
    {
        CheckReadable(from);
        return _feed = Appender.Attach(durable => new JournalFeed(NewReader(from), from, durable, _options.FeedBytesMax));
    }

    /// <summary>
    /// Reads from disk, from a position on. <see cref="JournalPosition.Oldest"/> reads all there is; any other position below
    /// the oldest record was trimmed, and one beyond the end belongs to another journal: both throw
    /// <see cref="JournalException"/>.
    /// </summary>
    public JournalReader OpenReader(JournalPosition from)
    {
        CheckReadable(from);
        return NewReader(from);
    }

    /// <summary>
    /// Called at start when the store has confirmed records up to the position and this journal ends before it (its end was
    /// lost, or the directory is new): later records get later positions, so none is taken for one that was posted.
    /// </summary>
    public void SkipTo(JournalPosition position) => Appender.SkipTo(position);

    /// <summary>
    /// Everything below the position is durable in the store: remembers that durably, then deletes whole segments below it that
    /// exceed the window. A position that is not ahead of the mark only deletes. Throws <see cref="JournalException"/> when the
    /// disk fails; safe to try again.
    /// </summary>
    public void TrimTo(JournalPosition position)
    {
        if (position.Sequence > _catalog.DurableSequence + 1)
        {
            throw new JournalException($"position {position} is beyond the end of the journal, {_catalog.DurableSequence}");
        }
        Trim(() => _bookmark!.Advance(position));
    }

    /// <summary>
    /// Deletes what has left the window and, while there is no room for another record, what is still in it, oldest first. To be
    /// called every now and then: <see cref="TrimTo"/> is not while the store takes nothing. Throws as that does.
    /// </summary>
    public void Prune() => Trim(static () => { });

    private void Trim(Action before)
    {
        try
        {
            lock (_trimGate)
            {
                before();
                Trim_NeedsLock();
            }
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            throw new JournalException($"cannot trim the journal in {_directory.DisplayName}: {error.Message}", error);
        }
        finally
        {
            Appender.Wake();
        }
    }

    /// <summary>
    /// Keeps the payload of a record that checks and that its consumer cannot read, as
    /// <c>quarantine/record-&lt;sequence&gt;.bin</c>. Returns the file's name, or null when the quarantine is full. Throws
    /// <see cref="JournalException"/> when the disk fails; safe to try again, and the record must not be trimmed before.
    /// </summary>
    public string? SetAside(JournalRecord record)
    {
        try
        {
            return _quarantine.Keep(record);
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            throw new JournalException(
                $"record {record.Position} cannot be set aside in {_directory.DisplayName}: {error.Message}", error);
        }
    }

    /// <summary>
    /// What the consumer sets aside under a name of its own, in <c>quarantine/&lt;folder&gt;</c>. One holder per folder at a
    /// time.
    /// </summary>
    public AsideFiles OpenAside(string folder) =>
        new(_directory, folder, _options.QuarantineBytesMax);

    public JournalStatistics Statistics()
    {
        var lag = _feed?.Lag ?? (0, false);
        return Appender.AddTo(new JournalStatistics
        {
            Refusal = JournalRefusal.None,
            Bytes = _catalog.Bytes,
            HeldBytes = _catalog.BytesFrom(LowWaterMark.Sequence),
            Segments = _catalog.Count,
            OldestPosition = new JournalPosition(_catalog.OldestSequence),
            LowWaterMark = LowWaterMark,
            DurablePosition = new JournalPosition(_catalog.DurableSequence),
            QueuedRecords = 0,
            QueuedBytes = 0,
            AppendedRecords = 0,
            AppendedBytes = 0,
            WrittenBytes = 0,
            Syncs = 0,
            LastSyncDuration = TimeSpan.Zero,
            RefusedFull = 0,
            RefusedFailed = 0,
            WriteFailures = 0,
            TrimmedSegments = Interlocked.Read(ref _trimmedSegments),
            TrimmedBytes = Interlocked.Read(ref _trimmedBytes),
            TornBytes = _tally.TornBytes,
            DamagedStretches = _tally.DamagedStretches,
            DamagedBytes = _tally.DamagedBytes,
            MissingRecords = _tally.MissingRecords,
            DoubtfulRecords = _tally.DoubtfulRecords,
            UnreadableBytes = _tally.UnreadableBytes,
            FeedLagRecords = lag.Records,
            FeedReadsDisk = lag.FromDisk,
        });
    }

    /// <summary>Commits what is queued, stops the appender and releases the directory.</summary>
    public void Dispose()
    {
        _appender?.Dispose();
        _feed?.Dispose();
        _bookmark?.Dispose();
        _lock?.Dispose();
    }

    private void Adopt(string nodeId)
    {
        _lock = _directory.Lock(LockName);
        JournalBookmark.RefuseNewer(_directory);
        InstanceFile.RefuseNewer(_directory);
        var recovery = new SegmentRecovery(_directory, _catalog, _quarantine, _tally, _options.ReadTries);
        var next = recovery.Load(nodeId, _time.GetUtcNow().ToUnixTimeMilliseconds());
        _bookmark = JournalBookmark.Open(_directory, out var damaged);
        if (damaged)
        {
            _tally.Report(JournalEventKind.BookmarkDamaged,
                $"the low-water mark in {_directory.DisplayName} does not check; reading starts at the oldest record");
        }
        if (LowWaterMark.Sequence > _catalog.DurableSequence + 1)
        {
            // The end of the journal was lost after it had been posted, or no segment is left that says how far it went: its
            // numbers must not be given out again, and reading starts behind them.
            next = Math.Max(next, LowWaterMark.Sequence);
            _catalog.RaiseDurable(LowWaterMark.Sequence - 1);
        }
        _appender = new JournalAppender(_directory, nodeId, _options, _time, _catalog, _tally, next);
        _appender.Start();
    }

    private JournalReader NewReader(JournalPosition from) =>
        new(_directory, _catalog, _quarantine, _tally, new ReadPatience(_options, _time), _unreadable, from);

    private void CheckReadable(JournalPosition from)
    {
        if (from == JournalPosition.Oldest) return;
        var oldest = _catalog.OldestSequence;
        var end = _catalog.DurableSequence + 1;
        if (from.Sequence < oldest && oldest <= end)
        {
            throw new JournalException($"position {from} was trimmed; the oldest record that can be read is {oldest}");
        }
        if (from.Sequence > end)
        {
            throw new JournalException(
                $"position {from} is beyond the end of the journal, {end}; it belongs to another data directory");
        }
    }

    private void Trim_NeedsLock()
    {
        var closedBefore = _time.GetUtcNow().ToUnixTimeMilliseconds() - (long)_options.WindowAge.TotalMilliseconds;
        while ((_catalog.Trimmable(LowWaterMark.Sequence, _options.WindowBytesMax, closedBefore)
            ?? OldestIfShort()) is { } segment)
        {
            if (_directory.Exists(segment.Name)) _quarantine.Settle(segment.Name);
            // A former try may have deleted it and failed to sync the directory.
            if (_directory.Exists(segment.Name)) _directory.Delete(segment.Name);
            else _directory.SyncAll();
            _unreadable.Forget(segment.Name);
            _catalog.RemoveOldest();
            Interlocked.Increment(ref _trimmedSegments);
            Interlocked.Add(ref _trimmedBytes, segment.FileBytes);
        }
    }

    // What is kept for looking at must not keep senders out.
    private Segment? OldestIfShort() => Appender.IsShort
        ? _catalog.Trimmable(LowWaterMark.Sequence, windowBytesMax: -1, closedBeforeUnixMs: long.MinValue) : null;
}
