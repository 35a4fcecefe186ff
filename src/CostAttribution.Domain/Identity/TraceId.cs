using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CostAttribution.Domain.Identity;

/// <summary>
/// A W3C trace id: 16 bytes, compared whole, so that two customers' traces never meet in a hash bucket. All zero is invalid
/// (https://www.w3.org/TR/trace-context/#trace-id).
/// </summary>
/// <param name="High">Bytes 0–7, big-endian.</param>
/// <param name="Low">Bytes 8–15, big-endian.</param>
public readonly record struct TraceId(ulong High, ulong Low) : IComparable<TraceId>
{
    /// <summary>Length on the wire in bytes.</summary>
    public const int Bytes = 16;

    public bool IsZero => (High | Low) == 0;

    /// <summary>Reads exactly <see cref="Bytes"/> bytes.</summary>
    public static TraceId FromBytes(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    /// <summary>Parses 32 hexadecimal digits in either case.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TraceId id)
    {
        id = default;
        if (text is not { Length: 32 }) return false;
        if (!ulong.TryParse(text.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high))
            return false;
        if (!ulong.TryParse(text.AsSpan(16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low))
            return false;
        id = new TraceId(high, low);
        return true;
    }

    public int CompareTo(TraceId other)
    {
        var high = High.CompareTo(other.High);
        return high != 0 ? high : Low.CompareTo(other.Low);
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");

    public static bool operator <(TraceId left, TraceId right) => left.CompareTo(right) < 0;
    public static bool operator >(TraceId left, TraceId right) => left.CompareTo(right) > 0;
    public static bool operator <=(TraceId left, TraceId right) => left.CompareTo(right) <= 0;
    public static bool operator >=(TraceId left, TraceId right) => left.CompareTo(right) >= 0;
}
