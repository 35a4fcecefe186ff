using System.Globalization;
using CostAttribution.Domain.Pricing;
using YamlDotNet.RepresentationModel;

namespace CostAttribution.RateCards;

/// <summary>Reads the priced parts of one card: rates, thresholds, tiers, regions, daily windows.</summary>
internal sealed class PriceReader(YamlFields card, string file, List<RateCardFault> faults, HashSet<string> declaredUnits)
{
    private static readonly string[] WeekDays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    public IReadOnlyList<UnitPrice> Rates(YamlFields owner)
    {
        if (owner.Node("rates") is not { } node || YamlFields.From(node, "'rates'", file, faults) is not { } fields) return [];
        var rates = new List<UnitPrice>();
        foreach (var (unit, key, value) in fields.All)
        {
            if (!RateUnits.IsKnown(unit) && !declaredUnits.Contains(unit))
            {
                fields.Fault(key, RateCardFaultKind.UnknownUnit,
                    $"unknown unit '{unit}'; known are {string.Join(", ", RateUnits.All)}; "
                    + "name a unit of your own under 'units' at the top of the file");
                continue;
            }
            if (fields.TextOf(value, $"the price of '{unit}'") is { } text && Price(fields, value, unit, text) is { } price)
                rates.Add(price);
        }
        return rates;
    }

    public IReadOnlyList<ContextThreshold> Thresholds(YamlFields owner)
    {
        var thresholds = new List<ContextThreshold>();
        foreach (var node in owner.List("thresholds"))
        {
            if (YamlFields.From(node, "a threshold", file, faults) is not { } fields) continue;
            fields.Allow("a threshold", "above", "mode", "rates");
            var above = fields.Required("above", "a threshold");
            ThresholdMode? mode = fields.Text("mode") switch
            {
                null or "whole" => ThresholdMode.Whole,
                "marginal" => ThresholdMode.Marginal,
                _ => null,
            };
            if (mode is null) fields.Fault(fields.Node("mode")!, RateCardFaultKind.BadValue,
                "'mode' of a threshold must be whole or marginal");
            var rates = Rates(fields);
            if (rates.Count == 0 && fields.Node("rates") is null)
                fields.Fault(fields.Line, RateCardFaultKind.MissingField, "a threshold lacks 'rates'");
            if (above is null) continue;
            if (!long.TryParse(above, NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) || tokens == 0)
            {
                fields.Fault(fields.Node("above")!, RateCardFaultKind.BadValue,
                    $"'above' is '{above}', not a whole number of tokens above 0");
            }
            else thresholds.Add(new ContextThreshold(tokens, mode ?? ThresholdMode.Whole, rates));
        }
        return thresholds;
    }

    public IReadOnlyList<TierPrice> Tiers()
    {
        var tiers = new List<TierPrice>();
        foreach (var (name, key, fields) in Named("tiers", "a tier"))
        {
            fields.Allow("a tier", "factor", "rates", "thresholds");
            if (ServiceTiers.IsStandard(name))
            {
                fields.Fault(key, RateCardFaultKind.Contradiction,
                    $"tier '{name}' is the ordinary tier, which the card's own rates price");
            }
            if (fields.Node("factor") is null && fields.Node("rates") is null)
            {
                fields.Fault(fields.Line, RateCardFaultKind.MissingField, $"tier '{name}' lacks 'factor' or 'rates'");
            }
            if (fields.Node("thresholds") is not null && fields.Node("rates") is null)
            {
                fields.Fault(fields.Line, RateCardFaultKind.MissingField,
                    $"tier '{name}' has thresholds of its own but lacks 'rates'");
            }
            tiers.Add(new TierPrice(name, Factor(fields), Rates(fields), Thresholds(fields)));
        }
        return tiers;
    }

    public IReadOnlyList<RegionPrice> Regions()
    {
        var regions = new List<RegionPrice>();
        foreach (var (name, _, fields) in Named("regions", "a region"))
        {
            fields.Allow("a region", "factor");
            fields.Required("factor", $"region '{name}'");
            regions.Add(new RegionPrice(name, Factor(fields)));
        }
        return regions;
    }

    public IReadOnlyList<DailyWindow> Windows()
    {
        var windows = new List<DailyWindow>();
        foreach (var node in card.List("windows"))
        {
            if (YamlFields.From(node, "a daily window", file, faults) is not { } fields) continue;
            fields.Allow("a daily window", "from", "to", "days", "factor");
            fields.Required("factor", "a daily window");
            var from = Minute(fields, "from");
            var to = Minute(fields, "to");
            if (from is not null && to is not null) windows.Add(new DailyWindow(from.Value, to.Value, Factor(fields),
                Days(fields)));
        }
        return windows;
    }

    private static byte Days(YamlFields fields)
    {
        var days = 0;
        foreach (var node in fields.List("days"))
        {
            var day = Array.IndexOf(WeekDays, fields.TextOf(node, "a day"));
            if (day < 0) fields.Fault(node, RateCardFaultKind.BadValue, $"a day is one of {string.Join(", ", WeekDays)}");
            else days |= 1 << day;
        }
        return days == 0 ? DailyWindow.EveryDay : (byte)days;
    }

    private IEnumerable<(string Name, YamlNode Key, YamlFields Fields)> Named(string name, string what)
    {
        if (card.Node(name) is not { } node || YamlFields.From(node, $"'{name}'", file, faults) is not { } all) yield break;
        foreach (var (key, keyNode, value) in all.All)
        {
            if (YamlFields.From(value, what, file, faults) is { } fields) yield return (key.ToLowerInvariant(), keyNode, fields);
        }
    }

    private static Rational Factor(YamlFields fields) => fields.Decimal("factor") ?? Rational.One;

    private static int? Minute(YamlFields fields, string name)
    {
        if (fields.Required(name, "a daily window") is not { } text) return null;
        if (text == "24:00") return 24 * 60;
        if (TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return time.Hour * 60 + time.Minute;
        }
        fields.Fault(fields.Node(name)!, RateCardFaultKind.BadValue,
            $"'{name}' is '{text}', not a UTC time of day such as 06:30");
        return null;
    }

    /// <summary><c>2.50 per 1M</c>: the quantity is stated with every price, so that per-thousand and per-million never
    /// mix.</summary>
    private static UnitPrice? Price(YamlFields fields, YamlNode node, string unit, string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts is not [var amount, "per", var quantity])
        {
            fields.Fault(node, RateCardFaultKind.BadDecimal, $"price of '{unit}' is '{text}', must read like '2.50 per 1M'");
            return null;
        }
        if (amount.StartsWith('-') && Rational.TryParseDecimal(amount.AsSpan(1), out _))
        {
            fields.Fault(node, RateCardFaultKind.NegativePrice, $"price of '{unit}' is negative: '{text}'");
            return null;
        }
        if (!Rational.TryParseDecimal(amount, out var value))
        {
            fields.Fault(node, RateCardFaultKind.BadDecimal,
                $"price of '{unit}' is '{amount}', not a plain decimal such as 2.50");
            return null;
        }
        var scale = quantity[^1] switch { 'K' => 1_000L, 'M' => 1_000_000L, 'B' => 1_000_000_000L, _ => 1L };
        var digits = scale == 1 ? quantity : quantity[..^1];
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0)
        {
            fields.Fault(node, RateCardFaultKind.BadDecimal,
                $"price of '{unit}' is per '{quantity}', not a quantity such as 1, 1K, 1M");
            return null;
        }
        return new UnitPrice(unit, value, count * scale);
    }
}
