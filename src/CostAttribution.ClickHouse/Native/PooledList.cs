using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CostAttribution.ClickHouse.Native;

/// <summary>A growing array of plain values from the shared pool.</summary>
internal sealed class PooledList<T> : IDisposable where T : unmanaged
{
    private const int FirstCapacity = 256;

    private T[] values = ArrayPool<T>.Shared.Rent(FirstCapacity);

    public int Count { get; private set; }

    public Span<T> Values => values.AsSpan(0, Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T value)
    {
        if (Count == values.Length) Grow(1);
        values[Count++] = value;
    }

    /// <summary>Appends room for <paramref name="length"/> values and returns it to be filled.</summary>
    public Span<T> Extend(int length)
    {
        if (values.Length - Count < length) Grow(length);
        var room = values.AsSpan(Count, length);
        Count += length;
        return room;
    }

    /// <summary>Takes back the last <paramref name="length"/> values.</summary>
    public void Shrink(int length) => Count -= length;

    public void Clear() => Count = 0;

    public void WriteTo(IBufferWriter<byte> output) => output.Write(MemoryMarshal.AsBytes(Values));

    public void Dispose()
    {
        if (values.Length > 0) ArrayPool<T>.Shared.Return(values);
        values = [];
        Count = 0;
    }

    private void Grow(int length)
    {
        var larger = ArrayPool<T>.Shared.Rent(Math.Max(checked(Count + length), Math.Max(FirstCapacity, values.Length * 2)));
        Values.CopyTo(larger);
        if (values.Length > 0) ArrayPool<T>.Shared.Return(values);
        values = larger;
    }
}
