using System.Buffers.Binary;
using System.Text;

namespace CostAttribution.Journal.Storage;

/// <summary>
/// The first bytes of a segment. Frozen by a golden test; docs/journal-format.md is the prose.
/// <code>
///  offset  bytes  field              all numbers little-endian
///  0       8      magic              89 43 41 4A 0D 0A 1A 0A
///  8       2      format version     1
///  10      2      header bytes       128; the checksum is always the last 4 of them, in every version
///  12      2      node id length     1 to 64, UTF-8
///  14      2      zero
///  16      8      first sequence     of the records in this segment; the same number is in the file name
///  24      8      durable sequence   the last acknowledged record before this segment; later ones in older segments never were
///  32      8      created            milliseconds since 1970-01-01 UTC
///  40      64     node id            padded with zeros
///  104     20     zero
///  124     4      header CRC-32C     over bytes 0 to 123
/// </code>
/// </summary>
internal readonly record struct SegmentHeader(string NodeId, ulong FirstSequence, ulong DurableSequence, long CreatedUnixMs)
{
    public const int Bytes = 128;
    public const ushort Version = 1;
    public const int NodeIdBytesMax = 64;

    private const int VersionOffset = 8;
    private const int HeaderBytesOffset = 10;
    private const int NodeLengthOffset = 12;
    private const int FirstOffset = 16;
    private const int DurableOffset = 24;
    private const int CreatedOffset = 32;
    private const int NodeOffset = 40;
    private const int CrcBytes = 4;

    private static ReadOnlySpan<byte> Magic => [0x89, 0x43, 0x41, 0x4A, 0x0D, 0x0A, 0x1A, 0x0A];

    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(VersionOffset), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(HeaderBytesOffset), Bytes);
        var nodeLength = Encoding.UTF8.GetBytes(NodeId, bytes.AsSpan(NodeOffset, NodeIdBytesMax));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(NodeLengthOffset), (ushort)nodeLength);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FirstOffset), FirstSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(DurableOffset), DurableSequence);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(CreatedOffset), CreatedUnixMs);
        var crc = Crc32C.Compute(bytes.AsSpan(0, Bytes - CrcBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Bytes - CrcBytes), crc);
        return bytes;
    }

    /// <summary>
    /// Reads a header. False when the bytes are damaged or short. Throws <see cref="JournalVersionException"/> for a sound
    /// header of a newer version.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> source, string fileName, out SegmentHeader header)
    {
        header = default;
        if (source.Length < HeaderBytesOffset + sizeof(ushort) || !source.StartsWith(Magic)) return false;
        var version = BinaryPrimitives.ReadUInt16LittleEndian(source[VersionOffset..]);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(source[HeaderBytesOffset..]);
        if (length < NodeOffset || length > source.Length) return false;
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(source[(length - CrcBytes)..]);
        if (crc != Crc32C.Compute(source[..(length - CrcBytes)])) return false;
        if (version > Version) throw new JournalVersionException(fileName, version, Version);

        int nodeLength = BinaryPrimitives.ReadUInt16LittleEndian(source[NodeLengthOffset..]);
        if (version != Version || length != Bytes || nodeLength is 0 or > NodeIdBytesMax) return false;
        header = new SegmentHeader(
            Encoding.UTF8.GetString(source.Slice(NodeOffset, nodeLength)),
            BinaryPrimitives.ReadUInt64LittleEndian(source[FirstOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[DurableOffset..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[CreatedOffset..]));
        return true;
    }

    /// <summary>
    /// The most that a header of any later version may need; read this much before calling <see cref="TryRead"/>.
    /// </summary>
    public const int ReadBytes = 4096;
}
