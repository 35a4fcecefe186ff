using System.Buffers;
using System.Buffers.Binary;

namespace CostAttribution.ClickHouse.Native;

/// <summary>
/// A <c>LowCardinality(String)</c> column: the distinct values of the block, then per row the index of its value, as narrow as
/// the number of values allows.
/// <code>
/// prefix  UInt64 1 (version: keys travel with the block)
/// data    UInt64 index width (0–2: 1, 2, 4 bytes) | 0x200 (has keys) | 0x400 (replace dictionary)
///         UInt64 number of keys, the keys as a String column
///         UInt64 number of rows, the indexes
/// </code>
/// </summary>
public sealed class LowCardinalityColumn() : NativeColumn("LowCardinality(String)")
{
    internal const ulong KeysVersion = 1;
    internal const ulong HasKeys = 0x200;
    internal const ulong ReplacesDictionary = 0x400;

    private readonly Dictionary<string, int> indexes = new(StringComparer.Ordinal);
    private readonly StringColumn keys = new();
    private readonly PooledList<int> rows = new();
    private string? lastValue;
    private int lastIndex;

    public override int Rows => rows.Count;

    public void Append(string value)
    {
        if (ReferenceEquals(value, lastValue))
        {
            rows.Add(lastIndex);
            return;
        }
        if (!indexes.TryGetValue(value, out var index))
        {
            index = indexes.Count;
            indexes.Add(value, index);
            keys.Append(value);
        }
        lastValue = value;
        lastIndex = index;
        rows.Add(index);
    }

    public override void Clear()
    {
        indexes.Clear();
        keys.Clear();
        rows.Clear();
        lastValue = null;
    }

    public override void Dispose()
    {
        indexes.Clear();
        keys.Dispose();
        rows.Dispose();
        lastValue = null;
    }

    protected internal override void WritePrefix(IBufferWriter<byte> output) => WriteUInt64(output, KeysVersion);

    protected internal override void WriteData(IBufferWriter<byte> output)
    {
        var width = indexes.Count <= 1 << 8 ? 0 : indexes.Count <= 1 << 16 ? 1 : 2;
        WriteUInt64(output, (ulong)width | HasKeys | ReplacesDictionary);
        WriteUInt64(output, (ulong)indexes.Count);
        keys.WriteData(output);
        WriteUInt64(output, (ulong)rows.Count);
        WriteIndexes(output, 1 << width);
    }

    private void WriteIndexes(IBufferWriter<byte> output, int indexBytes)
    {
        var values = rows.Values;
        if (indexBytes == 4)
        {
            rows.WriteTo(output);
            return;
        }
        var destination = output.GetSpan(values.Length * indexBytes);
        if (indexBytes == 1)
        {
            for (var i = 0; i < values.Length; i++) destination[i] = (byte)values[i];
        }
        else
        {
            for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteUInt16LittleEndian(destination[(2 * i)..],
                (ushort)values[i]);
        }
        output.Advance(values.Length * indexBytes);
    }

    private static void WriteUInt64(IBufferWriter<byte> output, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }
}
