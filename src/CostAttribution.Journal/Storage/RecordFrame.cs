using System.Buffers.Binary;

namespace CostAttribution.Journal.Storage;

/// <summary>
/// The frame of one record in a segment. Frozen by a golden test; docs/journal-format.md is the prose.
/// <code>
///  offset  bytes  field            all numbers little-endian
///  0       4      marker           A7 52 4A C3: where a reader looks for the next record after damage
///  4       4      payload length   1 to 2^31 - 1
///  8       8      sequence         the one before plus 1, except after damage
///  16      4      payload CRC-32C
///  20      4      frame CRC-32C    over the segment's first sequence (8 bytes) and bytes 0 to 19 of this frame
///  24      n      payload
/// </code>
/// The frame has its own checksum, so that a length is never believed before it is checked; the first sequence in it keeps a
/// copy of a frame inside a payload, or a block of another segment, from being taken for a record of this one.
/// </summary>
internal readonly record struct RecordFrame(int PayloadLength, ulong Sequence, uint PayloadCrc)
{
    public const int Bytes = 24;
    public const uint Marker = 0xC34A52A7;

    private const int LengthOffset = 4;
    private const int SequenceOffset = 8;
    private const int PayloadCrcOffset = 16;
    private const int FrameCrcOffset = 20;

    public static ReadOnlySpan<byte> MarkerBytes => [0xA7, 0x52, 0x4A, 0xC3];

    public long TotalBytes => (long)Bytes + PayloadLength;

    public void WriteTo(Span<byte> destination, ulong firstSequence)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Marker);
        BinaryPrimitives.WriteInt32LittleEndian(destination[LengthOffset..], PayloadLength);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[SequenceOffset..], Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[PayloadCrcOffset..], PayloadCrc);
        var crc = Crc32C.Compute(firstSequence, destination[..FrameCrcOffset]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[FrameCrcOffset..], crc);
    }

    /// <summary>Reads <see cref="Bytes"/> bytes; false when they are not a frame of the segment.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, ulong firstSequence, out RecordFrame frame)
    {
        frame = default;
        if (source.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(source) != Marker) return false;
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(source[FrameCrcOffset..]);
        if (crc != Crc32C.Compute(firstSequence, source[..FrameCrcOffset])) return false;
        frame = new RecordFrame(
            BinaryPrimitives.ReadInt32LittleEndian(source[LengthOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[SequenceOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[PayloadCrcOffset..]));
        return frame.PayloadLength > 0;
    }
}
