using CostAttribution.Domain.Tracing;

namespace CostAttribution.Otlp;

/// <summary>Which member of OTLP's <c>AnyValue</c> is set.</summary>
internal enum AnyKind : byte { None, String, Bool, Int, Double, Array, KeyValueList, Bytes }

/// <summary>An attribute value while it is being decided whether and how it is kept; points into the request.</summary>
internal ref struct AnyScalar
{
    public AnyKind Kind;

    /// <summary>For an array: what its first scalar element is.</summary>
    public AnyKind ElementKind;

    /// <summary>The integer, the double's bits, or 0/1; of the element for an array.</summary>
    public long Bits;

    /// <summary>The UTF-8 text; of the element for an array.</summary>
    public ReadOnlySpan<byte> Text;

    /// <summary>Whether the text still has JSON escapes.</summary>
    public bool IsEscaped;

    /// <summary>The encoded array or list, for structured keys.</summary>
    public ReadOnlySpan<byte> Encoded;

    /// <summary>Whether the list came in several pieces, of which <see cref="Encoded"/> is only the last.</summary>
    public bool IsSplit;

    public readonly bool IsScalar => Kind is AnyKind.String or AnyKind.Bool or AnyKind.Int or AnyKind.Double;

    public void Set(AnyKind kind, long bits, ReadOnlySpan<byte> text)
    {
        Kind = kind;
        ElementKind = AnyKind.None;
        Bits = bits;
        Text = text;
        IsEscaped = false;
        Encoded = default;
        IsSplit = false;
    }
}

/// <summary>Hands known attributes to the batch builder, whatever encoding they came in.</summary>
internal sealed class AttributeSink(SpanBatchBuilder builder)
{
    public SpanBatchBuilder Builder => builder;

    /// <summary>
    /// Adds a scalar. Lists, bytes and unset values are left out; so are arrays, flagged, but for keys that are lists by
    /// convention: of those the first scalar is kept.
    /// </summary>
    public void Add(in KnownKey key, in AnyScalar value)
    {
        if (value.Kind == AnyKind.Array && value.ElementKind != AnyKind.None && !KnownKeys.IsList(key.Id))
        {
            builder.Flag(SpanRecordFlags.BadStructuredValue);
            return;
        }
        var kind = value.Kind == AnyKind.Array ? value.ElementKind : value.Kind;
        switch (kind)
        {
            case AnyKind.String when (key.Use & AttributeUse.Structured) != 0: AddStructured(key, value.Text); break;
            case AnyKind.String: builder.AddText(key, value.Text); break;
            case AnyKind.Bool: builder.AddBool(key, value.Bits != 0); break;
            case AnyKind.Int: builder.AddInt(key, value.Bits); break;
            case AnyKind.Double: builder.AddDouble(key, BitConverter.Int64BitsToDouble(value.Bits)); break;
        }
    }

    /// <summary>Takes the known members out of a structured text; the text itself is not kept.</summary>
    public void AddStructured(in KnownKey key, ReadOnlySpan<byte> text)
    {
        if (text.Length > builder.Limits.StructuredBytesMax || !StructuredAttributes.TryExtract(key.Id, text, builder))
            builder.Flag(SpanRecordFlags.BadStructuredValue);
    }
}
