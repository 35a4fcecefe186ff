using System.Buffers;
using CostAttribution.Journal.Filesystem;

namespace CostAttribution.Journal.Storage;

/// <summary>What <see cref="SegmentScanner.Next"/> found.</summary>
internal enum ScanStep
{
    /// <summary>A whole record with good checksums.</summary>
    Record,

    /// <summary>A stretch that does not check, with something behind it. The scanner stands behind the stretch.</summary>
    Damage,

    /// <summary>Exactly at the limit.</summary>
    End,

    /// <summary>Bytes up to the limit that hold no whole record. The scanner stands at the limit.</summary>
    Tail,
}

/// <summary>
/// Reads the records of one segment in order and finds its way behind damage: after bytes that are no frame it looks for the
/// next marker whose frame and payload check and whose sequence is later. Never returns a payload that does not check, never
/// reads beyond the limit it is given, allocates no more than its window and one payload. How long a payload may be is not
/// checked against today's setting: an older one may have allowed more.
/// </summary>
internal sealed class SegmentScanner : IDisposable
{
    private const int WindowBytes = 256 * 1024;

    private readonly StoreFile _file;
    private readonly ulong _firstSequence;
    private readonly byte[] _window = ArrayPool<byte>.Shared.Rent(WindowBytes);
    private long _windowOffset;
    private int _windowLength;
    private bool _disposed;

    /// <summary>Takes over the file.</summary>
    public SegmentScanner(StoreFile file, ulong firstSequence, long offset = SegmentHeader.Bytes)
    {
        _file = file;
        _firstSequence = firstSequence;
        Offset = offset;
        NextSequence = firstSequence;
    }

    /// <summary>The file being read.</summary>
    public StoreFile File => _file;

    /// <summary>Where the next step starts.</summary>
    public long Offset { get; private set; }

    /// <summary>The sequence that the next record has if nothing is missing.</summary>
    public ulong NextSequence { get; private set; }

    /// <summary>The part that <see cref="ScanStep.Damage"/> or <see cref="ScanStep.Tail"/> reported.</summary>
    public Stretch Bad { get; private set; }

    /// <summary>
    /// The sequence of the whole frame whose payload does not check, when that is what <see cref="ScanStep.Damage"/> reported.
    /// </summary>
    public ulong? BadSequence { get; private set; }

    /// <summary>One step. <paramref name="record"/> is set for <see cref="ScanStep.Record"/> and belongs to the caller.</summary>
    public ScanStep Next(long limit, out JournalRecord? record)
    {
        record = null;
        BadSequence = null;
        if (Offset >= limit) return ScanStep.End;
        var start = Offset;
        if (TryReadFrame(start, limit, out var frame))
        {
            if (frame.TotalBytes > limit - start) return FinishTail(limit);
            record = TryReadPayload(start, frame);
            Offset = start + frame.TotalBytes;
            if (record is not null)
            {
                NextSequence = frame.Sequence + 1;
                return ScanStep.Record;
            }
            Bad = new Stretch(start, frame.TotalBytes);
            BadSequence = frame.Sequence;
            return ScanStep.Damage;
        }
        if (!TryFindRecord(start + 1, limit, out var found)) return FinishTail(limit);
        Bad = new Stretch(start, found - start);
        Offset = found;
        return ScanStep.Damage;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        ArrayPool<byte>.Shared.Return(_window);
        _file.Dispose();
    }

    private ScanStep FinishTail(long limit)
    {
        Bad = new Stretch(Offset, limit - Offset);
        Offset = limit;
        return ScanStep.Tail;
    }

    private bool TryReadFrame(long offset, long limit, out RecordFrame frame)
    {
        frame = default;
        return limit - offset >= RecordFrame.Bytes
            && TryLoad(offset, RecordFrame.Bytes, limit)
            && RecordFrame.TryRead(Loaded(offset, RecordFrame.Bytes), _firstSequence, out frame)
            && frame.Sequence >= NextSequence && frame.Sequence < ulong.MaxValue;
    }

    /// <summary>Null when the payload does not match its checksum.</summary>
    private JournalRecord? TryReadPayload(long offset, RecordFrame frame)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(frame.PayloadLength);
        var payload = buffer.AsSpan(0, frame.PayloadLength);
        var good = false;
        try
        {
            good = TryCopy(offset + RecordFrame.Bytes, payload) && Crc32C.Compute(payload) == frame.PayloadCrc;
            return good ? new JournalRecord(frame.Sequence, buffer, 0, frame.PayloadLength) : null;
        }
        finally
        {
            if (!good) ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The first offset at which a whole, later record stands.</summary>
    private bool TryFindRecord(long from, long limit, out long found)
    {
        for (var offset = from; limit - offset >= RecordFrame.Bytes && TryLoad(offset, RecordFrame.Bytes, limit);)
        {
            var loaded = Loaded(offset, (int)(_windowOffset + _windowLength - offset));
            var at = loaded.IndexOf(RecordFrame.MarkerBytes);
            if (at < 0)
            {
                // A marker may straddle the end of the window.
                offset += loaded.Length - (RecordFrame.MarkerBytes.Length - 1);
                continue;
            }
            found = offset + at;
            if (TryReadFrame(found, limit, out var frame) && frame.TotalBytes <= limit - found)
            {
                using var record = TryReadPayload(found, frame);
                if (record is not null) return true;
            }
            offset = found + 1;
        }
        found = 0;
        return false;
    }

    private bool TryCopy(long offset, Span<byte> destination)
    {
        var inWindow = 0;
        if (offset >= _windowOffset && offset < _windowOffset + _windowLength)
        {
            inWindow = (int)Math.Min(destination.Length, _windowOffset + _windowLength - offset);
            Loaded(offset, inWindow).CopyTo(destination);
        }
        var rest = destination[inWindow..];
        return rest.IsEmpty || _file.Read(rest, offset + inWindow) == rest.Length;
    }

    private ReadOnlySpan<byte> Loaded(long offset, int length) => _window.AsSpan((int)(offset - _windowOffset), length);

    /// <summary>The window never holds bytes beyond the limit: they may still be changing under the writer.</summary>
    private bool TryLoad(long offset, int length, long limit)
    {
        if (offset >= _windowOffset && offset + length <= _windowOffset + _windowLength) return true;
        var count = (int)Math.Min(WindowBytes, limit - offset);
        _windowLength = 0;
        _windowLength = _file.Read(_window.AsSpan(0, count), offset);
        _windowOffset = offset;
        return _windowLength >= length;
    }
}
