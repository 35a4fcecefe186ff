using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace CostAttribution.Domain.Tracing;

/// <summary>
/// Writes a <see cref="SpanBatch"/>. Attributes go to whatever was begun last, a resource or a span. Reusable:
/// <see cref="Build"/> leaves it empty. Not thread-safe.
/// </summary>
public sealed class SpanBatchBuilder(AttributeKeyTable keys, TracingLimits limits) : IDisposable
{
    private readonly RecordBuffer resources = new(4096);
    private readonly RecordBuffer scopes = new(4096);
    private readonly RecordBuffer spans = new(64 * 1024);
    private readonly RecordBuffer attributes = new(4096);
    private readonly RecordBuffer links = new(256);
    private int attributeCount, usageKeyCount, linkCount;
    private SpanRecordFlags flags;

    public AttributeKeyTable Keys => keys;
    public TracingLimits Limits => limits;
    public int ResourceCount { get; private set; }
    public int ScopeCount { get; private set; }
    public int SpanCount { get; private set; }

    /// <summary>Starts a resource; its attributes follow.</summary>
    public void BeginResource() => BeginAttributes();

    /// <summary>Ends the resource and returns its index in the batch.</summary>
    public int EndResource()
    {
        resources.WriteUInt32((uint)attributes.Length + 2);
        resources.WriteUInt16((ushort)attributeCount);
        resources.Write(attributes.Written);
        return ResourceCount++;
    }

    /// <summary>Adds an instrumentation scope and returns its index. Texts are cut at the value limit.</summary>
    public int AddScope(ReadOnlySpan<byte> name, ReadOnlySpan<byte> version, ReadOnlySpan<byte> schemaUrl)
    {
        name = Utf8Text.Cut(name, limits.ValueBytesMax);
        version = Utf8Text.Cut(version, limits.ValueBytesMax);
        schemaUrl = Utf8Text.Cut(schemaUrl, limits.ValueBytesMax);
        scopes.WriteUInt32((uint)(6 + name.Length + version.Length + schemaUrl.Length));
        scopes.WriteShortText(name);
        scopes.WriteShortText(version);
        scopes.WriteShortText(schemaUrl);
        return ScopeCount++;
    }

    /// <summary>Starts a span; its attributes and links follow in any order.</summary>
    public void BeginSpan() => BeginAttributes();

    public void AddInt(in KnownKey key, long value) => AddBits(key, AttributeType.Int, value);
    public void AddDouble(in KnownKey key, double value) =>
        AddBits(key, AttributeType.Double, BitConverter.DoubleToInt64Bits(value));

    public void AddBool(in KnownKey key, bool value)
    {
        if (!BeginAttribute(key, AttributeType.Bool)) return;
        attributes.WriteByte(value ? (byte)1 : (byte)0);
    }

    /// <summary>Adds a text value, cut at the value limit without splitting a character.</summary>
    public void AddText(in KnownKey key, ReadOnlySpan<byte> utf8)
    {
        if (!BeginAttribute(key, AttributeType.String)) return;
        var kept = Utf8Text.Cut(utf8, limits.ValueBytesMax);
        if (kept.Length < utf8.Length) flags |= SpanRecordFlags.ValueTruncated;
        attributes.WriteShortText(kept);
    }

    /// <summary>Records an oddity on the span being built.</summary>
    public void Flag(SpanRecordFlags flag) => flags |= flag;

    /// <summary>Where the attributes of the span being built stand, to come back to by <see cref="Return"/>.</summary>
    internal AttributeMark Mark() => new(attributes.Length, attributeCount, usageKeyCount, flags);

    /// <summary>Takes back every attribute and flag since the mark.</summary>
    internal void Return(in AttributeMark mark)
    {
        attributes.Truncate(mark.Length);
        (attributeCount, usageKeyCount, flags) = (mark.Count, mark.UsageKeys, mark.Flags);
    }

    internal readonly record struct AttributeMark(int Length, int Count, int UsageKeys, SpanRecordFlags Flags);

    /// <summary>Adds a link; ids must have their full length.</summary>
    public void AddLink(ReadOnlySpan<byte> traceId, ReadOnlySpan<byte> spanId)
    {
        if (linkCount >= limits.LinksPerSpanMax)
        {
            flags |= SpanRecordFlags.LinksOverLimit;
            return;
        }
        links.Write(traceId);
        links.Write(spanId);
        linkCount++;
    }

    /// <summary>
    /// Ends the span. An end before the start is set to the start and flagged; an end of zero means "not ended".
    /// </summary>
    public void EndSpan(SpanHeader header, ReadOnlySpan<byte> name, int resourceIndex, int scopeIndex, ulong receivedNanos)
    {
        if (header.EndNanos != 0 && header.EndNanos < header.StartNanos)
        {
            header.EndNanos = header.StartNanos;
            flags |= SpanRecordFlags.EndBeforeStart;
        }
        name = Utf8Text.Cut(name, limits.ValueBytesMax);
        var length = SpanRecord.HeaderBytes + name.Length + links.Length + attributes.Length;
        var record = spans.Extend(length);
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[SpanRecord.ResourceOffset..], (uint)resourceIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(record[SpanRecord.ScopeOffset..], (uint)scopeIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(record[SpanRecord.HintsOffset..], (uint)header.Hints);
        header.TraceId.WriteTo(record[SpanRecord.TraceIdOffset..]);
        header.SpanId.WriteTo(record[SpanRecord.SpanIdOffset..]);
        header.ParentSpanId.WriteTo(record[SpanRecord.ParentOffset..]);
        BinaryPrimitives.WriteUInt64LittleEndian(record[SpanRecord.StartOffset..], header.StartNanos);
        BinaryPrimitives.WriteUInt64LittleEndian(record[SpanRecord.EndOffset..], header.EndNanos);
        BinaryPrimitives.WriteUInt64LittleEndian(record[SpanRecord.ReceivedOffset..], receivedNanos);
        BinaryPrimitives.WriteUInt16LittleEndian(record[SpanRecord.FlagsOffset..], (ushort)(header.Flags | flags));
        record[SpanRecord.KindOffset] = (byte)header.Kind;
        record[SpanRecord.StatusOffset] = (byte)header.Status;
        BinaryPrimitives.WriteUInt16LittleEndian(record[SpanRecord.AttributesOffset..], (ushort)attributeCount);
        BinaryPrimitives.WriteUInt16LittleEndian(record[SpanRecord.UsageKeysOffset..], (ushort)usageKeyCount);
        BinaryPrimitives.WriteUInt16LittleEndian(record[SpanRecord.NameOffset..], (ushort)name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(record[SpanRecord.LinksOffset..], (ushort)linkCount);
        name.CopyTo(record[SpanRecord.HeaderBytes..]);
        links.Written.CopyTo(record[(SpanRecord.HeaderBytes + name.Length)..]);
        attributes.Written.CopyTo(record[(length - attributes.Length)..]);
        BinaryPrimitives.WriteUInt64LittleEndian(record[SpanRecord.HashOffset..], HashContent(record));
        SpanCount++;
    }

    /// <summary>
    /// Appends a finished record under other resource and scope indexes (when a trace's facts are written out).
    /// </summary>
    internal void AppendRecord(SpanRecord source, int resourceIndex, int scopeIndex)
    {
        var record = spans.Extend(source.Bytes.Length);
        source.Bytes.CopyTo(record);
        BinaryPrimitives.WriteUInt32LittleEndian(record[SpanRecord.ResourceOffset..], (uint)resourceIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(record[SpanRecord.ScopeOffset..], (uint)scopeIndex);
        SpanCount++;
    }

    internal int AppendResource(ReadOnlySpan<byte> encoded)
    {
        resources.WriteUInt32((uint)encoded.Length);
        resources.Write(encoded);
        return ResourceCount++;
    }

    internal int AppendScope(ReadOnlySpan<byte> encoded)
    {
        scopes.WriteUInt32((uint)encoded.Length);
        scopes.Write(encoded);
        return ScopeCount++;
    }

    /// <summary>Throws away everything added since the last <see cref="Build"/>.</summary>
    public void Reset()
    {
        resources.Truncate(0);
        scopes.Truncate(0);
        spans.Truncate(0);
        BeginAttributes();
        ResourceCount = ScopeCount = SpanCount = 0;
    }

    /// <summary>Hands over what was added, in a pooled buffer that the batch owns.</summary>
    public SpanBatch Build()
    {
        using var head = new RecordBuffer(256);
        head.WriteByte(SpanBatch.FormatVersion);
        head.WriteByte(0);
        head.WriteUInt16((ushort)keys.ConfiguredKeys.Count);
        head.WriteUInt32((uint)ResourceCount);
        head.WriteUInt32((uint)ScopeCount);
        head.WriteUInt32((uint)SpanCount);
        foreach (var key in keys.ConfiguredKeys)
        {
            head.WriteUInt16(key.Id);
            head.WriteShortText(System.Text.Encoding.UTF8.GetBytes(key.Name));
        }

        var length = head.Length + resources.Length + scopes.Length + spans.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        var target = buffer.AsSpan();
        head.Written.CopyTo(target);
        resources.Written.CopyTo(target[head.Length..]);
        scopes.Written.CopyTo(target[(head.Length + resources.Length)..]);
        spans.Written.CopyTo(target[(length - spans.Length)..]);
        Reset();
        return SpanBatch.Own(buffer, length);
    }

    public void Dispose()
    {
        resources.Dispose();
        scopes.Dispose();
        spans.Dispose();
        attributes.Dispose();
        links.Dispose();
    }

    private void BeginAttributes()
    {
        attributes.Truncate(0);
        links.Truncate(0);
        attributeCount = usageKeyCount = linkCount = 0;
        flags = SpanRecordFlags.None;
    }

    private void AddBits(in KnownKey key, AttributeType type, long bits)
    {
        if (BeginAttribute(key, type)) attributes.WriteUInt64(unchecked((ulong)bits));
    }

    private bool BeginAttribute(in KnownKey key, AttributeType type)
    {
        if (attributeCount >= limits.KeptAttributesPerSpanMax)
        {
            flags |= SpanRecordFlags.AttributesOverLimit;
            return false;
        }
        attributes.WriteUInt16(key.Id);
        attributes.WriteByte((byte)type);
        attributeCount++;
        if ((key.Use & AttributeUse.Usage) != 0) usageKeyCount++;
        return true;
    }

    // Everything that the sender said about the span; not where it stands in this batch nor when it came.
    private static ulong HashContent(ReadOnlySpan<byte> record) =>
        XxHash3.HashToUInt64(record[SpanRecord.FlagsOffset..],
            unchecked((long)XxHash3.HashToUInt64(record[SpanRecord.HintsOffset..SpanRecord.ReceivedOffset])));
}
