using System.Buffers.Text;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage;

/// <summary>How an attribute's value was taken.</summary>
internal enum Reading : byte { Absent, Present, Bad }

/// <summary>
/// Reads quantities out of whatever type an instrumentation used: integers, integral doubles, digits in text
/// (Spring AI, Mastra). Zero is a value; only a missing or unreadable one is absent. Never throws.
/// </summary>
internal static class QuantityParser
{
    /// <summary>
    /// Larger counts are no counts of one call. The bound also keeps sums over a whole trace far below 64 bits.
    /// </summary>
    public const long QuantityMax = 1_000_000_000_000;

    public static Reading Parse(in AttributeValue value, out long quantity)
    {
        quantity = 0;
        switch (value.Type)
        {
            case AttributeType.Int: return Checked(value.Int, out quantity);
            case AttributeType.Double: return FromDouble(value.Double, out quantity);
            case AttributeType.String: return FromText(value.Utf8, out quantity);
            default: return Reading.Bad;
        }
    }

    private static Reading Checked(long value, out long quantity)
    {
        var valid = value is >= 0 and <= QuantityMax;
        quantity = valid ? value : 0;
        return valid ? Reading.Present : Reading.Bad;
    }

    private static Reading FromDouble(double value, out long quantity)
    {
        quantity = 0;
        if (!(value is >= -1e-6 and <= QuantityMax)) return Reading.Bad;
        var rounded = Math.Round(value);
        if (Math.Abs(value - rounded) > 1e-6) return Reading.Bad;
        quantity = (long)rounded;
        return Reading.Present;
    }

    private static Reading FromText(ReadOnlySpan<byte> text, out long quantity)
    {
        quantity = 0;
        text = text.Trim(" \t\r\n"u8);
        if (AbsentText.Is(text)) return Reading.Absent;
        if (Utf8Parser.TryParse(text, out long whole, out var used) && used == text.Length) return Checked(whole, out quantity);
        if (Utf8Parser.TryParse(text, out double value, out used) && used == text.Length) return FromDouble(value, out quantity);
        return Reading.Bad;
    }
}

/// <summary>Texts that instrumentations write where they have no value.</summary>
internal static class AbsentText
{
    public static bool Is(ReadOnlySpan<byte> text) => text.Length switch
    {
        0 => true,
        4 => text.SequenceEqual("null"u8) || text.SequenceEqual("None"u8),
        9 => text.SequenceEqual("undefined"u8),
        _ => false,
    };
}
