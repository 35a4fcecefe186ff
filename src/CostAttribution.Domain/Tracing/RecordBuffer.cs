using System.Buffers;
using System.Buffers.Binary;

namespace CostAttribution.Domain.Tracing;

/// <summary>A growable little-endian byte buffer over pooled arrays. Not thread-safe; dispose returns the array.</summary>
internal sealed class RecordBuffer(int capacity) : IDisposable
{
    private byte[] bytes = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }
    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public void Truncate(int length) => Length = length;

    public Span<byte> Extend(int count)
    {
        if (count > bytes.Length - Length) Grow(count);
        var span = bytes.AsSpan(Length, count);
        Length += count;
        return span;
    }

    public void Write(ReadOnlySpan<byte> value) => value.CopyTo(Extend(value.Length));
    public void WriteByte(byte value) => Extend(1)[0] = value;
    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Extend(2), value);
    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Extend(4), value);
    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Extend(8), value);

    public void WriteShortText(ReadOnlySpan<byte> utf8)
    {
        WriteUInt16((ushort)utf8.Length);
        Write(utf8);
    }

    public void Dispose()
    {
        if (bytes.Length == 0) return;
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        Length = 0;
    }

    private void Grow(int count)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(Length + count), bytes.Length * 2));
        Written.CopyTo(larger);
        if (bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }
}
