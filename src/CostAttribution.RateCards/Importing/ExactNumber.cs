using System.Globalization;
using System.Numerics;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>Decimals as they stand in a JSON text, never through floating point: <c>1.5e-07</c> is exactly
/// 15/100000000.</summary>
internal static class ExactNumber
{
    /// <summary>Most digits of a number that is read, and largest power of ten either way.</summary>
    private const int DigitsMax = 40, ExponentMax = 40;

    /// <summary>False with the reason when the text is no price: negative, too long, too large or too small to be one.</summary>
    public static bool TryRead(ReadOnlySpan<char> json, out Rational value, out string fault)
    {
        value = default;
        if (json.Length > 0 && json[0] == '-')
        {
            fault = "negative";
            return false;
        }
        var exponent = 0;
        var mantissa = json;
        if (json.IndexOfAny('e', 'E') is var at and >= 0)
        {
            mantissa = json[..at];
            if (!int.TryParse(json[(at + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
                || Math.Abs(exponent) > ExponentMax)
            {
                fault = $"exponent beyond {ExponentMax}";
                return false;
            }
        }
        BigInteger digits = 0;
        var count = 0;
        var point = false;
        foreach (var letter in mantissa)
        {
            if (letter == '.' && !point) point = true;
            else if (char.IsAsciiDigit(letter) && ++count <= DigitsMax)
            {
                digits = digits * 10 + (letter - '0');
                if (point) exponent--;
            }
            else
            {
                fault = count > DigitsMax ? $"more than {DigitsMax} digits" : "not a number";
                return false;
            }
        }
        fault = count == 0 ? "not a number" : "";
        if (count == 0) return false;
        value = exponent >= 0
            ? new Rational(digits * BigInteger.Pow(10, exponent), 1)
            : new Rational(digits, BigInteger.Pow(10, -exponent));
        return true;
    }

    /// <summary>The number as the plain decimal a rate card holds; null when it has none of at most
    /// <see cref="Rational.DigitsMax"/> digits.</summary>
    public static string? ToPlain(Rational value)
    {
        var decimals = 0;
        var left = value;
        while (!left.Denominator.IsOne)
        {
            if (++decimals > Rational.DigitsMax) return null;
            left *= new Rational(10, 1);
        }
        var digits = left.Numerator.ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        if (digits.Length > Rational.DigitsMax) return null;
        return decimals == 0 ? digits : $"{digits[..^decimals]}.{digits[^decimals..]}";
    }

    /// <summary>A number for people: exact where it has a plain form, else the fraction.</summary>
    public static string ToText(Rational value) => ToPlain(value) ?? value.ToString();

    /// <summary>Less than 0, 0 or more than 0, as <paramref name="left"/> is less than, equal to or more than
    /// <paramref name="right"/>.</summary>
    public static int Compare(Rational left, Rational right) =>
        (left.Numerator * right.Denominator).CompareTo(right.Numerator * left.Denominator);

    /// <summary><paramref name="left"/> ÷ <paramref name="right"/>, which is not zero.</summary>
    public static Rational Ratio(Rational left, Rational right) =>
        new(left.Numerator * right.Denominator, left.Denominator * right.Numerator);

    /// <summary>Change from one price to another, in percent to one decimal.</summary>
    public static string Percent(Rational before, Rational after)
    {
        if (before.IsZero) return "from nothing";
        var ratio = Ratio(after, before);
        var tenths = (ratio.Numerator - ratio.Denominator) * 1000 / ratio.Denominator;
        var (whole, tenth) = (BigInteger.Abs(tenths) / 10, BigInteger.Abs(tenths) % 10);
        var sign = ratio.Numerator < ratio.Denominator ? "-" : "+";
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{whole}.{tenth} %");
    }
}
