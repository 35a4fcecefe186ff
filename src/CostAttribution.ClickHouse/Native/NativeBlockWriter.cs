using System.Buffers;
using System.Text;

namespace CostAttribution.ClickHouse.Native;

/// <summary>A named column of a block.</summary>
public readonly record struct NamedColumn(string Name, NativeColumn Column);

/// <summary>Writes columns as one block: number of columns, number of rows, then per column name, type and data.</summary>
public static class NativeBlockWriter
{
    public static void Write(IBufferWriter<byte> output, IReadOnlyList<NamedColumn> columns)
    {
        var rows = columns.Count == 0 ? 0 : columns[0].Column.Rows;
        WriteVarUInt(output, (ulong)columns.Count);
        WriteVarUInt(output, (ulong)rows);
        for (var i = 0; i < columns.Count; i++)
        {
            var (name, column) = columns[i];
            if (column.Rows != rows) throw new InvalidOperationException(
                $"column {name} has {column.Rows} rows where the block has {rows}");
            WriteString(output, name);
            WriteString(output, column.Type);
            column.WriteTo(output);
        }
    }

    internal static void WriteVarUInt(IBufferWriter<byte> output, ulong value)
    {
        var room = output.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7) room[length++] = (byte)(value | 0x80);
        room[length++] = (byte)value;
        output.Advance(length);
    }

    internal static void WriteString(IBufferWriter<byte> output, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        WriteVarUInt(output, (ulong)length);
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(length)));
    }
}
