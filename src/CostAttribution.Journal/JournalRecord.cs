using System.Buffers;

namespace CostAttribution.Journal;

/// <summary>
/// A durable record. The payload is pooled memory of the holder until <see cref="Dispose"/>, which gives it back; do not keep
/// slices beyond that. Disposing twice is harmless.
/// </summary>
public sealed class JournalRecord : IDisposable
{
    private readonly int _offset;
    private readonly int _length;
    private byte[]? _buffer;

    internal JournalRecord(ulong sequence, byte[] pooledBuffer, int offset, int length)
    {
        Position = new JournalPosition(sequence);
        _buffer = pooledBuffer;
        _offset = offset;
        _length = length;
    }

    public JournalPosition Position { get; }

    public ReadOnlyMemory<byte> Payload
    {
        get
        {
            ObjectDisposedException.ThrowIf(_buffer is null, this);
            return _buffer.AsMemory(_offset, _length);
        }
    }

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is not null) ArrayPool<byte>.Shared.Return(buffer);
    }
}
