using System.Globalization;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>Prices as rate card files spell them.</summary>
public static class ImportText
{
    /// <summary><c>2.5 per 1M</c>.</summary>
    public static string Price(UnitPrice price) => $"{ExactNumber.ToText(price.Amount)} per {Quantity(price.Per)}";

    internal static string Quantity(long per)
    {
        foreach (var (scale, letter) in new[] { (1_000_000_000L, "B"), (1_000_000L, "M"), (1_000L, "K") })
        {
            if (per % scale == 0) return string.Create(CultureInfo.InvariantCulture, $"{per / scale}{letter}");
        }
        return per.ToString(CultureInfo.InvariantCulture);
    }
}
