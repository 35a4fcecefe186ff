using System.Globalization;
using System.Numerics;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Rates;

/// <summary>Exact figures as rate cards write them.</summary>
internal static class PriceTexts
{
    /// <summary>More decimals than any price has; what needs more is written as a fraction.</summary>
    private const int DecimalsMax = 40;

    /// <summary>For example <c>2.50 per 1M</c>.</summary>
    public static string Of(UnitPrice price) => $"{Plain(price.Amount)} per {Quantity(price.Per)}";

    /// <summary>A plain decimal, or numerator and denominator where there is none.</summary>
    public static string Plain(Rational value)
    {
        var (whole, rest) = (BigInteger.DivRem(value.Numerator, value.Denominator, out var left), left);
        var decimals = "";
        while (!rest.IsZero && decimals.Length < DecimalsMax)
        {
            decimals += BigInteger.DivRem(rest * 10, value.Denominator, out rest).ToString(CultureInfo.InvariantCulture);
        }
        if (!rest.IsZero) return value.ToString();
        return whole.ToString(CultureInfo.InvariantCulture) + (decimals.Length > 0 ? "." + decimals : "");
    }

    public static DateTimeOffset? Instant(long nanos) =>
        nanos is long.MinValue or long.MaxValue ? null : DateTimeOffset.UnixEpoch.AddTicks(nanos / 100);

    private static string Quantity(long per) => per switch
    {
        >= 1_000_000_000 when per % 1_000_000_000 == 0 => Scaled(per / 1_000_000_000, "B"),
        >= 1_000_000 when per % 1_000_000 == 0 => Scaled(per / 1_000_000, "M"),
        >= 1_000 when per % 1_000 == 0 => Scaled(per / 1_000, "K"),
        _ => Scaled(per, ""),
    };

    private static string Scaled(long count, string scale) => count.ToString(CultureInfo.InvariantCulture) + scale;
}
