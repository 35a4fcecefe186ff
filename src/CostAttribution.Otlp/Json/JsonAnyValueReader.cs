using System.Buffers;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Otlp.Json;

/// <summary>Reads attributes in OTLP's JSON mapping. The counterpart of <see cref="Protobuf.AnyValueReader"/>.</summary>
internal sealed class JsonAnyValueReader(AttributeKeyTable keys, AttributeSink sink)
{
    /// <summary>Keys with escapes are looked up by this many bytes; no known key is as long.</summary>
    private const int KeyBytesMax = 512;

    private readonly byte[] keyScratch = new byte[KeyBytesMax];
    private readonly StructuredText structured = new();

    /// <summary>Reads one element of an <c>attributes</c> array and keeps it if its key is known.</summary>
    public FingerprintHints ReadAttribute(ref JsonCursor cursor)
    {
        var hints = FingerprintHints.None;
        var keySeen = false;
        var isKnown = false;
        KnownKey known = default;
        var value = new AnyScalar();
        ReadOnlySpan<byte> valueBeforeKey = default;
        while (cursor.NextProperty())
        {
            if (cursor.Is("key"u8))
            {
                var key = cursor.ReadText().Unescape(keyScratch);
                hints = FingerprintPrefixes.HintOf(key);
                isKnown = keys.TryGet(key, out known);
                keySeen = true;
            }
            else if (cursor.Is("value"u8))
            {
                if (!cursor.BeginObject()) continue;
                if (!keySeen) valueBeforeKey = cursor.SliceObject();
                else if (isKnown) ReadAnyValue(ref cursor, ref value, withArrays: true);
                else cursor.SkipObject();
            }
            else
            {
                cursor.SkipValue();
            }
        }
        if (!isKnown) return hints;
        if (!valueBeforeKey.IsEmpty)
        {
            var again = new JsonCursor(valueBeforeKey);
            again.BeginDocument();
            ReadAnyValue(ref again, ref value, withArrays: true);
        }
        Keep(known, ref value);
        return hints;
    }

    private static void ReadAnyValue(ref JsonCursor cursor, ref AnyScalar value, bool withArrays)
    {
        while (cursor.NextProperty())
        {
            if (cursor.Is("stringValue"u8, "string_value"u8))
            {
                if (!cursor.TryReadText(out var text)) continue;
                value.Set(AnyKind.String, 0, text.Raw);
                value.IsEscaped = text.IsEscaped;
            }
            else if (cursor.Is("intValue"u8, "int_value"u8))
            {
                if (cursor.TryReadInt64(out var integer)) value.Set(AnyKind.Int, integer, default);
            }
            else if (cursor.Is("doubleValue"u8, "double_value"u8))
            {
                if (cursor.TryReadDouble(out var real)) value.Set(AnyKind.Double, BitConverter.DoubleToInt64Bits(real), default);
            }
            else if (cursor.Is("boolValue"u8, "bool_value"u8))
            {
                if (cursor.TryReadBool(out var truth)) value.Set(AnyKind.Bool, truth ? 1 : 0, default);
            }
            else if (cursor.Is("arrayValue"u8, "array_value"u8))
            {
                if (!cursor.BeginObject()) continue;
                value.Set(AnyKind.Array, 0, default);
                value.Encoded = cursor.SliceObject();
                if (withArrays) ReadFirstScalar(ref value);
            }
            else if (cursor.Is("kvlistValue"u8, "kvlist_value"u8))
            {
                if (!cursor.BeginObject()) continue;
                value.Set(AnyKind.KeyValueList, 0, default);
                value.Encoded = cursor.SliceObject();
            }
            else if (cursor.Is("bytesValue"u8, "bytes_value"u8))
            {
                if (cursor.TryReadText(out _)) value.Set(AnyKind.Bytes, 0, default);
            }
            else
            {
                cursor.SkipValue();
            }
        }
    }

    private static void ReadFirstScalar(ref AnyScalar array)
    {
        var cursor = new JsonCursor(array.Encoded);
        cursor.BeginDocument();
        while (cursor.NextProperty())
        {
            if (!cursor.Is("values"u8))
            {
                cursor.SkipValue();
                continue;
            }
            if (!cursor.BeginArray()) continue;
            while (cursor.NextObject())
            {
                var element = new AnyScalar();
                ReadAnyValue(ref cursor, ref element, withArrays: false);
                if (!element.IsScalar) continue;
                array.ElementKind = element.Kind;
                array.Bits = element.Bits;
                array.Text = element.Text;
                array.IsEscaped = element.IsEscaped;
                return;
            }
        }
    }

    private void Keep(in KnownKey key, ref AnyScalar value)
    {
        var limits = sink.Builder.Limits;
        var isStructured = (key.Use & AttributeUse.Structured) != 0;
        if (isStructured && value.Kind is (AnyKind.Array or AnyKind.KeyValueList))
        {
            KeepList(key, value);
            return;
        }
        if (!value.IsEscaped)
        {
            sink.Add(key, value);
            return;
        }
        var bytesMax = Math.Min(value.Text.Length, isStructured ? limits.StructuredBytesMax : limits.ValueBytesMax);
        var scratch = ArrayPool<byte>.Shared.Rent(bytesMax + JsonText.SlackBytes);
        var plain = value;
        plain.Text = new JsonText(value.Text, isEscaped: true).Unescape(scratch.AsSpan(0, bytesMax + JsonText.SlackBytes));
        sink.Add(key, plain);
        ArrayPool<byte>.Shared.Return(scratch);
    }

    private void KeepList(in KnownKey key, in AnyScalar value)
    {
        structured.Begin(sink.Builder.Limits.StructuredBytesMax);
        WriteList(value.Encoded, value.Kind, depth: 1);
        if (structured.Overflowed) sink.Builder.Flag(SpanRecordFlags.BadStructuredValue);
        else sink.AddStructured(key, structured.Written);
        structured.End();
    }

    private void WriteList(ReadOnlySpan<byte> encoded, AnyKind kind, int depth)
    {
        if (depth > StructuredText.DepthMax)
        {
            structured.MarkOverflowed();
            return;
        }
        var isArray = kind == AnyKind.Array;
        structured.Raw(isArray ? "["u8 : "{"u8);
        var cursor = new JsonCursor(encoded);
        cursor.BeginDocument();
        var any = false;
        while (cursor.NextProperty())
        {
            if (!cursor.Is("values"u8))
            {
                cursor.SkipValue();
                continue;
            }
            if (!cursor.BeginArray()) continue;
            while (cursor.NextObject())
            {
                if (any) structured.Raw(","u8);
                any = true;
                if (isArray) WriteElement(ref cursor, depth);
                else WriteMember(ref cursor, depth);
            }
        }
        structured.Raw(isArray ? "]"u8 : "}"u8);
    }

    private void WriteElement(ref JsonCursor cursor, int depth)
    {
        var value = new AnyScalar();
        ReadAnyValue(ref cursor, ref value, withArrays: false);
        WriteValue(value, depth);
    }

    private void WriteMember(ref JsonCursor cursor, int depth)
    {
        JsonText key = default;
        var value = new AnyScalar();
        while (cursor.NextProperty())
        {
            if (cursor.Is("key"u8)) key = cursor.ReadText();
            else if (!cursor.Is("value"u8)) cursor.SkipValue();
            else if (cursor.BeginObject()) ReadAnyValue(ref cursor, ref value, withArrays: false);
        }
        WriteText(key);
        structured.Raw(":"u8);
        WriteValue(value, depth);
    }

    private void WriteValue(in AnyScalar value, int depth)
    {
        if (value.Kind is AnyKind.Array or AnyKind.KeyValueList) WriteList(value.Encoded, value.Kind, depth + 1);
        else if (value.Kind == AnyKind.String) WriteText(new JsonText(value.Text, value.IsEscaped));
        else structured.Scalar(value);
    }

    // JSON text in, JSON text out: what is escaped already stays as it is.
    private void WriteText(JsonText text)
    {
        structured.Raw("\""u8);
        structured.Raw(text.Raw);
        structured.Raw("\""u8);
    }
}
