using System.Globalization;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Server.Demo;

/// <summary>Figures as people read them. Rounding happens here, for display, and nowhere before.</summary>
internal static class DisplayText
{
    /// <summary>Dollars with separators: four decimals below one dollar, two from there on; half rounds to even.</summary>
    public static string Dollars(Money amount)
    {
        var decimals = Int128.Abs(amount.PicoUsd) < 1_000_000_000_000 ? 4 : 2;
        var step = decimals == 4 ? (Int128)100_000_000 : 10_000_000_000;
        var (units, rest) = Int128.DivRem(Int128.Abs(amount.PicoUsd), step);
        if (rest * 2 > step || (rest * 2 == step && Int128.IsOddInteger(units))) units++;
        var (whole, fraction) = Int128.DivRem(units, decimals == 4 ? 10_000 : 100);
        var sign = amount.PicoUsd < 0 && units != 0 ? "-" : "";
        var digits = ((int)fraction).ToString(decimals == 4 ? "D4" : "D2", CultureInfo.InvariantCulture);
        return $"{sign}${Grouped(whole)}.{digits}";
    }

    public static string Grouped(Int128 value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Tokens in thousands, millions or billions with one decimal, cut off.</summary>
    public static string Tokens(long tokens) => Math.Abs(tokens) switch
    {
        < 10_000 => Grouped(tokens),
        < 10_000_000 => $"{Grouped(tokens / 1_000)}k",
        < 10_000_000_000 => $"{Grouped(tokens / 1_000_000)}.{Math.Abs(tokens) % 1_000_000 / 100_000}M",
        _ => $"{Grouped(tokens / 1_000_000_000)}.{Math.Abs(tokens) % 1_000_000_000 / 100_000_000}G",
    };

    /// <summary>A share in percent with one decimal; empty when there is no whole.</summary>
    public static string Share(Int128 part, Int128 whole)
    {
        if (whole <= 0) return "";
        var perMille = part * 1000 / whole;
        return $"{perMille / 10}.{Int128.Abs(perMille % 10)} %";
    }

    /// <summary>An equal part of an amount, cut off at a pico-dollar; zero of nothing.</summary>
    public static Money Each(Money total, long count) => count == 0 ? Money.Zero : new Money(total.PicoUsd / count);
}
