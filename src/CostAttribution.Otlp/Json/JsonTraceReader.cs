using System.Buffers;
using System.Text.Json;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Otlp.Json;

/// <summary>
/// Reads an <c>ExportTraceServiceRequest</c> in OTLP's JSON mapping
/// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding) into a batch builder, one token after the other.
/// </summary>
internal sealed class JsonTraceReader
{
    private const int IdTextBytesMax = 64;
    private const int TraceStateBytesMax = 1024;

    private readonly SpanBatchBuilder builder;
    private readonly JsonAnyValueReader values;
    private readonly int spansMax, attributesMax, valueBytesMax;
    private RejectedSpanCounts rejected;
    private ulong receivedNanos;

    public JsonTraceReader(SpanBatchBuilder builder, OtlpLimits limits)
    {
        this.builder = builder;
        values = new JsonAnyValueReader(builder.Keys, new AttributeSink(builder));
        spansMax = limits.SpansPerRequestMax;
        attributesMax = limits.Tracing.AttributesPerSpanMax;
        valueBytesMax = limits.Tracing.ValueBytesMax;
    }

    /// <summary>Fills the builder; after an error it holds a part of the request and has to be reset.</summary>
    public DecodeError? Read(ReadOnlySpan<byte> request, ulong received, out RejectedSpanCounts rejectedSpans)
    {
        rejected = default;
        receivedNanos = received;
        rejectedSpans = default;
        var mark = request.StartsWith("\uFEFF"u8) ? 3 : 0;
        var cursor = new JsonCursor(request[mark..]);
        try
        {
            cursor.BeginDocument();
            while (cursor.NextProperty())
            {
                if (!cursor.Is("resourceSpans"u8, "resource_spans"u8)) cursor.SkipValue();
                else if (cursor.BeginArray()) ReadAllResourceSpans(ref cursor);
            }
            cursor.EndDocument();
        }
        catch (JsonException)
        {
            return new DecodeError(cursor.IsAtDepthMax ? DecodeErrorReason.TooDeep : DecodeErrorReason.BadJson,
                cursor.Offset + mark);
        }
        catch (JsonShapeException fault)
        {
            return new DecodeError(fault.Reason, cursor.Offset + mark);
        }
        rejectedSpans = rejected;
        return null;
    }

    private void ReadAllResourceSpans(ref JsonCursor cursor)
    {
        while (cursor.NextObject()) ReadResourceSpans(ref cursor);
    }

    // Spans are written under the index that their resource gets, which may follow them.
    private void ReadResourceSpans(ref JsonCursor cursor)
    {
        var resourceIndex = builder.ResourceCount;
        var spansBefore = builder.SpanCount;
        while (cursor.NextProperty())
        {
            if (cursor.Is("resource"u8))
            {
                if (!cursor.BeginObject()) continue;
                if (builder.ResourceCount > resourceIndex) throw new JsonShapeException(DecodeErrorReason.DuplicateJsonField);
                ReadResource(ref cursor);
            }
            else if (IsScopeSpans(ref cursor))
            {
                if (!cursor.BeginArray()) continue;
                while (cursor.NextObject()) ReadScopeSpans(ref cursor, resourceIndex);
            }
            else
            {
                cursor.SkipValue();
            }
        }
        if (builder.ResourceCount > resourceIndex || builder.SpanCount == spansBefore) return;
        builder.BeginResource();
        builder.EndResource();
    }

    // The second pair is the field's name in senders from before 2022.
    private static bool IsScopeSpans(ref JsonCursor cursor) =>
        cursor.Is("scopeSpans"u8, "scope_spans"u8)
        || cursor.Is("instrumentationLibrarySpans"u8, "instrumentation_library_spans"u8);

    private void ReadResource(ref JsonCursor cursor)
    {
        builder.BeginResource();
        while (cursor.NextProperty())
        {
            if (cursor.Is("attributes"u8)) ReadAttributes(ref cursor);
            else cursor.SkipValue();
        }
        builder.EndResource();
    }

    private FingerprintHints ReadAttributes(ref JsonCursor cursor)
    {
        var hints = FingerprintHints.None;
        if (!cursor.BeginArray()) return hints;
        var left = attributesMax;
        while (cursor.NextObject())
        {
            if (left-- > 0)
            {
                hints |= values.ReadAttribute(ref cursor);
                continue;
            }
            builder.Flag(SpanRecordFlags.AttributesOverLimit);
            cursor.SkipObject();
        }
        return hints;
    }

    private void ReadScopeSpans(ref JsonCursor cursor, int resourceIndex)
    {
        var spansBefore = builder.SpanCount;
        JsonText name = default, version = default, schemaUrl = default;
        while (cursor.NextProperty())
        {
            if (cursor.Is("spans"u8))
            {
                if (!cursor.BeginArray()) continue;
                while (cursor.NextObject()) ReadSpan(ref cursor, resourceIndex);
            }
            else if (cursor.Is("scope"u8) || cursor.Is("instrumentationLibrary"u8, "instrumentation_library"u8))
            {
                if (!cursor.BeginObject()) continue;
                while (cursor.NextProperty())
                {
                    if (cursor.Is("name"u8)) name = cursor.ReadText();
                    else if (cursor.Is("version"u8)) version = cursor.ReadText();
                    else cursor.SkipValue();
                }
            }
            else if (cursor.Is("schemaUrl"u8, "schema_url"u8))
            {
                schemaUrl = cursor.ReadText();
            }
            else
            {
                cursor.SkipValue();
            }
        }
        if (builder.SpanCount > spansBefore) AddScope(name, version, schemaUrl);
    }

    private void AddScope(JsonText name, JsonText version, JsonText schemaUrl)
    {
        var part = valueBytesMax + JsonText.SlackBytes;
        var scratch = ArrayPool<byte>.Shared.Rent(3 * part);
        builder.AddScope(name.Unescape(scratch.AsSpan(0, part)), version.Unescape(scratch.AsSpan(part, part)),
            schemaUrl.Unescape(scratch.AsSpan(2 * part, part)));
        ArrayPool<byte>.Shared.Return(scratch);
    }

    private void ReadSpan(ref JsonCursor cursor, int resourceIndex)
    {
        if (builder.SpanCount + rejected.Total >= spansMax) throw new JsonShapeException(DecodeErrorReason.TooManySpans);
        builder.BeginSpan();
        var header = new SpanHeader();
        JsonText name = default;
        var parentIsValid = true;
        while (cursor.NextProperty())
        {
            if (cursor.Is("attributes"u8)) header.Hints |= ReadAttributes(ref cursor);
            else if (cursor.Is("traceId"u8, "trace_id"u8)) header.TraceId = ReadTraceId(ref cursor);
            else if (cursor.Is("spanId"u8, "span_id"u8)) header.SpanId = ReadSpanId(ref cursor, out _);
            else if (cursor.Is("parentSpanId"u8, "parent_span_id"u8))
                header.ParentSpanId = ReadSpanId(ref cursor, out parentIsValid);
            else if (cursor.Is("name"u8)) name = cursor.ReadText();
            else if (cursor.Is("startTimeUnixNano"u8, "start_time_unix_nano"u8)) header.StartNanos = cursor.ReadUInt64();
            else if (cursor.Is("endTimeUnixNano"u8, "end_time_unix_nano"u8)) header.EndNanos = cursor.ReadUInt64();
            else if (cursor.Is("kind"u8)) header.Kind = ReadKind(ref cursor);
            else if (cursor.Is("status"u8)) ReadStatus(ref cursor, ref header.Status);
            else if (cursor.Is("links"u8)) ReadLinks(ref cursor);
            else if (cursor.Is("traceState"u8, "trace_state"u8)) ReadTraceState(ref cursor, ref header.Flags);
            else if (cursor.Is("droppedAttributesCount"u8, "dropped_attributes_count"u8))
            {
                if (cursor.ReadUInt64() != 0) header.Flags |= SpanRecordFlags.SenderDroppedAttributes;
            }
            else cursor.SkipValue();
        }
        if (header.TraceId.IsZero) rejected.Count(SpanRejection.InvalidTraceId);
        else if (header.SpanId.IsZero) rejected.Count(SpanRejection.InvalidSpanId);
        else if (!parentIsValid) rejected.Count(SpanRejection.InvalidParentSpanId);
        else EndSpan(header, name, resourceIndex);
    }

    private void EndSpan(in SpanHeader header, JsonText name, int resourceIndex)
    {
        var scratch = ArrayPool<byte>.Shared.Rent(valueBytesMax + JsonText.SlackBytes);
        builder.EndSpan(header, name.Unescape(scratch), resourceIndex, builder.ScopeCount, receivedNanos);
        ArrayPool<byte>.Shared.Return(scratch);
    }

    private static void ReadTraceState(ref JsonCursor cursor, ref SpanRecordFlags flags)
    {
        var text = cursor.ReadText();
        if (text.IsEscaped
            ? TraceState.IsSampled(text.Unescape(stackalloc byte[TraceStateBytesMax]))
            : TraceState.IsSampled(text.Raw))
            flags |= SpanRecordFlags.Sampled;
    }

    private static SpanKind ReadKind(ref JsonCursor cursor) =>
        cursor.TryReadEnumNumber(out var number, out var name) ? OtlpEnums.ToKind(number) : OtlpEnums.ToKind(name);

    private static void ReadStatus(ref JsonCursor cursor, ref SpanStatus status)
    {
        if (!cursor.BeginObject()) return;
        while (cursor.NextProperty())
        {
            if (cursor.Is("code"u8))
                status = cursor.TryReadEnumNumber(out var number, out var name)
                    ? OtlpEnums.ToStatus(number)
                    : OtlpEnums.ToStatus(name);
            else cursor.SkipValue();
        }
    }

    private void ReadLinks(ref JsonCursor cursor)
    {
        if (!cursor.BeginArray()) return;
        Span<byte> ids = stackalloc byte[SpanRecord.LinkBytes];
        while (cursor.NextObject())
        {
            int traceIdBytes = 0, spanIdBytes = 0;
            while (cursor.NextProperty())
            {
                if (cursor.Is("traceId"u8, "trace_id"u8)) traceIdBytes = ReadHex(ref cursor, ids[..TraceId.Bytes]);
                else if (cursor.Is("spanId"u8, "span_id"u8)) spanIdBytes = ReadHex(ref cursor, ids[TraceId.Bytes..]);
                else cursor.SkipValue();
            }
            if (traceIdBytes != TraceId.Bytes || spanIdBytes != SpanId.Bytes) continue;
            if (OtlpEnums.IsValidLink(ids[..TraceId.Bytes], ids[TraceId.Bytes..]))
                builder.AddLink(ids[..TraceId.Bytes], ids[TraceId.Bytes..]);
        }
    }

    private static TraceId ReadTraceId(ref JsonCursor cursor)
    {
        Span<byte> id = stackalloc byte[TraceId.Bytes];
        return ReadHex(ref cursor, id) == TraceId.Bytes ? TraceId.FromBytes(id) : default;
    }

    private static SpanId ReadSpanId(ref JsonCursor cursor, out bool isValidParent)
    {
        Span<byte> id = stackalloc byte[SpanId.Bytes];
        var length = ReadHex(ref cursor, id);
        isValidParent = length is 0 or SpanId.Bytes;
        return length == SpanId.Bytes ? SpanId.FromBytes(id) : default;
    }

    /// <summary>The number of bytes read; −1 for text that is not hexadecimal or too long for <paramref name="id"/>.</summary>
    private static int ReadHex(ref JsonCursor cursor, scoped Span<byte> id)
    {
        var text = cursor.ReadText();
        Span<byte> scratch = stackalloc byte[IdTextBytesMax];
        scoped var digits = text.IsEscaped ? text.Unescape(scratch) : text.Raw;
        if (digits.Length > id.Length * 2) return -1;
        return Convert.FromHexString(digits, id, out _, out var written) == OperationStatus.Done ? written : -1;
    }
}
