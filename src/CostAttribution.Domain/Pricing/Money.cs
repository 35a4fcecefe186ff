using System.Globalization;
using System.Numerics;

namespace CostAttribution.Domain.Pricing;

/// <summary>
/// US dollars as a whole number of pico-dollars (10^-12 USD). The finest published token price is exact in it, and its bits
/// are those of a ClickHouse <c>Decimal(38, 12)</c>. Not a rate: a rate has a quantity it is per. Arithmetic is checked.
/// </summary>
public readonly record struct Money(Int128 PicoUsd) : IComparable<Money>,
    IAdditionOperators<Money, Money, Money>, ISubtractionOperators<Money, Money, Money>,
    IUnaryNegationOperators<Money, Money>
{
    /// <summary>Digits after the decimal point.</summary>
    public const int Scale = 12;

    /// <summary>Largest magnitude a <c>Decimal(38, 12)</c> can hold, in pico-dollars.</summary>
    public static readonly Int128 PicoUsdMax =
        Int128.Parse("99999999999999999999999999999999999999", CultureInfo.InvariantCulture);

    private static readonly Int128 PicoPerUsd = 1_000_000_000_000;

    public static Money Zero => default;

    public bool IsZero => PicoUsd == 0;

    public static Money operator +(Money left, Money right) => new(checked(left.PicoUsd + right.PicoUsd));
    public static Money operator -(Money left, Money right) => new(checked(left.PicoUsd - right.PicoUsd));
    public static Money operator -(Money value) => new(checked(-value.PicoUsd));
    public static bool operator <(Money left, Money right) => left.PicoUsd < right.PicoUsd;
    public static bool operator >(Money left, Money right) => left.PicoUsd > right.PicoUsd;
    public static bool operator <=(Money left, Money right) => left.PicoUsd <= right.PicoUsd;
    public static bool operator >=(Money left, Money right) => left.PicoUsd >= right.PicoUsd;

    public int CompareTo(Money other) => PicoUsd.CompareTo(other.PicoUsd);

    /// <summary>Decimal text with exactly twelve digits after the point, as the REST API and ClickHouse write it.</summary>
    public override string ToString()
    {
        var magnitude = Int128.Abs(PicoUsd);
        var (whole, fraction) = Int128.DivRem(magnitude, PicoPerUsd);
        return string.Create(CultureInfo.InvariantCulture, $"{(PicoUsd < 0 ? "-" : "")}{whole}.{(long)fraction:D12}");
    }

    /// <summary>
    /// Parses plain decimal text such as <c>-1.25</c> with at most twelve digits after the point. No exponent, no thousands
    /// separators, nothing that would need rounding.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Money money)
    {
        money = default;
        var negative = text.Length > 0 && text[0] == '-';
        if (negative) text = text[1..];
        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        var fraction = point < 0 ? [] : text[(point + 1)..];
        if (whole.Length is 0 or > 26 || fraction.Length > Scale || (point >= 0 && fraction.Length == 0)) return false;

        Int128 value = 0;
        foreach (var digit in whole)
        {
            if (!char.IsAsciiDigit(digit)) return false;
            value = value * 10 + (digit - '0');
        }
        for (var i = 0; i < Scale; i++)
        {
            var digit = i < fraction.Length ? fraction[i] : '0';
            if (!char.IsAsciiDigit(digit)) return false;
            value = value * 10 + (digit - '0');
        }
        money = new Money(negative ? -value : value);
        return true;
    }

    /// <summary>
    /// Parses like <see cref="TryParse"/>; throws <see cref="FormatException"/> when the text is not such a number.
    /// </summary>
    public static Money Parse(string text) =>
        TryParse(text, out var money)
            ? money
            : throw new FormatException($"'{text}' is not a decimal amount with at most {Scale} decimals");
}
