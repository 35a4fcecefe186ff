using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace CostAttribution.Domain.Tracing;

/// <summary>
/// The spans of one request (or of one trace, when stored as facts) as one block of bytes: what the journal writes and what
/// assembly reads. Layout, little-endian:
/// <code>
///  u8 version, u8 0, u16 configured keys, u32 resources, u32 scopes, u32 spans
///  configured keys: u16 id, u16 length, name        (so that ids stay readable under other settings)
///  resources: u32 length, u16 attributes, attributes
///  scopes: u32 length, name, version, schema url    (each u16 length, UTF-8)
///  spans: see <see cref="SpanRecord"/>
/// </code>
/// Owns a pooled buffer; dispose once, when no record of it is in use.
/// </summary>
public sealed class SpanBatch : IDisposable
{
    public const byte FormatVersion = 1;
    private const int HeadBytes = 16;

    private byte[] buffer;
    private readonly bool pooled;
    private readonly int length;
    private readonly Range[] resources;
    private readonly Range[] scopes;
    private readonly int spansOffset;

    private SpanBatch(byte[] buffer, int length, bool pooled)
    {
        this.buffer = buffer;
        this.length = length;
        this.pooled = pooled;
        var bytes = buffer.AsSpan(0, length);
        var position = HeadBytes;
        for (var keys = ConfiguredKeyCount; keys > 0; keys--)
            position += 4 + BinaryPrimitives.ReadUInt16LittleEndian(bytes[(position + 2)..]);
        resources = ReadRanges(bytes, ref position, BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]));
        scopes = ReadRanges(bytes, ref position, BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]));
        spansOffset = position;
    }

    public int SpanCount => BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(12));
    public int ResourceCount => resources.Length;
    public int ScopeCount => scopes.Length;

    /// <summary>The encoded block; valid until dispose.</summary>
    public ReadOnlyMemory<byte> Encoded => buffer.AsMemory(0, length);

    public SpanEnumerator Spans => new(buffer.AsSpan(spansOffset, length - spansOffset));

    private int ConfiguredKeyCount => BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(2));

    /// <summary>Encoded attributes of a resource, the key of <see cref="SourceTable"/>.</summary>
    public ReadOnlySpan<byte> Resource(int index) => buffer.AsSpan(resources[index]);
    public ReadOnlySpan<byte> Scope(int index) => buffer.AsSpan(scopes[index]);

    /// <summary>
    /// Reads back an encoded block, checking every length, and translates configured keys to the ids that
    /// <paramref name="keys"/> gives them today; those it no longer has are left with an id it does not know. Throws
    /// <see cref="InvalidDataException"/> when the bytes are not a batch of a version this program reads.
    /// </summary>
    public static SpanBatch Decode(ReadOnlySpan<byte> encoded, AttributeKeyTable keys)
    {
        var copy = encoded.ToArray();
        try
        {
            if (copy.Length < HeadBytes) throw new InvalidDataException("the span batch is shorter than its head");
            if (copy[0] != FormatVersion)
                throw new InvalidDataException($"span batch format {copy[0]} is not one this version reads");
            var batch = new SpanBatch(copy, copy.Length, pooled: false);
            batch.Validate();
            batch.TranslateKeys(keys);
            return batch;
        }
        catch (Exception fault) when (fault is ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw new InvalidDataException("the span batch is damaged", fault);
        }
    }

    internal static SpanBatch Own(byte[] pooledBuffer, int length) => new(pooledBuffer, length, pooled: true);

    public void Dispose()
    {
        var returned = Interlocked.Exchange(ref buffer, []);
        if (pooled && returned.Length > 0) ArrayPool<byte>.Shared.Return(returned);
    }

    private static Range[] ReadRanges(ReadOnlySpan<byte> bytes, ref int position, int count)
    {
        if (count < 0 || count > bytes.Length / 4) throw new ArgumentException("too many entries");
        var ranges = new Range[count];
        for (var i = 0; i < count; i++)
        {
            var size = BinaryPrimitives.ReadInt32LittleEndian(bytes[position..]);
            if (size < 0 || size > bytes.Length - position - 4) throw new ArgumentException("an entry is longer than the batch");
            ranges[i] = new Range(position + 4, position + 4 + size);
            position += 4 + size;
        }
        return ranges;
    }

    private void Validate()
    {
        foreach (var range in resources)
        {
            var resource = buffer.AsSpan(range);
            WalkAttributes(new AttributeReader(resource[2..], BinaryPrimitives.ReadUInt16LittleEndian(resource)));
        }
        for (var i = 0; i < ScopeCount; i++) _ = new ScopeInfo(Scope(i));
        var count = 0;
        foreach (var span in Spans)
        {
            if (span.ResourceIndex >= ResourceCount || span.ScopeIndex >= ScopeCount
                || span.ResourceIndex < 0 || span.ScopeIndex < 0)
                throw new ArgumentException("a span refers to a missing resource or scope");
            _ = span.Name;
            for (var i = 0; i < span.LinkCount; i++) _ = span.Link(i);
            WalkAttributes(span.Attributes);
            count++;
        }
        if (count != SpanCount) throw new ArgumentException("the span count is wrong");
    }

    private static void WalkAttributes(AttributeReader attributes)
    {
        while (attributes.MoveNext())
        {
        }
    }

    private void TranslateKeys(AttributeKeyTable keys)
    {
        var translation = new Dictionary<ushort, ushort>();
        var position = HeadBytes;
        for (var left = ConfiguredKeyCount; left > 0; left--)
        {
            var id = BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(position));
            var nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(position + 2));
            var name = Encoding.UTF8.GetString(buffer.AsSpan(position + 4, nameBytes));
            var today = keys.TryGet(name, out var key) ? key.Id : ushort.MaxValue;
            if (today != id) translation[id] = today;
            position += 4 + nameBytes;
        }
        if (translation.Count == 0) return;
        for (var i = 0; i < ResourceCount; i++)
            Translate(buffer.AsSpan(resources[i])[2..], BinaryPrimitives.ReadUInt16LittleEndian(Resource(i)), translation);
        var offset = spansOffset;
        while (offset < length)
        {
            var record = buffer.AsSpan(offset, BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(offset)));
            var span = new SpanRecord(record);
            Translate(record[(SpanRecord.HeaderBytes + span.Name.Length + span.LinkCount * SpanRecord.LinkBytes)..],
                span.AttributeCount, translation);
            offset += record.Length;
        }
    }

    private static void Translate(Span<byte> attributes, int count, Dictionary<ushort, ushort> translation)
    {
        for (; count > 0; count--)
        {
            if (translation.TryGetValue(BinaryPrimitives.ReadUInt16LittleEndian(attributes), out var today))
                BinaryPrimitives.WriteUInt16LittleEndian(attributes, today);
            var size = (AttributeType)attributes[2] switch
            {
                AttributeType.String => 5 + BinaryPrimitives.ReadUInt16LittleEndian(attributes[3..]),
                AttributeType.Bool => 4,
                _ => 11,
            };
            attributes = attributes[size..];
        }
    }

    /// <summary>Walks the records in order.</summary>
    public ref struct SpanEnumerator
    {
        private ReadOnlySpan<byte> rest;

        internal SpanEnumerator(ReadOnlySpan<byte> encoded) => rest = encoded;

        public SpanRecord Current { get; private set; }

        public readonly SpanEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            if (rest.IsEmpty) return false;
            var size = BinaryPrimitives.ReadInt32LittleEndian(rest);
            if (size < SpanRecord.HeaderBytes) throw new ArgumentException("a span record is shorter than its head");
            Current = new SpanRecord(rest[..size]);
            rest = rest[size..];
            return true;
        }
    }
}
