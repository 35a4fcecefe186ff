using CostAttribution.Domain.Tracing;

namespace CostAttribution.Otlp.Protobuf;

/// <summary>Reads <c>opentelemetry.proto.common.v1</c>: KeyValue, AnyValue, ArrayValue, KeyValueList.</summary>
internal sealed class AnyValueReader(AttributeKeyTable keys, AttributeSink sink)
{
    // KeyValue
    private const uint KeyTag = 1 << 3 | WireReader.LengthDelimited, ValueTag = 2 << 3 | WireReader.LengthDelimited;

    // AnyValue; all but the last are members of one oneof
    private const uint StringTag = 1 << 3 | WireReader.LengthDelimited, BoolTag = 2 << 3 | WireReader.Varint,
        IntTag = 3 << 3 | WireReader.Varint, DoubleTag = 4 << 3 | WireReader.Fixed64,
        ArrayTag = 5 << 3 | WireReader.LengthDelimited, KeyValueListTag = 6 << 3 | WireReader.LengthDelimited,
        BytesTag = 7 << 3 | WireReader.LengthDelimited;

    // ArrayValue and KeyValueList have one field each
    private const uint ValuesTag = 1 << 3 | WireReader.LengthDelimited;

    private readonly StructuredText structured = new();

    /// <summary>
    /// Reads the KeyValue whose length comes next and keeps it if the key is known. The value of an unknown key is stepped
    /// over by its length. Returns the dialect hint that the key gives.
    /// </summary>
    public FingerprintHints ReadAttribute(ref WireReader reader)
    {
        var outer = reader.Enter();
        var hints = FingerprintHints.None;
        KnownKey known = default;
        if (TryReadPlainHead(ref reader, out var key))
        {
            hints = FingerprintPrefixes.HintOf(key);
            if (keys.TryGet(key, out known))
            {
                var value = new AnyScalar();
                ReadAnyValue(ref reader, ref value, withArrays: true);
                Keep(known, value);
            }
            else
            {
                reader.Position = reader.End;
            }
        }
        else
        {
            var value = new AnyScalar();
            key = ReadAnyOrder(ref reader, ref value);
            hints = FingerprintPrefixes.HintOf(key);
            if (reader.Fault == DecodeErrorReason.None && keys.TryGet(key, out known)) Keep(known, value);
        }
        reader.Leave(outer);
        return hints;
    }

    /// <summary>
    /// The shape every known exporter writes: the key, then the value up to the end. Leaves the reader at the value's first
    /// byte; otherwise leaves it where it was.
    /// </summary>
    private static bool TryReadPlainHead(ref WireReader reader, out ReadOnlySpan<byte> key)
    {
        key = default;
        var start = reader.Position;
        if (reader.End - start < 4 || reader.At(start) != KeyTag) return false;
        int keyLength = reader.At(start + 1);
        var valueAt = start + 2 + keyLength;
        if (keyLength >= 0x80 || reader.End - valueAt < 2 || reader.At(valueAt) != ValueTag) return false;

        var lengthAt = valueAt + 1;
        var length = 0;
        for (var shift = 0; shift <= 21 && lengthAt < reader.End; shift += 7)
        {
            var digit = reader.At(lengthAt++);
            length |= (digit & 0x7F) << shift;
            if (digit >= 0x80) continue;
            if (reader.End - lengthAt != length) return false;
            key = reader.Slice(start + 2, keyLength);
            reader.Position = lengthAt;
            return true;
        }
        return false;
    }

    // Fields in any order and number: the last key counts, and the values merge as protobuf merges messages.
    private static ReadOnlySpan<byte> ReadAnyOrder(ref WireReader reader, scoped ref AnyScalar value)
    {
        ReadOnlySpan<byte> key = default;
        while (reader.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case KeyTag:
                    key = reader.ReadBytes();
                    break;
                case ValueTag:
                    var outer = reader.Enter();
                    ReadAnyValue(ref reader, ref value, withArrays: true);
                    reader.Leave(outer);
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }
        return key;
    }

    private static void ReadAnyValue(ref WireReader reader, ref AnyScalar value, bool withArrays)
    {
        while (reader.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case StringTag: value.Set(AnyKind.String, 0, reader.ReadBytes()); break;
                case IntTag: value.Set(AnyKind.Int, unchecked((long)reader.ReadVarint()), default); break;
                case DoubleTag: value.Set(AnyKind.Double, unchecked((long)reader.ReadFixed64()), default); break;
                case BoolTag: value.Set(AnyKind.Bool, reader.ReadVarint() != 0 ? 1 : 0, default); break;
                case ArrayTag: ReadArray(ref reader, ref value, withArrays); break;
                case KeyValueListTag:
                    var list = reader.ReadBytes();
                    var isMore = value.Kind == AnyKind.KeyValueList;
                    value.Set(AnyKind.KeyValueList, 0, default);
                    value.IsSplit = isMore;
                    value.Encoded = list;
                    break;
                case BytesTag:
                    reader.ReadBytes();
                    value.Set(AnyKind.Bytes, 0, default);
                    break;
                default: reader.Skip(tag); break;
            }
        }
    }

    // Only the first scalar is looked for, so nothing inside is ever entered twice, however deep it is.
    private static void ReadArray(ref WireReader reader, ref AnyScalar value, bool withArrays)
    {
        var outer = reader.Enter();
        var encoded = reader.Slice(reader.Position, reader.End - reader.Position);
        // A repeated array continues the one before it; its first element stays the first.
        if (value.Kind == AnyKind.Array) value.IsSplit = true;
        else value.Set(AnyKind.Array, 0, default);
        value.Encoded = encoded;
        while (withArrays && value.ElementKind == AnyKind.None && reader.TryReadTag(out var tag))
        {
            if (tag != ValuesTag)
            {
                reader.Skip(tag);
                continue;
            }
            var arrayEnd = reader.Enter();
            var element = new AnyScalar();
            ReadAnyValue(ref reader, ref element, withArrays: false);
            reader.Leave(arrayEnd);
            if (!element.IsScalar) continue;
            value.ElementKind = element.Kind;
            value.Bits = element.Bits;
            value.Text = element.Text;
        }
        reader.Leave(outer);
    }

    private void Keep(in KnownKey key, in AnyScalar value)
    {
        if ((key.Use & AttributeUse.Structured) == 0 || value.Kind is not (AnyKind.Array or AnyKind.KeyValueList))
        {
            sink.Add(key, value);
            return;
        }
        structured.Begin(sink.Builder.Limits.StructuredBytesMax);
        // Pieces are not joined: no sender writes them, and joining many would cost the square of their number.
        if (value.IsSplit) structured.MarkOverflowed();
        else WriteList(value.Encoded, value.Kind, depth: 1);
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
        var reader = new WireReader(encoded);
        var any = false;
        while (!structured.Overflowed && reader.TryReadTag(out var tag))
        {
            if (tag != ValuesTag)
            {
                reader.Skip(tag);
                continue;
            }
            if (any) structured.Raw(","u8);
            any = true;
            var outer = reader.Enter();
            var value = new AnyScalar();
            if (isArray)
            {
                ReadAnyValue(ref reader, ref value, withArrays: false);
            }
            else
            {
                structured.Text(ReadAnyOrder(ref reader, ref value));
                structured.Raw(":"u8);
            }
            reader.Leave(outer);
            if (value.Kind is AnyKind.Array or AnyKind.KeyValueList) WriteList(value.Encoded, value.Kind, depth + 1);
            else structured.Scalar(value);
        }
        if (reader.Fault != DecodeErrorReason.None) structured.MarkOverflowed();
        structured.Raw(isArray ? "]"u8 : "}"u8);
    }
}
