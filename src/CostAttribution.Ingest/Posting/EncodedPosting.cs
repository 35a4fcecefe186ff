using System.Buffers.Binary;
using System.Text;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// A posting as it goes to the store: one block per table, in the order they are sent. Its bytes are what the spool keeps, so
/// that a retry after a crash sends the same blocks under the same tokens:
/// <code>
/// u8 version, u32 ledger rows, u32 span facts, u16 tables;
/// per table: text name, u16 columns, text each, u32 rows, u32 bytes, block
/// </code>
/// (text = u16 length, UTF-8; little-endian).
/// </summary>
internal sealed class EncodedPosting
{
    private const byte FormatVersion = 1;

    public required string PostingId { get; init; }
    public required int LedgerRows { get; init; }
    public required int SpanFacts { get; init; }
    public required IReadOnlyList<TableBlock> Tables { get; init; }

    /// <summary>One block for one table.</summary>
    public sealed record TableBlock(string Table, IReadOnlyList<string> Columns, int Rows, ReadOnlyMemory<byte> Block);

    public ClickHouseInsert InsertOf(TableBlock table) =>
        new(table.Table, table.Columns, table.Block, $"{PostingId}/{table.Table}");

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(FormatVersion);
        writer.Write((uint)LedgerRows);
        writer.Write((uint)SpanFacts);
        writer.Write((ushort)Tables.Count);
        foreach (var table in Tables)
        {
            WriteText(writer, table.Table);
            writer.Write((ushort)table.Columns.Count);
            foreach (var column in table.Columns) WriteText(writer, column);
            writer.Write((uint)table.Rows);
            writer.Write((uint)table.Block.Length);
            writer.Write(table.Block.Span);
        }
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; throws <see cref="InvalidDataException"/> for anything else.</summary>
    public static EncodedPosting FromBytes(string postingId, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var reader = new Reader(bytes);
            var version = reader.Byte();
            if (version != FormatVersion)
                throw new InvalidDataException($"posting format {version} is not one this version reads");
            var ledgerRows = reader.Int32();
            var spanFacts = reader.Int32();
            var tables = new TableBlock[reader.UInt16()];
            for (var i = 0; i < tables.Length; i++)
            {
                var name = reader.Text();
                var columns = new string[reader.UInt16()];
                for (var c = 0; c < columns.Length; c++) columns[c] = reader.Text();
                tables[i] = new TableBlock(name, columns, reader.Int32(), reader.Bytes(reader.Int32()));
            }
            return new EncodedPosting { PostingId = postingId, LedgerRows = ledgerRows, SpanFacts = spanFacts, Tables = tables };
        }
        catch (ArgumentOutOfRangeException fault)
        {
            throw new InvalidDataException($"posting {postingId} is damaged", fault);
        }
    }

    /// <summary>
    /// Tables and rows of a kept posting, from a few small reads of (offset, bytes); the blocks are passed over, unchecked. False
    /// when that makes no sense.
    /// </summary>
    public static bool TryReadRows(Func<long, int, byte[]> read, out IReadOnlyList<(string Table, int Rows)> tables)
    {
        const int HeadBytes = 11, TableBytesMax = 16 * 1024;
        var found = new List<(string, int)>();
        tables = found;
        try
        {
            var head = new Reader(read(0, HeadBytes));
            if (head.Byte() != FormatVersion) return false;
            head.Bytes(8);
            long offset = HeadBytes;
            for (var left = head.UInt16(); left > 0; left--)
            {
                var bytes = read(offset, TableBytesMax);
                var table = new Reader(bytes);
                var name = table.Text();
                for (var columns = table.UInt16(); columns > 0; columns--) table.Bytes(table.UInt16());
                found.Add((name, table.Int32()));
                var block = table.Int32();
                offset += bytes.Length - table.Left + block;
            }
            return true;
        }
        catch (ArgumentOutOfRangeException)
        {
            return false;
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        writer.Write((ushort)utf8.Length);
        writer.Write(utf8);
    }

    private struct Reader(ReadOnlyMemory<byte> rest)
    {
        public readonly int Left => rest.Length;
        public byte Byte() => Bytes(1).Span[0];
        public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2).Span);
        public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(4).Span);
        public string Text() => Encoding.UTF8.GetString(Bytes(UInt16()).Span);

        public ReadOnlyMemory<byte> Bytes(int count)
        {
            var taken = rest[..count];
            rest = rest[count..];
            return taken;
        }
    }
}
