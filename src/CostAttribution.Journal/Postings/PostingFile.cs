using System.Buffers.Binary;
using System.Text;
using CostAttribution.Journal.Storage;

namespace CostAttribution.Journal.Postings;

/// <summary>
/// The head of a posting's file; the content follows it. Frozen by a golden test.
/// <code>
///  offset  bytes  field           all numbers little-endian
///  0       8      magic           89 43 41 50 0D 0A 1A 0A
///  8       2      format version  1
///  10      2      id length       1 to 100, ASCII
///  12      4      content CRC-32C
///  16      8      content bytes
///  24      8      ordinal         postings of one directory in the order in which they were written
///  32      8      written         milliseconds since 1970-01-01 UTC
///  40      100    posting id      padded with zeros
///  140     4      head CRC-32C    over bytes 0 to 139
/// </code>
/// </summary>
internal readonly record struct PostingFile(
    string PostingId, uint ContentCrc, long ContentBytes, ulong Ordinal, long WrittenUnixMs)
{
    public const int HeadBytes = 144;
    public const int IdBytesMax = 100;
    public const ushort Version = 1;

    private const int VersionOffset = 8;
    private const int IdLengthOffset = 10;
    private const int ContentCrcOffset = 12;
    private const int ContentBytesOffset = 16;
    private const int OrdinalOffset = 24;
    private const int WrittenOffset = 32;
    private const int IdOffset = 40;
    private const int HeadCrcOffset = 140;

    private static ReadOnlySpan<byte> Magic => [0x89, 0x43, 0x41, 0x50, 0x0D, 0x0A, 0x1A, 0x0A];

    public byte[] HeadToBytes()
    {
        var head = new byte[HeadBytes];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(VersionOffset), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(IdLengthOffset), (ushort)PostingId.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(ContentCrcOffset), ContentCrc);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(ContentBytesOffset), ContentBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(OrdinalOffset), Ordinal);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(WrittenOffset), WrittenUnixMs);
        Encoding.ASCII.GetBytes(PostingId, head.AsSpan(IdOffset, IdBytesMax));
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(HeadCrcOffset), Crc32C.Compute(head.AsSpan(0, HeadCrcOffset)));
        return head;
    }

    /// <summary>False when the head is damaged; throws <see cref="JournalVersionException"/> for a newer version.</summary>
    public static bool TryReadHead(ReadOnlySpan<byte> head, string fileName, out PostingFile posting)
    {
        posting = default;
        if (head.Length < HeadBytes || !head.StartsWith(Magic)) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(head[HeadCrcOffset..]) != Crc32C.Compute(head[..HeadCrcOffset])) return false;
        var version = BinaryPrimitives.ReadUInt16LittleEndian(head[VersionOffset..]);
        if (version > Version) throw new JournalVersionException(fileName, version, Version);
        int idLength = BinaryPrimitives.ReadUInt16LittleEndian(head[IdLengthOffset..]);
        if (idLength is 0 or > IdBytesMax) return false;
        posting = new PostingFile(
            Encoding.ASCII.GetString(head.Slice(IdOffset, idLength)),
            BinaryPrimitives.ReadUInt32LittleEndian(head[ContentCrcOffset..]),
            BinaryPrimitives.ReadInt64LittleEndian(head[ContentBytesOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(head[OrdinalOffset..]),
            BinaryPrimitives.ReadInt64LittleEndian(head[WrittenOffset..]));
        return posting.ContentBytes >= 0;
    }
}
