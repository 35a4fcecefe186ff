using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CostAttribution.Domain.Identity;

/// <summary>A W3C span id: 8 bytes. All zero means "none" and is invalid as a span's own id.</summary>
public readonly record struct SpanId(ulong Value) : IComparable<SpanId>
{
    /// <summary>Length on the wire in bytes.</summary>
    public const int Bytes = 8;

    public bool IsZero => Value == 0;

    /// <summary>Reads exactly <see cref="Bytes"/> bytes.</summary>
    public static SpanId FromBytes(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt64BigEndian(bytes));

    public void WriteTo(Span<byte> destination) => BinaryPrimitives.WriteUInt64BigEndian(destination, Value);

    /// <summary>Parses 16 hexadecimal digits in either case.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SpanId id)
    {
        id = default;
        if (text is not { Length: 16 }) return false;
        if (!ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)) return false;
        id = new SpanId(value);
        return true;
    }

    public int CompareTo(SpanId other) => Value.CompareTo(other.Value);

    /// <summary>16 lower-case hexadecimal digits, or the empty string for "none".</summary>
    public override string ToString() => IsZero ? "" : Value.ToString("x16", CultureInfo.InvariantCulture);

    public static bool operator <(SpanId left, SpanId right) => left.Value < right.Value;
    public static bool operator >(SpanId left, SpanId right) => left.Value > right.Value;
    public static bool operator <=(SpanId left, SpanId right) => left.Value <= right.Value;
    public static bool operator >=(SpanId left, SpanId right) => left.Value >= right.Value;
}
