using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Otlp.Protobuf;

/// <summary>
/// Reads <c>opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest</c> into a batch builder in one pass. Fields may
/// come in any order; a singular field that comes again wins, and repeated submessages merge, as protobuf demands. Field
/// numbers are those of <c>proto/</c>.
/// </summary>
internal sealed class TraceRequestReader
{
    private const uint Len = WireReader.LengthDelimited;

    // ExportTraceServiceRequest
    private const uint ResourceSpansTag = 1 << 3 | Len;

    // ResourceSpans. Field 1000 carried what is now field 2 under its earlier name, with the same shape.
    private const uint ResourceTag = 1 << 3 | Len, ScopeSpansTag = 2 << 3 | Len, LibrarySpansTag = 1000 << 3 | Len;

    // Resource
    private const uint ResourceAttributesTag = 1 << 3 | Len;

    // ScopeSpans, and its InstrumentationScope
    private const uint ScopeTag = 1 << 3 | Len, SpansTag = 2 << 3 | Len, SchemaUrlTag = 3 << 3 | Len;
    private const uint ScopeNameTag = 1 << 3 | Len, ScopeVersionTag = 2 << 3 | Len;

    // Span; events (11) and its flags (16) are not read
    private const uint TraceIdTag = 1 << 3 | Len, SpanIdTag = 2 << 3 | Len, TraceStateTag = 3 << 3 | Len,
        ParentSpanIdTag = 4 << 3 | Len, NameTag = 5 << 3 | Len, KindTag = 6 << 3, StartTag = 7 << 3 | WireReader.Fixed64,
        EndTag = 8 << 3 | WireReader.Fixed64, AttributesTag = 9 << 3 | Len, DroppedAttributesTag = 10 << 3,
        LinksTag = 13 << 3 | Len, StatusTag = 15 << 3 | Len;

    // Link, Status
    private const uint LinkTraceIdTag = 1 << 3 | Len, LinkSpanIdTag = 2 << 3 | Len, StatusCodeTag = 3 << 3;

    private readonly SpanBatchBuilder builder;
    private readonly AnyValueReader values;
    private readonly int spansMax, attributesMax;
    private RejectedSpanCounts rejected;
    private ulong receivedNanos;

    public TraceRequestReader(SpanBatchBuilder builder, OtlpLimits limits)
    {
        this.builder = builder;
        values = new AnyValueReader(builder.Keys, new AttributeSink(builder));
        spansMax = limits.SpansPerRequestMax;
        attributesMax = limits.Tracing.AttributesPerSpanMax;
    }

    /// <summary>Fills the builder; after an error it holds a part of the request and has to be reset.</summary>
    public DecodeError? Read(ReadOnlySpan<byte> request, ulong received, out RejectedSpanCounts rejectedSpans)
    {
        rejected = default;
        receivedNanos = received;
        var reader = new WireReader(request);
        while (reader.TryReadTag(out var tag))
        {
            if (tag == ResourceSpansTag) ReadResourceSpans(ref reader);
            else reader.Skip(tag);
        }
        rejectedSpans = rejected;
        return reader.Fault == DecodeErrorReason.None ? null : new DecodeError(reader.Fault, reader.FaultOffset);
    }

    // The spans come first, under the index that their resource will get: it may follow them, or come in parts.
    private void ReadResourceSpans(ref WireReader reader)
    {
        var outer = reader.Enter();
        var start = reader.Position;
        var spansBefore = builder.SpanCount;
        while (reader.TryReadTag(out var tag))
        {
            if (tag is ScopeSpansTag or LibrarySpansTag) ReadScopeSpans(ref reader);
            else reader.Skip(tag);
        }
        if (reader.Fault == DecodeErrorReason.None && builder.SpanCount > spansBefore)
        {
            reader.Position = start;
            ReadResource(ref reader);
        }
        reader.Leave(outer);
    }

    private void ReadResource(ref WireReader reader)
    {
        builder.BeginResource();
        while (reader.TryReadTag(out var tag))
        {
            if (tag != ResourceTag)
            {
                reader.Skip(tag);
                continue;
            }
            var outer = reader.Enter();
            var left = attributesMax;
            while (reader.TryReadTag(out var field))
            {
                if (field == ResourceAttributesTag && left-- > 0) values.ReadAttribute(ref reader);
                else reader.Skip(field);
            }
            reader.Leave(outer);
        }
        builder.EndResource();
    }

    private void ReadScopeSpans(ref WireReader reader)
    {
        var outer = reader.Enter();
        var spansBefore = builder.SpanCount;
        ReadOnlySpan<byte> name = default, version = default, schemaUrl = default;
        while (reader.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case SpansTag: ReadSpan(ref reader); break;
                case ScopeTag: ReadScope(ref reader, ref name, ref version); break;
                case SchemaUrlTag: schemaUrl = reader.ReadBytes(); break;
                default: reader.Skip(tag); break;
            }
        }
        if (builder.SpanCount > spansBefore) builder.AddScope(name, version, schemaUrl);
        reader.Leave(outer);
    }

    private static void ReadScope(ref WireReader reader, ref ReadOnlySpan<byte> name, ref ReadOnlySpan<byte> version)
    {
        var outer = reader.Enter();
        while (reader.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case ScopeNameTag: name = reader.ReadBytes(); break;
                case ScopeVersionTag: version = reader.ReadBytes(); break;
                default: reader.Skip(tag); break;
            }
        }
        reader.Leave(outer);
    }

    private void ReadSpan(ref WireReader reader)
    {
        if (builder.SpanCount + rejected.Total >= spansMax)
        {
            reader.Fail(DecodeErrorReason.TooManySpans);
            return;
        }
        var outer = reader.Enter();
        builder.BeginSpan();
        var header = new SpanHeader();
        ReadOnlySpan<byte> name = default;
        var parentIsValid = true;
        var attributes = 0;
        while (reader.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case AttributesTag when attributes++ < attributesMax: header.Hints |= values.ReadAttribute(ref reader); break;
                case AttributesTag: OverLimit(ref reader, tag); break;
                case TraceIdTag: header.TraceId = ReadTraceId(ref reader); break;
                case SpanIdTag: header.SpanId = ReadSpanId(ref reader, out _); break;
                case ParentSpanIdTag: header.ParentSpanId = ReadSpanId(ref reader, out parentIsValid); break;
                case NameTag: name = reader.ReadBytes(); break;
                case StartTag: header.StartNanos = reader.ReadFixed64(); break;
                case EndTag: header.EndNanos = reader.ReadFixed64(); break;
                case KindTag: header.Kind = OtlpEnums.ToKind(unchecked((int)reader.ReadVarint())); break;
                case StatusTag: ReadStatus(ref reader, ref header.Status); break;
                case LinksTag: ReadLink(ref reader); break;
                case TraceStateTag:
                    SetFlag(ref header.Flags, SpanRecordFlags.Sampled, TraceState.IsSampled(reader.ReadBytes()));
                    break;
                case DroppedAttributesTag:
                    SetFlag(ref header.Flags, SpanRecordFlags.SenderDroppedAttributes, (uint)reader.ReadVarint() != 0);
                    break;
                default: reader.Skip(tag); break;
            }
        }
        reader.Leave(outer);
        if (reader.Fault != DecodeErrorReason.None) return;

        if (header.TraceId.IsZero) rejected.Count(SpanRejection.InvalidTraceId);
        else if (header.SpanId.IsZero) rejected.Count(SpanRejection.InvalidSpanId);
        else if (!parentIsValid) rejected.Count(SpanRejection.InvalidParentSpanId);
        else builder.EndSpan(header, name, builder.ResourceCount, builder.ScopeCount, receivedNanos);
    }

    private void OverLimit(ref WireReader reader, uint tag)
    {
        builder.Flag(SpanRecordFlags.AttributesOverLimit);
        reader.Skip(tag);
    }

    private static void SetFlag(ref SpanRecordFlags flags, SpanRecordFlags flag, bool on) =>
        flags = on ? flags | flag : flags & ~flag;

    // A wrong length reads as zero, which no span may have.
    private static TraceId ReadTraceId(ref WireReader reader)
    {
        var id = reader.ReadBytes();
        return id.Length == TraceId.Bytes ? TraceId.FromBytes(id) : default;
    }

    private static SpanId ReadSpanId(ref WireReader reader, out bool isValidParent)
    {
        var id = reader.ReadBytes();
        isValidParent = id.Length is 0 or SpanId.Bytes;
        return id.Length == SpanId.Bytes ? SpanId.FromBytes(id) : default;
    }

    private static void ReadStatus(ref WireReader reader, ref SpanStatus status)
    {
        var outer = reader.Enter();
        while (reader.TryReadTag(out var tag))
        {
            if (tag == StatusCodeTag) status = OtlpEnums.ToStatus(unchecked((int)reader.ReadVarint()));
            else reader.Skip(tag);
        }
        reader.Leave(outer);
    }

    private void ReadLink(ref WireReader reader)
    {
        var outer = reader.Enter();
        ReadOnlySpan<byte> traceId = default, spanId = default;
        while (reader.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case LinkTraceIdTag: traceId = reader.ReadBytes(); break;
                case LinkSpanIdTag: spanId = reader.ReadBytes(); break;
                default: reader.Skip(tag); break;
            }
        }
        reader.Leave(outer);
        if (OtlpEnums.IsValidLink(traceId, spanId)) builder.AddLink(traceId, spanId);
    }
}
