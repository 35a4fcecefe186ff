using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace CostAttribution.ClickHouse.Native;

/// <summary>Values of a read column; the subclass says their shape.</summary>
public abstract class NativeValues(int count)
{
    public int Count { get; } = count;
}

/// <summary>Fixed-width values as their bytes: integers, enums, dates, decimals, fixed strings, floats.</summary>
public sealed class FixedWidthValues(int count, int width, ReadOnlyMemory<byte> bytes) : NativeValues(count)
{
    public int Width { get; } = width;

    /// <summary>The bytes of one value.</summary>
    public ReadOnlySpan<byte> BytesAt(int index) => bytes.Span.Slice(index * Width, Width);

    /// <summary>One value; <typeparamref name="T"/> must be as wide as the column.</summary>
    public T At<T>(int index) where T : unmanaged => MemoryMarshal.Read<T>(BytesAt(index));

    /// <summary>A 16-byte value stored big-endian, as <see cref="FixedStringColumn.Append(UInt128)"/> writes it.</summary>
    public UInt128 BigEndianAt(int index) => BinaryPrimitives.ReadUInt128BigEndian(BytesAt(index));
}

/// <summary>Strings of any length.</summary>
public sealed class StringValues(ReadOnlyMemory<byte> bytes, int[] starts, int[] lengths) : NativeValues(starts.Length)
{
    public ReadOnlyMemory<byte> BytesAt(int index) => bytes.Slice(starts[index], lengths[index]);

    public string At(int index) => Encoding.UTF8.GetString(BytesAt(index).Span);
}

/// <summary>Dictionary-encoded strings: each distinct value is decoded once.</summary>
public sealed class LowCardinalityValues(StringValues? keys, int[] indexes) : NativeValues(indexes.Length)
{
    private readonly string?[] decoded = new string?[keys?.Count ?? 0];

    /// <summary>The distinct values; absent when there are no rows.</summary>
    public StringValues? Keys => keys;

    /// <summary>Place of a row's value in <see cref="Keys"/>.</summary>
    public int IndexAt(int index) => indexes[index];

    public string At(int index)
    {
        var key = indexes[index];
        return decoded[key] ??= keys!.At(key);
    }
}

/// <summary>Values of which some are null.</summary>
public sealed class NullableValues(ReadOnlyMemory<byte> nulls, NativeValues values) : NativeValues(values.Count)
{
    public NativeValues Values { get; } = values;

    public bool IsNull(int index) => nulls.Span[index] != 0;
}

/// <summary>Arrays; also maps, whose elements are the pairs of <see cref="TupleValues"/>.</summary>
public sealed class ArrayValues(int[] ends, NativeValues elements) : NativeValues(ends.Length)
{
    public NativeValues Elements { get; } = elements;

    /// <summary>Index of the row's first element.</summary>
    public int Start(int row) => row == 0 ? 0 : ends[row - 1];

    /// <summary>Index behind the row's last element.</summary>
    public int End(int row) => ends[row];
}

/// <summary>Tuples as one column per place.</summary>
public sealed class TupleValues(int count, NativeValues[] places) : NativeValues(count)
{
    public IReadOnlyList<NativeValues> Places { get; } = places;
}
