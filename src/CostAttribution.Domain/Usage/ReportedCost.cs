using System.Globalization;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Usage;

/// <summary>
/// Reads a cost in US dollars off a span. A double is taken as its shortest round-trip text, so no floating arithmetic touches
/// the money; what lies beyond twelve decimals is rounded half to even.
/// </summary>
internal static class ReportedCost
{
    /// <summary>More significant digits than any sender writes; longer texts are refused.</summary>
    private const int DigitsMax = 30;

    /// <summary>Larger amounts are no cost of one span; the bound keeps sums over a trace far from overflow.</summary>
    private static readonly UInt128 PicoUsdMax = (UInt128)1_000_000_000 * 1_000_000_000_000;

    public static Reading Parse(in AttributeValue value, out Money cost)
    {
        cost = default;
        switch (value.Type)
        {
            case AttributeType.Int:
                return value.Int < 0 ? Reading.Bad : FromDecimal((UInt128)(ulong)value.Int, 0, out cost);
            case AttributeType.Double:
                Span<byte> text = stackalloc byte[32];
                return double.IsFinite(value.Double) && value.Double.TryFormat(text, out var written, "R",
                    CultureInfo.InvariantCulture)
                    ? FromText(text[..written], out cost)
                    : Reading.Bad;
            case AttributeType.String:
                return FromText(value.Utf8.Trim(" \t\r\n"u8), out cost);
            default:
                return Reading.Bad;
        }
    }

    private static Reading FromText(ReadOnlySpan<byte> text, out Money cost)
    {
        cost = default;
        if (AbsentText.Is(text)) return Reading.Absent;
        UInt128 digits = 0;
        int significant = 0, fraction = 0, i = 0;
        bool point = false, any = false;
        for (; i < text.Length && text[i] is (>= (byte)'0' and <= (byte)'9') or (byte)'.'; i++)
        {
            if (text[i] == '.')
            {
                if (point) return Reading.Bad;
                point = true;
                continue;
            }
            any = true;
            if (point) fraction++;
            digits = digits * 10 + (UInt128)(text[i] - '0');
            if (digits != 0 && ++significant > DigitsMax) return Reading.Bad;
        }
        if (!any) return Reading.Bad;
        var exponent = 0;
        if (i < text.Length)
        {
            if (text[i] is not ((byte)'e' or (byte)'E')) return Reading.Bad;
            if (!int.TryParse(text[(i + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
                out exponent)) return Reading.Bad;
            if (exponent is < -400 or > 400) return Reading.Bad;
        }
        return FromDecimal(digits, exponent - fraction, out cost);
    }

    /// <summary>digits × 10^exponent dollars.</summary>
    private static Reading FromDecimal(UInt128 digits, int exponent, out Money cost)
    {
        cost = default;
        var pico = exponent + Money.Scale;
        var max = PicoUsdMax;
        for (; pico > 0 && digits != 0; pico--)
        {
            if (digits > max / 10) return Reading.Bad;
            digits *= 10;
        }
        if (pico < 0) digits = Shrink(digits, -pico);
        if (digits > max) return Reading.Bad;
        cost = new Money((Int128)digits);
        return Reading.Present;
    }

    private static UInt128 Shrink(UInt128 digits, int places)
    {
        if (places > DigitsMax + 1) return 0;
        UInt128 divisor = 1;
        for (; places > 0; places--) divisor *= 10;
        var (quotient, rest) = UInt128.DivRem(digits, divisor);
        var half = divisor / 2;
        return rest > half || (rest == half && !UInt128.IsEvenInteger(quotient)) ? quotient + 1 : quotient;
    }
}
