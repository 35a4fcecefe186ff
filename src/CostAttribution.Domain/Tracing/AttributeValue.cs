using System.Buffers.Text;
using System.Text;

namespace CostAttribution.Domain.Tracing;

/// <summary>Kind of a kept attribute value. Part of the record format: append only.</summary>
public enum AttributeType : byte { Int = 1, Double = 2, Bool = 3, String = 4 }

/// <summary>One kept attribute of a span or a resource, pointing into the record that holds it.</summary>
public readonly ref struct AttributeValue
{
    private readonly ReadOnlySpan<byte> utf8;
    private readonly long bits;

    internal AttributeValue(ushort key, AttributeType type, long bits, ReadOnlySpan<byte> utf8)
    {
        Key = key;
        Type = type;
        this.bits = bits;
        this.utf8 = utf8;
    }

    /// <summary>Id in the <see cref="AttributeKeyTable"/>.</summary>
    public ushort Key { get; }
    public AttributeType Type { get; }

    /// <summary>The integer, or 0/1 of a Boolean.</summary>
    public long Int => bits;
    public double Double => BitConverter.Int64BitsToDouble(bits);
    public bool Bool => bits != 0;

    /// <summary>Text of a string value; empty for the other types.</summary>
    public ReadOnlySpan<byte> Utf8 => utf8;

    /// <summary>The value as text, whatever its type; integers and doubles in the shortest invariant form.</summary>
    public string ToText(Utf8Interner interner)
    {
        if (Type == AttributeType.String) return interner.Get(utf8);
        Span<byte> text = stackalloc byte[32];
        var written = 0;
        var formatted = Type switch
        {
            AttributeType.Int => Utf8Formatter.TryFormat(bits, text, out written),
            AttributeType.Double =>
                Double.TryFormat(text, out written, provider: System.Globalization.CultureInfo.InvariantCulture),
            _ => Encoding.UTF8.TryGetBytes(Bool ? "true" : "false", text, out written),
        };
        return formatted ? interner.Get(text[..written]) : "";
    }
}
