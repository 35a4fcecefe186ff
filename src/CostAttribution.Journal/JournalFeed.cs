using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CostAttribution.Journal;

/// <summary>
/// Hands every durable record from a position on to one consumer, exactly once and in order: first what is on disk, then what
/// is appended. Records wait in memory up to <see cref="JournalOptions.FeedBytesMax"/>; when the consumer lags further it reads
/// them back from disk and returns to memory once it has caught up, so a stalled consumer never holds up an acknowledgement.
/// <code>
///   memory ──offer does not fit──▶ behind (offers are dropped, they are on disk)
///   behind ──queue drained, disk read up to the last durable record──▶ memory
/// </code>
/// For one consumer at a time. Lock order: the appender's commit lock, then this one.
/// </summary>
public sealed class JournalFeed : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<JournalRecord> _queue = new();
    private readonly JournalReader _reader;
    private readonly long _bytesMax;
    private long _bytes;
    private ulong _next;
    private ulong _durable;
    private bool _behind;
    private bool _completed;
    private TaskCompletionSource? _waiter;

    internal JournalFeed(JournalReader reader, JournalPosition from, ulong durable, long bytesMax)
    {
        _reader = reader;
        _bytesMax = bytesMax;
        _next = Math.Max(from.Sequence, 1);
        _durable = durable;
        _behind = _next <= durable;
    }

    /// <summary>Everything below was handed out.</summary>
    public JournalPosition Next
    {
        get { lock (_gate) return new JournalPosition(_next); }
    }

    /// <summary>Durable records that were not handed out yet (an upper bound), and whether they come from disk.</summary>
    public (long Records, bool FromDisk) Lag
    {
        get { lock (_gate) return (_durable < _next ? 0 : (long)(_durable - Math.Max(_next, 1) + 1), _behind); }
    }

    /// <summary>
    /// The next record, which the consumer disposes; false when there is none at the moment. Throws
    /// <see cref="JournalException"/> when the disk cannot be read; the next call tries the same record again.
    /// </summary>
    public bool TryRead([NotNullWhen(true)] out JournalRecord? record)
    {
        while (true)
        {
            ulong durable;
            lock (_gate)
            {
                if (_queue.TryDequeue(out record))
                {
                    _bytes -= record.Payload.Length;
                    _next = record.Position.Sequence + 1;
                    return true;
                }
                if (_next > _durable) _behind = false;
                if (!_behind) return false;
                durable = _durable;
            }
            _reader.SkipTo(new JournalPosition(_next));
            var found = _reader.TryRead(out record);
            // If nothing is found, what is left up to here cannot be read back; the reader has reported it.
            lock (_gate) _next = found ? record!.Position.Sequence + 1 : Math.Max(_next, durable + 1);
            if (record is not null) return true;
        }
    }

    /// <summary>
    /// Completes with true when <see cref="TryRead"/> may find a record, with false when there will be no more.
    /// </summary>
    public async ValueTask<bool> WaitToReadAsync(CancellationToken cancel = default)
    {
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (_queue.Count > 0 || (_behind && _next <= _durable)) return true;
                if (_completed) return false;
                _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = _waiter.Task;
            }
            await wait.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>All records until the journal stops; each is disposed by the consumer.</summary>
    public async IAsyncEnumerable<JournalRecord> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        while (await WaitToReadAsync(cancel).ConfigureAwait(false))
        {
            while (TryRead(out var record)) yield return record;
        }
    }

    public void Dispose()
    {
        Complete();
        lock (_gate)
        {
            while (_queue.TryDequeue(out var record)) record.Dispose();
            _bytes = 0;
            _behind = false;
            _next = ulong.MaxValue;
        }
        _reader.Dispose();
    }

    /// <summary>A record became durable. Takes it over, or returns false when it will be read from disk.</summary>
    internal bool TryOffer(JournalRecord record)
    {
        TaskCompletionSource? waiter;
        bool taken;
        lock (_gate)
        {
            _durable = record.Position.Sequence;
            if (_durable < _next) return false;
            taken = !_behind && !_completed && _bytes + record.Payload.Length <= _bytesMax;
            if (taken)
            {
                _queue.Enqueue(record);
                _bytes += record.Payload.Length;
            }
            else
            {
                _behind = true;
            }
            waiter = _waiter;
            _waiter = null;
        }
        waiter?.TrySetResult();
        return taken;
    }

    /// <summary>No more records will be offered.</summary>
    internal void Complete()
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            _completed = true;
            waiter = _waiter;
            _waiter = null;
        }
        waiter?.TrySetResult();
    }
}
