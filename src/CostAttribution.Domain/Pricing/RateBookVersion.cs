using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace CostAttribution.Domain.Pricing;

/// <summary>A book's version: 63 bits of a hash over everything that decides a price, in a fixed order.</summary>
internal static class RateBookVersion
{
    /// <summary>Changes when the text below changes meaning, so that versions of different programs never collide
    /// silently.</summary>
    private const string Format = "rate-book-1";

    public static long Of(IReadOnlyList<RateCard> cards, IReadOnlyList<FxRate> fxRates)
    {
        var text = new StringBuilder(Format);
        foreach (var card in cards.OrderBy(card => card.Id, StringComparer.Ordinal)) Append(text, card);
        foreach (var rate in fxRates.OrderBy(rate => rate.Currency, StringComparer.Ordinal).ThenBy(rate => rate.FromNanos))
        {
            Line(text, $"fx {rate.Currency} {rate.FromNanos} {rate.Usd}");
        }
        return (long)(XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(text.ToString())) & long.MaxValue);
    }

    private static void Append(StringBuilder text, RateCard card)
    {
        Line(text, $"card {card.Id} {card.Seller} {card.Layer} {card.Currency}");
        Line(text, $"terms {card.FromNanos} {card.ToNanos} {card.Free} {card.ListFactor}");
        Line(text, $"providers {string.Join(' ', card.Providers)}");
        foreach (var rule in card.Match) Line(text, $"match {rule.Kind} {rule.Pattern}");
        foreach (var rule in card.Except) Line(text, $"except {rule.Kind} {rule.Pattern}");
        Append(text, card.Rates);
        Append(text, card.Thresholds);
        foreach (var tier in card.Tiers)
        {
            Line(text, $"tier {tier.Tier} {tier.Factor}");
            Append(text, tier.Rates);
            Append(text, tier.Thresholds);
        }
        foreach (var region in card.Regions) Line(text, $"region {region.Region} {region.Factor}");
        foreach (var window in card.Windows)
            Line(text, $"window {window.FromMinute} {window.ToMinute} {window.Days} {window.Factor}");
    }

    private static void Append(StringBuilder text, IReadOnlyList<ContextThreshold> thresholds)
    {
        foreach (var threshold in thresholds)
        {
            Line(text, $"above {threshold.Above} {threshold.Mode}");
            Append(text, threshold.Rates);
        }
    }

    private static void Append(StringBuilder text, IReadOnlyList<UnitPrice> rates)
    {
        foreach (var rate in rates.OrderBy(rate => rate.Unit, StringComparer.Ordinal))
            Line(text, $"rate {rate.Unit} {rate.Each}");
    }

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append('\n').Append(line.ToString(CultureInfo.InvariantCulture));
}
