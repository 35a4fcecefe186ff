using System.Buffers;
using System.Buffers.Binary;

namespace CostAttribution.ClickHouse.Native;

/// <summary>
/// Turns revision-0 blocks into those of a newer client revision: each block begins with block info (from revision 1), and each
/// column has a byte behind its type that says "no custom serialisation" (from revision 54454). The data of a column is the same.
/// </summary>
public static class NativeReframer
{
    private const int CustomSerialisationRevision = 54454;

    public static ReadOnlyMemory<byte> Reframe(ReadOnlyMemory<byte> blocks, int revision)
    {
        var output = new ArrayBufferWriter<byte>(blocks.Length + 256);
        foreach (var block in NativeBlockReader.ReadAll(blocks))
        {
            WriteBlockInfo(output);
            NativeBlockWriter.WriteVarUInt(output, (ulong)block.Columns.Count);
            NativeBlockWriter.WriteVarUInt(output, (ulong)block.Rows);
            foreach (var column in block.Columns)
            {
                NativeBlockWriter.WriteString(output, column.Name);
                NativeBlockWriter.WriteString(output, column.Type);
                if (revision >= CustomSerialisationRevision) output.Write([(byte)0]);
                output.Write(blocks.Span.Slice(column.Start, column.Bytes));
            }
        }
        return output.WrittenMemory;
    }

    /// <summary>Field 1: not an overflow block (u8 0); field 2: no bucket (i32 −1); field 0 ends it.</summary>
    private static void WriteBlockInfo(ArrayBufferWriter<byte> output)
    {
        var room = output.GetSpan(8);
        room[0] = 1;
        room[1] = 0;
        room[2] = 2;
        BinaryPrimitives.WriteInt32LittleEndian(room[3..], -1);
        room[7] = 0;
        output.Advance(8);
    }
}
