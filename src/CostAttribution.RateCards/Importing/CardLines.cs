using System.Globalization;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>A card as lines that can be laid beside another card's: what a unit costs under which condition.</summary>
internal static class CardLines
{
    /// <summary>Price of one unit by line; factors of regions and windows stand as lines of their own.</summary>
    public static SortedDictionary<string, Rational> Of(RateCard card)
    {
        var lines = new SortedDictionary<string, Rational>(StringComparer.Ordinal);
        if (card.Free) lines["everything"] = default;
        Put(lines, "", card.Rates, card.Thresholds, Rational.One);
        PutTiers(lines, "", card.Tiers, card);
        foreach (var region in card.Regions)
        {
            lines[$"factor in region {region.Region}"] = region.Factor;
            Put(lines, $"region {region.Region}", region.Rates, region.Thresholds, region.Factor);
            PutTiers(lines, $"region {region.Region} ", region.Tiers, card);
        }
        foreach (var window in card.Windows)
        {
            var name = string.Create(CultureInfo.InvariantCulture,
                $"from minute {window.FromMinute} to {window.ToMinute} on days {window.Days:b7}");
            lines[$"factor {name}"] = window.Factor;
            Put(lines, name, window.Rates, window.Thresholds, window.Factor);
        }
        foreach (var fallback in card.Fallbacks) lines[$"factor of {fallback.Unit} on {fallback.At}"] = Rational.One;
        return lines;
    }

    private static void PutTiers(SortedDictionary<string, Rational> lines, string where, IReadOnlyList<TierPrice> tiers,
        RateCard card)
    {
        foreach (var tier in tiers)
        {
            if (tier.Rates.Count == 0) Put(lines, where + tier.Tier, card.Rates, card.Thresholds, tier.Factor);
            else Put(lines, where + tier.Tier, tier.Rates, tier.Thresholds, tier.Factor);
        }
    }

    private static void Put(SortedDictionary<string, Rational> lines, string tier, IReadOnlyList<UnitPrice> rates,
        IReadOnlyList<ContextThreshold> thresholds, Rational factor)
    {
        Put(rates, 0);
        foreach (var threshold in thresholds) Put(threshold.Rates, threshold.Above);

        void Put(IReadOnlyList<UnitPrice> prices, long above)
        {
            foreach (var price in prices)
            {
                var own = ImportUnits.IsToken(price.Unit) ? factor : Rational.One;
                if (factor != Rational.One && !ImportUnits.IsToken(price.Unit)) continue;
                lines[ImportedPrice.LineOf(price.Unit, tier, above)] = price.Each * own;
            }
        }
    }

    /// <summary>Whether two cards price the same at the same times of day and in the same places, whatever their
    /// period.</summary>
    public static bool SamePrices(RateCard left, RateCard right) => Of(left).SequenceEqual(Of(right));

    /// <summary>Whether two cards are for the same calls.</summary>
    public static bool SameCalls(RateCard left, RateCard right) =>
        left.Seller == right.Seller && left.Layer == right.Layer && left.Order == right.Order
        && left.Providers.SequenceEqual(right.Providers)
        && left.Match.Order(ByPattern).SequenceEqual(right.Match.Order(ByPattern))
        && left.Except.Order(ByPattern).SequenceEqual(right.Except.Order(ByPattern));

    private static Comparer<ModelRule> ByPattern { get; } = Comparer<ModelRule>.Create(static (left, right) =>
        left.Kind != right.Kind ? left.Kind.CompareTo(right.Kind) : string.CompareOrdinal(left.Pattern, right.Pattern));

    /// <summary>A price for people, with the quantity that reads best.</summary>
    public static string Text(string line, Rational each)
    {
        if (line.StartsWith("factor", StringComparison.Ordinal)) return ExactNumber.ToText(each);
        return line.Contains("_tokens", StringComparison.Ordinal)
            ? $"{ExactNumber.ToText(each * new Rational(1_000_000, 1))} per 1M" : $"{ExactNumber.ToText(each)} per 1";
    }
}
