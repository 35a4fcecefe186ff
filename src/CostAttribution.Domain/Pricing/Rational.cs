using System.Globalization;
using System.Numerics;

namespace CostAttribution.Domain.Pricing;

/// <summary>An exact non-negative fraction in lowest terms. Used when cards are read and compiled, never per span.</summary>
public readonly record struct Rational
{
    /// <summary>Longest decimal accepted by <see cref="TryParseDecimal"/>, in digits.</summary>
    public const int DigitsMax = 30;

    private readonly BigInteger denominatorLessOne;

    public Rational(BigInteger numerator, BigInteger denominator)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(numerator.Sign);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(denominator.Sign);
        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        Numerator = numerator / divisor;
        denominatorLessOne = denominator / divisor - 1;
    }

    public static Rational One => new(1, 1);

    public BigInteger Numerator { get; }

    /// <summary>Never zero, also for <c>default</c>, which is the number zero.</summary>
    public BigInteger Denominator => denominatorLessOne + 1;

    public bool IsZero => Numerator.IsZero;

    public static Rational operator *(Rational left, Rational right) =>
        new(left.Numerator * right.Numerator, left.Denominator * right.Denominator);

    public static Rational operator /(Rational left, BigInteger right) => new(left.Numerator, left.Denominator * right);

    public static bool operator >(Rational left, Rational right) =>
        left.Numerator * right.Denominator > right.Numerator * left.Denominator;

    public static bool operator <(Rational left, Rational right) => right > left;

    /// <summary>
    /// Reads plain decimal text such as <c>0.075</c>, at most <see cref="DigitsMax"/> digits. No sign, exponent, separators or
    /// spaces.
    /// </summary>
    public static bool TryParseDecimal(ReadOnlySpan<char> text, out Rational value)
    {
        value = default;
        if (text.Length is 0 or > DigitsMax + 1) return false;
        var point = text.IndexOf('.');
        if (point == 0 || point == text.Length - 1) return false;
        BigInteger digits = 0, scale = 1;
        for (var i = 0; i < text.Length; i++)
        {
            if (i == point) continue;
            if (!char.IsAsciiDigit(text[i])) return false;
            digits = digits * 10 + (text[i] - '0');
            if (point >= 0 && i > point) scale *= 10;
        }
        value = new Rational(digits, scale);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");
}
