using System.Buffers.Binary;
using CostAttribution.Domain.Identity;

namespace CostAttribution.Domain.Tracing;

/// <summary>
/// One span in its compact form: what cost, identity and run logic read, and nothing else. The same bytes stand in the
/// journal, in memory and in the stored facts. Little-endian, unaligned:
/// <code>
///  0 u32 record bytes, this field included      64 u64 received, ns
///  4 u32 resource index                         72 u64 content hash (of everything but 4, 8, 64, 72)
///  8 u32 scope index                            80 u16 flags (SpanRecordFlags)
/// 12 u32 fingerprint hints                      82 u8  kind    83 u8 status
/// 16 16B trace id   (big-endian, as sent)       84 u16 attributes
/// 32  8B span id                                86 u16 usage keys among them
/// 40  8B parent span id, zero = root            88 u16 name bytes
/// 48 u64 start, ns since the Unix epoch         90 u16 links
/// 56 u64 end, ns; never before start            92 name, links (24 B each), attributes
/// </code>
/// An attribute is u16 key, u8 type, then 8 bytes (Int, Double), 1 byte (Bool) or u16 length and UTF-8 (String).
/// </summary>
public readonly ref struct SpanRecord
{
    internal const int ResourceOffset = 4, ScopeOffset = 8, HintsOffset = 12, TraceIdOffset = 16, SpanIdOffset = 32,
        ParentOffset = 40, StartOffset = 48, EndOffset = 56, ReceivedOffset = 64, HashOffset = 72, FlagsOffset = 80,
        KindOffset = 82, StatusOffset = 83, AttributesOffset = 84, UsageKeysOffset = 86, NameOffset = 88, LinksOffset = 90;

    /// <summary>Bytes before the name.</summary>
    public const int HeaderBytes = 92;

    /// <summary>Bytes of one link: a trace id and a span id.</summary>
    public const int LinkBytes = TraceId.Bytes + SpanId.Bytes;

    internal SpanRecord(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    /// <summary>The whole record.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    public int ResourceIndex => (int)BinaryPrimitives.ReadUInt32LittleEndian(Bytes[ResourceOffset..]);
    public int ScopeIndex => (int)BinaryPrimitives.ReadUInt32LittleEndian(Bytes[ScopeOffset..]);
    public FingerprintHints Hints => (FingerprintHints)BinaryPrimitives.ReadUInt32LittleEndian(Bytes[HintsOffset..]);
    public TraceId TraceId => TraceId.FromBytes(Bytes[TraceIdOffset..]);
    public SpanId SpanId => SpanId.FromBytes(Bytes[SpanIdOffset..]);
    public SpanId ParentSpanId => SpanId.FromBytes(Bytes[ParentOffset..]);
    public ulong StartNanos => BinaryPrimitives.ReadUInt64LittleEndian(Bytes[StartOffset..]);
    public ulong EndNanos => BinaryPrimitives.ReadUInt64LittleEndian(Bytes[EndOffset..]);
    public ulong ReceivedNanos => BinaryPrimitives.ReadUInt64LittleEndian(Bytes[ReceivedOffset..]);
    public ulong ContentHash => BinaryPrimitives.ReadUInt64LittleEndian(Bytes[HashOffset..]);
    public SpanRecordFlags Flags => (SpanRecordFlags)BinaryPrimitives.ReadUInt16LittleEndian(Bytes[FlagsOffset..]);
    public SpanKind Kind => (SpanKind)Bytes[KindOffset];
    public SpanStatus Status => (SpanStatus)Bytes[StatusOffset];
    public int AttributeCount => BinaryPrimitives.ReadUInt16LittleEndian(Bytes[AttributesOffset..]);
    public int UsageKeyCount => BinaryPrimitives.ReadUInt16LittleEndian(Bytes[UsageKeysOffset..]);
    public int LinkCount => BinaryPrimitives.ReadUInt16LittleEndian(Bytes[LinksOffset..]);
    public ReadOnlySpan<byte> Name => Bytes.Slice(HeaderBytes, NameBytes);

    private int NameBytes => BinaryPrimitives.ReadUInt16LittleEndian(Bytes[NameOffset..]);

    public (TraceId TraceId, SpanId SpanId) Link(int index)
    {
        var link = Bytes.Slice(HeaderBytes + NameBytes + index * LinkBytes, LinkBytes);
        return (TraceId.FromBytes(link), SpanId.FromBytes(link[TraceId.Bytes..]));
    }

    public AttributeReader Attributes => new(Bytes[(HeaderBytes + NameBytes + LinkCount * LinkBytes)..], AttributeCount);

    /// <summary>
    /// Whether this copy of a span wins over another with the same ids: the one with an end, then with more usage keys, then
    /// with the larger content hash, so that the choice does not depend on arrival. Copies that tie say the same, but may come
    /// from another resource or scope (<see cref="TraceSpans.Add"/>).
    /// </summary>
    public bool Supersedes(SpanRecord other) => Compare(this, other) > 0;

    /// <summary>Positive when the left copy wins, zero when what the copies themselves say is the same.</summary>
    internal static int Compare(SpanRecord left, SpanRecord right)
    {
        var ended = left.EndNanos != 0;
        if (ended != (right.EndNanos != 0)) return ended ? 1 : -1;
        var usageKeys = left.UsageKeyCount.CompareTo(right.UsageKeyCount);
        return usageKeys != 0 ? usageKeys : left.ContentHash.CompareTo(right.ContentHash);
    }
}
