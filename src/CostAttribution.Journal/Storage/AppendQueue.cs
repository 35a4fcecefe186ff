using System.Buffers;

namespace CostAttribution.Journal.Storage;

/// <summary>A record on its way to the disk: the frame's place and the payload in one pooled buffer.</summary>
internal sealed class PendingAppend(byte[] pooledBuffer, int payloadLength, uint payloadCrc, CancellationToken cancel)
{
    private readonly TaskCompletionSource<JournalPosition> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int FrameBytes => RecordFrame.Bytes + payloadLength;

    public int PayloadBytes => payloadLength;

    public Task<JournalPosition> Done => _done.Task;

    public ulong Sequence { get; private set; }

    public ReadOnlyMemory<byte> Frame => pooledBuffer.AsMemory(0, FrameBytes);

    /// <summary>
    /// Copies the payload behind room for its frame; the caller's thread, not the writer's, pays for the checksum.
    /// </summary>
    public static PendingAppend Copy(in ReadOnlySequence<byte> payload, CancellationToken cancel)
    {
        var length = (int)payload.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(RecordFrame.Bytes + length);
        var target = buffer.AsSpan(RecordFrame.Bytes, length);
        payload.CopyTo(target);
        return new PendingAppend(buffer, length, Crc32C.Compute(target), cancel);
    }

    /// <summary>True when the caller has gone before the record was written; it is then let go.</summary>
    public bool TryAbandon()
    {
        if (!cancel.IsCancellationRequested) return false;
        _done.TrySetCanceled(cancel);
        ArrayPool<byte>.Shared.Return(pooledBuffer);
        return true;
    }

    public void Seal(ulong sequence, ulong firstSequence)
    {
        Sequence = sequence;
        new RecordFrame(payloadLength, sequence, payloadCrc).WriteTo(pooledBuffer, firstSequence);
    }

    /// <summary>The durable record; it owns the buffer from here on.</summary>
    public JournalRecord ToRecord() => new(Sequence, pooledBuffer, RecordFrame.Bytes, payloadLength);

    public void Acknowledge() => _done.TrySetResult(new JournalPosition(Sequence));

    public void Refuse(Exception reason)
    {
        _done.TrySetException(reason);
        ArrayPool<byte>.Shared.Return(pooledBuffer);
    }
}

/// <summary>
/// Records waiting for the next group commit, first in first out, bounded by number and size: when full it refuses, it never
/// waits. Many writers, one taker.
/// </summary>
internal sealed class AppendQueue(int recordsMax, long bytesMax)
{
    private readonly Lock _gate = new();
    private readonly Queue<PendingAppend> _queue = new();
    private long _bytes;
    private bool _closed;

    public (long Records, long Bytes) Size
    {
        get { lock (_gate) return (_queue.Count, _bytes); }
    }

    /// <summary>Whether a payload of this size would be taken now.</summary>
    public bool HasRoom(long payloadBytes)
    {
        lock (_gate) return _queue.Count < recordsMax && _bytes + payloadBytes <= bytesMax;
    }

    public JournalRefusal TryAdd(PendingAppend append)
    {
        lock (_gate)
        {
            if (_closed) return JournalRefusal.Stopped;
            if (_queue.Count >= recordsMax || _bytes + append.PayloadBytes > bytesMax) return JournalRefusal.Queue;
            _queue.Enqueue(append);
            _bytes += append.PayloadBytes;
            return JournalRefusal.None;
        }
    }

    /// <summary>
    /// Moves as many as fit into <paramref name="frameBytesMax"/>, at least one if any; returns their size with frames.
    /// </summary>
    public long Take(List<PendingAppend> batch, long frameBytesMax)
    {
        long taken = 0;
        lock (_gate)
        {
            while (_queue.TryPeek(out var append) && (batch.Count == 0 || taken + append.FrameBytes <= frameBytesMax))
            {
                _queue.Dequeue();
                _bytes -= append.PayloadBytes;
                if (append.TryAbandon()) continue;
                batch.Add(append);
                taken += append.FrameBytes;
            }
        }
        return taken;
    }

    /// <summary>From here on everything is refused as stopped.</summary>
    public void Close()
    {
        lock (_gate) _closed = true;
    }
}
