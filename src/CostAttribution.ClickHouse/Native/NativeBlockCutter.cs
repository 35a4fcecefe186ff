using System.Buffers;
using System.Buffers.Binary;

namespace CostAttribution.ClickHouse.Native;

/// <summary>Cuts rows out of a block that was read, as a block of their own with the same columns.</summary>
public static class NativeBlockCutter
{
    /// <summary>
    /// The rows of <paramref name="block"/> at the given places, in that order; at least one. Every value of the String column
    /// <paramref name="replaced"/> becomes <paramref name="value"/>; null replaces nothing.
    /// </summary>
    public static byte[] Cut(NativeBlock block, IReadOnlyList<int> rows, string? replaced = null, string value = "")
    {
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count);
        var places = rows as int[] ?? [.. rows];
        var output = new ArrayBufferWriter<byte>(64 * 1024);
        NativeBlockWriter.WriteVarUInt(output, (ulong)block.Columns.Count);
        NativeBlockWriter.WriteVarUInt(output, (ulong)places.Length);
        foreach (var column in block.Columns)
        {
            NativeBlockWriter.WriteString(output, column.Name);
            NativeBlockWriter.WriteString(output, column.Type);
            if (column.Name == replaced)
            {
                if (column.Type != "String") throw new InvalidDataException($"column {replaced} is {column.Type}, not String");
                for (var i = 0; i < places.Length; i++) NativeBlockWriter.WriteString(output, value);
                continue;
            }
            WritePrefix(output, NativeType.Parse(column.Type));
            WriteData(output, column.Values, places);
        }
        return output.WrittenSpan.ToArray();
    }

    private static void WritePrefix(ArrayBufferWriter<byte> output, NativeType type)
    {
        switch (type.Name)
        {
            case "LowCardinality":
                WriteUInt64(output, LowCardinalityColumn.KeysVersion);
                break;
            case "Array" or "Map" or "Nullable":
                foreach (var argument in type.Arguments) WritePrefix(output, NativeType.Parse(argument));
                break;
            case "Tuple" or "Nested":
                foreach (var argument in type.Arguments)
                    WritePrefix(output, NativeType.Parse(NativeType.WithoutFieldName(argument)));
                break;
            case "SimpleAggregateFunction":
                WritePrefix(output, NativeType.Parse(type.Arguments[1]));
                break;
        }
    }

    private static void WriteData(ArrayBufferWriter<byte> output, NativeValues values, ReadOnlySpan<int> rows)
    {
        switch (values)
        {
            case FixedWidthValues fixedWidth:
                foreach (var row in rows) output.Write(fixedWidth.BytesAt(row));
                break;
            case StringValues strings:
                foreach (var row in rows) WriteBytes(output, strings.BytesAt(row).Span);
                break;
            case LowCardinalityValues dictionary:
                WriteDictionary(output, dictionary, rows);
                break;
            case NullableValues nullable:
                foreach (var row in rows) output.Write([nullable.IsNull(row) ? (byte)1 : (byte)0]);
                WriteData(output, nullable.Values, rows);
                break;
            case ArrayValues arrays:
                WriteArrays(output, arrays, rows);
                break;
            case TupleValues tuples:
                foreach (var place in tuples.Places) WriteData(output, place, rows);
                break;
            default:
                throw new InvalidDataException($"{values.GetType().Name} cannot be cut");
        }
    }

    private static void WriteDictionary(ArrayBufferWriter<byte> output, LowCardinalityValues dictionary, ReadOnlySpan<int> rows)
    {
        if (rows.IsEmpty) return;
        var places = new Dictionary<int, int>();
        var keys = new List<int>();
        foreach (var row in rows)
        {
            var key = dictionary.IndexAt(row);
            if (!places.TryAdd(key, keys.Count)) continue;
            keys.Add(key);
        }
        var width = keys.Count <= 1 << 8 ? 0 : keys.Count <= 1 << 16 ? 1 : 2;
        WriteUInt64(output, (ulong)width | LowCardinalityColumn.HasKeys | LowCardinalityColumn.ReplacesDictionary);
        WriteUInt64(output, (ulong)keys.Count);
        foreach (var key in keys) WriteBytes(output, dictionary.Keys!.BytesAt(key).Span);
        WriteUInt64(output, (ulong)rows.Length);
        foreach (var row in rows)
        {
            var room = output.GetSpan(4);
            BinaryPrimitives.WriteInt32LittleEndian(room, places[dictionary.IndexAt(row)]);
            output.Advance(1 << width);
        }
    }

    private static void WriteArrays(ArrayBufferWriter<byte> output, ArrayValues arrays, ReadOnlySpan<int> rows)
    {
        var elements = new List<int>();
        foreach (var row in rows)
        {
            for (var element = arrays.Start(row); element < arrays.End(row); element++) elements.Add(element);
            WriteUInt64(output, (ulong)elements.Count);
        }
        WriteData(output, arrays.Elements, elements.ToArray());
    }

    private static void WriteBytes(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        NativeBlockWriter.WriteVarUInt(output, (ulong)bytes.Length);
        output.Write(bytes);
    }

    private static void WriteUInt64(ArrayBufferWriter<byte> output, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }
}
