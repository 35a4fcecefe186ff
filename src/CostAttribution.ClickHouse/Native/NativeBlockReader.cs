using System.Buffers.Binary;
using System.Text;

namespace CostAttribution.ClickHouse.Native;

/// <summary>
/// Reads a result in the <c>Native</c> format, revision 0: any number of blocks one after another. Every length is checked
/// against the bytes that are there; a truncated or foreign input ends in <see cref="InvalidDataException"/>.
/// </summary>
public sealed class NativeBlockReader
{
    private readonly ReadOnlyMemory<byte> source;
    private int position;

    private NativeBlockReader(ReadOnlyMemory<byte> source) => this.source = source;

    public static IReadOnlyList<NativeBlock> ReadAll(ReadOnlyMemory<byte> source)
    {
        var reader = new NativeBlockReader(source);
        var blocks = new List<NativeBlock>();
        while (reader.position < source.Length) blocks.Add(reader.ReadBlock());
        return blocks;
    }

    private NativeBlock ReadBlock()
    {
        var columnCount = ReadLength();
        var rows = ReadLength();
        if (columnCount > source.Length) throw Truncated();
        var columns = new NativeBlockColumn[columnCount];
        for (var i = 0; i < columnCount; i++)
        {
            var name = ReadString();
            var type = ReadString();
            var start = position;
            var values = rows == 0 ? EmptyValues(type) : ReadColumn(type, rows);
            columns[i] = new NativeBlockColumn(name, type, values, start, position - start);
        }
        return new NativeBlock(rows, columns);
    }

    private NativeValues ReadColumn(string type, int rows)
    {
        var parsed = NativeType.Parse(type);
        ReadPrefix(parsed);
        return ReadData(parsed, rows);
    }

    private static NativeValues EmptyValues(string type) => new NativeBlockReader(default).ReadData(NativeType.Parse(type), 0);

    private void ReadPrefix(NativeType type)
    {
        switch (type.Name)
        {
            case "LowCardinality":
                if (ReadUInt64() != 1) throw new InvalidDataException("a dictionary has an unknown version");
                break;
            case "Array" or "Map" or "Nullable":
                foreach (var argument in type.Arguments) ReadPrefix(NativeType.Parse(argument));
                break;
            case "Tuple" or "Nested":
                foreach (var argument in type.Arguments) ReadPrefix(NativeType.Parse(NativeType.WithoutFieldName(argument)));
                break;
            case "SimpleAggregateFunction":
                ReadPrefix(NativeType.Parse(type.Arguments[1]));
                break;
        }
    }

    private NativeValues ReadData(NativeType type, int rows)
    {
        switch (type.Name)
        {
            case "String":
                return ReadStrings(rows);
            case "LowCardinality":
                return ReadLowCardinality(type, rows);
            case "Nullable":
                return new NullableValues(Take(rows), ReadData(NativeType.Parse(type.Arguments[0]), rows));
            case "Array":
                return ReadArray(rows, count => ReadData(NativeType.Parse(type.Arguments[0]), count));
            case "Map":
                return ReadArray(rows, count => ReadTuple(type.Arguments, count));
            case "Tuple":
                return ReadTuple(type.Arguments, rows);
            case "SimpleAggregateFunction":
                return ReadData(NativeType.Parse(type.Arguments[1]), rows);
            default:
                var width = type.Width();
                if (width == 0) throw new InvalidDataException($"columns of type {type.Name} are not supported");
                return new FixedWidthValues(rows, width, Take((long)rows * width));
        }
    }

    private StringValues ReadStrings(int rows)
    {
        // Every value takes at least its length byte, which bounds the arrays by the input.
        if (rows > source.Length - position) throw Truncated();
        var starts = new int[rows];
        var lengths = new int[rows];
        for (var i = 0; i < rows; i++)
        {
            lengths[i] = ReadLength();
            starts[i] = position;
            Take(lengths[i]);
        }
        return new StringValues(source, starts, lengths);
    }

    private LowCardinalityValues ReadLowCardinality(NativeType type, int rows)
    {
        if (rows == 0) return new LowCardinalityValues(null, []);
        if (type.Arguments[0] is not ("String" or "Nullable(String)")) throw new InvalidDataException(
            $"dictionaries of {type.Arguments[0]} are not supported");
        var width = 1 << (int)(ReadUInt64() & 0xff);
        if (width > 8) throw new InvalidDataException("a dictionary has an unknown index width");
        var keys = ReadStrings(checked((int)ReadUInt64()));
        if (ReadUInt64() != (ulong)rows) throw new InvalidDataException(
            "a dictionary column has another number of rows than its block");
        var bytes = Take((long)rows * width).Span;
        var indexes = new int[rows];
        for (var i = 0; i < rows; i++)
        {
            var index = bytes.Slice(i * width, width);
            indexes[i] = width switch
            {
                1 => index[0],
                2 => BinaryPrimitives.ReadUInt16LittleEndian(index),
                4 => checked((int)BinaryPrimitives.ReadUInt32LittleEndian(index)),
                _ => checked((int)BinaryPrimitives.ReadUInt64LittleEndian(index)),
            };
            if (indexes[i] >= keys.Count) throw new InvalidDataException("a dictionary index is out of range");
        }
        return new LowCardinalityValues(keys, indexes);
    }

    private ArrayValues ReadArray(int rows, Func<int, NativeValues> readElements)
    {
        var bytes = Take(8L * rows).Span;
        var ends = new int[rows];
        var last = 0;
        for (var i = 0; i < rows; i++)
        {
            var end = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(8 * i)..]);
            if (end > int.MaxValue || (int)end < last) throw new InvalidDataException("array offsets do not ascend");
            ends[i] = last = (int)end;
        }
        return new ArrayValues(ends, readElements(last));
    }

    private TupleValues ReadTuple(IReadOnlyList<string> types, int rows)
    {
        var places = new NativeValues[types.Count];
        for (var i = 0; i < places.Length; i++) places[i] = ReadData(NativeType.Parse(NativeType.WithoutFieldName(types[i])),
            rows);
        return new TupleValues(rows, places);
    }

    private string ReadString() => Encoding.UTF8.GetString(Take(ReadLength()).Span);

    private ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8).Span);

    private int ReadLength()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(1).Span[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value <= int.MaxValue ? (int)value
                : throw new InvalidDataException("a length is out of range");
        }
        throw new InvalidDataException("a length is out of range");
    }

    private ReadOnlyMemory<byte> Take(long bytes)
    {
        if (bytes > source.Length - position) throw Truncated();
        var taken = source.Slice(position, (int)bytes);
        position += (int)bytes;
        return taken;
    }

    private static InvalidDataException Truncated() => new("the block ends before its data");
}
