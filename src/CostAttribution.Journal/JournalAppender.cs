using System.Buffers;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Storage;

namespace CostAttribution.Journal;

/// <summary>
/// Makes records durable, many with one sync (group commit): while a sync runs, appends queue up, and the next one covers them
/// all. One writer: <see cref="RunAsync"/>, or a host that calls <see cref="Commit"/> itself.
/// <code>
///            room                 write or sync fails
///   Open ──────────▶ Open       Open ──────────────▶ Failed ──new segment (every RetryInterval)──▶ Open
///     └─no room─▶ Full or FreeSpace ──room again─▶ Open          any ──stop──▶ Stopped
/// </code>
/// A segment in which a sync failed is never written again, and nothing in it behind its last good sync is ever acknowledged.
/// </summary>
public sealed class JournalAppender : IDisposable
{
    private readonly StoreDirectory _directory;
    private readonly JournalOptions _options;
    private readonly TimeProvider _time;
    private readonly SegmentCatalog _catalog;
    private readonly JournalTally _tally;
    private readonly AppendQueue _queue;
    private readonly AutoResetEvent _work = new(initialState: false);
    private readonly Lock _commitGate = new();
    private readonly List<PendingAppend> _batch = [];
    private readonly ActiveSegment _segment;
    private JournalFeed? _feed;
    private ulong _nextSequence;
    private volatile JournalRefusal _refusal;
    private Exception? _failure;
    private long _appendedRecords;
    private long _appendedBytes;
    private long _writtenBytes;
    private long _syncs;
    private long _syncTicks;
    private long _refusedFull;
    private long _refusedFailed;
    private long _writeFailures;

    internal JournalAppender(StoreDirectory directory, string nodeId, JournalOptions options, TimeProvider time,
        SegmentCatalog catalog, JournalTally tally, ulong nextSequence)
    {
        _directory = directory;
        _options = options;
        _time = time;
        _catalog = catalog;
        _tally = tally;
        _segment = new ActiveSegment(directory, nodeId, catalog, time);
        _queue = new AppendQueue(options.QueueRecordsMax, options.QueueBytesMax);
        _nextSequence = nextSequence;
        _refusal = JournalRefusal.Failed;
    }

    /// <summary>Why nothing is taken at the moment. Cheap: ask before decoding a request.</summary>
    public JournalRefusal Refusal => _refusal;

    /// <summary>
    /// Appends one record and completes when it is durable, in order of position. The payload is copied before the call
    /// returns. Throws <see cref="JournalFullException"/> or <see cref="JournalFailedException"/> when it is not acknowledged.
    /// After a cancellation it is unknown whether it was kept, as after any lost answer.
    /// </summary>
    public ValueTask<JournalPosition> AppendAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel = default) =>
        AppendAsync(new ReadOnlySequence<byte>(payload), cancel);

    /// <summary>The same for a payload in several pieces.</summary>
    public ValueTask<JournalPosition> AppendAsync(in ReadOnlySequence<byte> payload, CancellationToken cancel = default)
    {
        if (payload.Length < 1 || payload.Length > _options.RecordBytesMax)
        {
            var text = $"a record must have 1 to {_options.RecordBytesMax} bytes, not {payload.Length}";
            throw new ArgumentException(text, nameof(payload));
        }
        if (cancel.IsCancellationRequested) return ValueTask.FromCanceled<JournalPosition>(cancel);
        var refusal = _refusal;
        if (refusal is not JournalRefusal.None) return ValueTask.FromException<JournalPosition>(Refused(refusal));
        if (!_queue.HasRoom(payload.Length)) return ValueTask.FromException<JournalPosition>(Refused(JournalRefusal.Queue));

        var append = PendingAppend.Copy(payload, cancel);
        if (_queue.TryAdd(append) is not JournalRefusal.None and var late)
        {
            append.Refuse(Refused(late));
            return new ValueTask<JournalPosition>(append.Done);
        }
        _work.Set();
        return new ValueTask<JournalPosition>(cancel.CanBeCanceled ? append.Done.WaitAsync(cancel) : append.Done);
    }

    /// <summary>
    /// Runs the writer on a thread of its own until told to stop or disposed; then commits what was queued, refuses what
    /// comes later, and
    /// returns. Ends with an exception only for a fault of the program; everything is refused from then on.
    /// </summary>
    public Task RunAsync(CancellationToken stop) =>
        Task.Factory.StartNew(() => Run(stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>
    /// Commits all that is queued, after trying to leave a failed or full state, and returns how many records became durable.
    /// For hosts that schedule themselves; safe beside <see cref="RunAsync"/>.
    /// </summary>
    public int Commit()
    {
        lock (_commitGate)
        {
            if (_refusal is JournalRefusal.Stopped) return 0;
            TryReady();
            var durable = 0;
            while (true)
            {
                _batch.Clear();
                var bytes = _queue.Take(_batch, Math.Min(_options.BatchBytesMax, _options.SegmentBytesMax - SegmentHeader.Bytes));
                if (_batch.Count == 0) return durable;
                durable += CommitBatch(bytes);
            }
        }
    }

    public void Dispose()
    {
        // The signal stays: a late append or timer may still set it.
        Stop();
    }

    /// <summary>The largest record would find no room on the disk or in the journal.</summary>
    internal bool IsShort => HasRoom(_options.RecordBytesMax) is not JournalRefusal.None;

    /// <summary>Lets the writer look again whether there is room.</summary>
    internal void Wake()
    {
        if (_refusal is JournalRefusal.Full or JournalRefusal.FreeSpace) _work.Set();
    }

    /// <summary>Opens the first segment; when the disk refuses that, starts in the failed state.</summary>
    internal void Start()
    {
        lock (_commitGate) TryReady();
    }

    /// <summary>No number below the position is given to a record any more.</summary>
    internal void SkipTo(JournalPosition position)
    {
        lock (_commitGate)
        {
            if (position.Sequence <= _nextSequence) return;
            // The numbers in a segment have no gaps, so the next record gets a new one.
            _segment.Close();
            _nextSequence = position.Sequence;
            _catalog.RaiseDurable(position.Sequence - 1);
            if (_refusal is JournalRefusal.None) _refusal = JournalRefusal.Failed;
            TryReady();
        }
    }

    /// <summary>Durable records go to the feed from here on; <paramref name="attach"/> gets the last one before.</summary>
    internal JournalFeed Attach(Func<ulong, JournalFeed> attach)
    {
        lock (_commitGate) return _feed = attach(_catalog.DurableSequence);
    }

    internal JournalStatistics AddTo(JournalStatistics statistics)
    {
        var (records, bytes) = _queue.Size;
        return statistics with
        {
            Refusal = _refusal,
            QueuedRecords = records,
            QueuedBytes = bytes,
            AppendedRecords = Interlocked.Read(ref _appendedRecords),
            AppendedBytes = Interlocked.Read(ref _appendedBytes),
            WrittenBytes = Interlocked.Read(ref _writtenBytes),
            Syncs = Interlocked.Read(ref _syncs),
            LastSyncDuration = TimeSpan.FromTicks(Interlocked.Read(ref _syncTicks)),
            RefusedFull = Interlocked.Read(ref _refusedFull),
            RefusedFailed = Interlocked.Read(ref _refusedFailed),
            WriteFailures = Interlocked.Read(ref _writeFailures),
        };
    }

    private void Run(CancellationToken stop)
    {
        using var timer = _time.CreateTimer(_ => _work.Set(), null, _options.RetryInterval, _options.RetryInterval);
        WaitHandle[] signals = [stop.WaitHandle, _work];
        try
        {
            while (!stop.IsCancellationRequested && _refusal is not JournalRefusal.Stopped)
            {
                Commit();
                WaitHandle.WaitAny(signals);
            }
        }
        finally
        {
            Stop();
        }
    }

    private void Stop()
    {
        lock (_commitGate)
        {
            if (_refusal is JournalRefusal.Stopped) return;
            _queue.Close();
            try
            {
                Commit();
                Seal();
            }
            finally
            {
                _refusal = JournalRefusal.Stopped;
                RefuseQueued(JournalRefusal.Stopped);
                _segment.Retire();
                _feed?.Complete();
                _work.Set();
            }
        }
    }

    private int CommitBatch(long frameBytes)
    {
        if (_refusal is JournalRefusal.None) FindRoom(frameBytes);
        if (_refusal is JournalRefusal.None && !_segment.HasRoom(frameBytes, _options.SegmentBytesMax)) Roll();
        if (_refusal is not JournalRefusal.None and var refusal) return RefuseBatch(refusal);

        var first = _nextSequence;
        _nextSequence += (ulong)_batch.Count;
        var started = _time.GetTimestamp();
        try
        {
            _segment.Append(_batch, first);
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            Poison(error);
            return RefuseBatch(JournalRefusal.Failed);
        }
        Interlocked.Exchange(ref _syncTicks, _time.GetElapsedTime(started).Ticks);
        Interlocked.Increment(ref _syncs);
        Interlocked.Add(ref _writtenBytes, frameBytes);
        return Acknowledge();
    }

    /// <summary>Hands the batch to the feed, then tells the senders, both in order.</summary>
    private int Acknowledge()
    {
        var count = _batch.Count;
        long payload = 0;
        foreach (var append in _batch)
        {
            payload += append.PayloadBytes;
            var record = append.ToRecord();
            if (_feed is null || !_feed.TryOffer(record)) record.Dispose();
        }
        Interlocked.Add(ref _appendedRecords, count);
        Interlocked.Add(ref _appendedBytes, payload);
        foreach (var append in _batch) append.Acknowledge();
        _batch.Clear();
        return count;
    }

    private int RefuseBatch(JournalRefusal refusal)
    {
        foreach (var append in _batch) append.Refuse(Refused(refusal));
        _batch.Clear();
        return 0;
    }

    private void RefuseQueued(JournalRefusal refusal)
    {
        RefuseBatch(refusal);
        _queue.Take(_batch, long.MaxValue);
        RefuseBatch(refusal);
    }

    /// <summary>
    /// Ends the full and the failed state when their cause is gone, and begins the failed one when the segment's file is.
    /// </summary>
    private void TryReady()
    {
        FindFile();
        var isFull = _refusal is JournalRefusal.Full or JournalRefusal.FreeSpace;
        if (isFull && HasRoom(_options.RecordBytesMax) is JournalRefusal.None)
        {
            _refusal = JournalRefusal.None;
            _tally.Report(JournalEventKind.Accepting, "there is room again; records are accepted");
        }
        if (_refusal is not JournalRefusal.Failed || _segment.IsOpen || !TryOpenSegment()) return;
        if (_failure is not null) _tally.Report(JournalEventKind.Recovered, "a new segment could be opened");
        _failure = null;
        _refusal = JournalRefusal.None;
    }

    private void FindRoom(long frameBytes)
    {
        var refusal = HasRoom(frameBytes);
        if (refusal is JournalRefusal.None or JournalRefusal.Failed) return;
        _refusal = refusal;
        _tally.Report(JournalEventKind.PushingBack, Refused(refusal, count: false).Message);
    }

    private JournalRefusal HasRoom(long frameBytes)
    {
        if (_catalog.Bytes + frameBytes + SegmentHeader.Bytes > _options.JournalBytesMax) return JournalRefusal.Full;
        if (_options.FreeBytesMin == 0) return JournalRefusal.None;
        try
        {
            return _directory.FreeBytes() - frameBytes < _options.FreeBytesMin ? JournalRefusal.FreeSpace : JournalRefusal.None;
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            // The write that follows finds out whether the disk works.
            return JournalRefusal.None;
        }
    }

    private void Roll()
    {
        _segment.Close();
        if (!TryOpenSegment()) _refusal = JournalRefusal.Failed;
    }

    /// <summary>
    /// An empty segment behind the last one says how far that was acknowledged: what goes bad at its end while nothing runs is
    /// then not taken for a write that was cut off.
    /// </summary>
    private void Seal()
    {
        if (_segment.HasRecords && _refusal is not JournalRefusal.Failed) Roll();
    }

    private bool TryOpenSegment()
    {
        try
        {
            _segment.Open(_nextSequence);
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            ReportFailure(error);
            return false;
        }
        Interlocked.Add(ref _writtenBytes, SegmentHeader.Bytes);
        return true;
    }

    private void FindFile()
    {
        try
        {
            _segment.CheckName();
        }
        catch (Exception error) when (StoreErrors.IsDiskFailure(error))
        {
            Poison(error);
        }
    }

    /// <summary>A write or sync failed, or the file is gone: the segment is over.</summary>
    private void Poison(Exception error)
    {
        _refusal = JournalRefusal.Failed;
        _segment.Abandon();
        ReportFailure(error);
    }

    private void ReportFailure(Exception error)
    {
        Interlocked.Increment(ref _writeFailures);
        if (_failure is null)
        {
            _tally.Report(JournalEventKind.WriteFailed,
                $"cannot write the journal in {_directory.DisplayName}: {error.Message}; senders are refused until it works");
        }
        _failure = error;
    }

    private JournalException Refused(JournalRefusal refusal, bool count = true)
    {
        var isOutOfSpace = refusal is JournalRefusal.Failed && _failure is { } failure && StoreErrors.IsDiskFull(failure);
        if (isOutOfSpace) refusal = JournalRefusal.FreeSpace;
        var isFull = refusal is JournalRefusal.Full or JournalRefusal.FreeSpace or JournalRefusal.Queue;
        if (count) Interlocked.Increment(ref isFull ? ref _refusedFull : ref _refusedFailed);
        if (isFull) return new JournalFullException(refusal, _options.RetryInterval);
        var text = refusal is JournalRefusal.Stopped
            ? "the journal takes no more records: the server is stopping"
            : "the journal cannot be written; the record was not kept";
        return new JournalFailedException(refusal, text, _options.RetryInterval, _failure);
    }
}
