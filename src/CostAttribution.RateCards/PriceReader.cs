using System.Globalization;
using CostAttribution.Domain.Pricing;
using YamlDotNet.RepresentationModel;

namespace CostAttribution.RateCards;

/// <summary>Reads the priced parts of one card: rates, thresholds, tiers, regions, daily windows.</summary>
internal sealed class PriceReader(YamlFields card, string file, List<RateCardFault> faults,
    Dictionary<string, RateUnit> declaredUnits)
{
    private static readonly string[] WeekDays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    public IReadOnlyList<UnitPrice> Rates(YamlFields owner)
    {
        if (owner.Node("rates") is not { } node || YamlFields.From(node, "'rates'", file, faults) is not { } fields) return [];
        var rates = new List<UnitPrice>();
        foreach (var (unit, key, value) in fields.All)
        {
            if (Unit(fields, key, unit) is { } known && fields.TextOf(value, $"the price of '{unit}'") is { } text
                && PriceText.Read(fields, value, known, text) is { } price) rates.Add(price);
        }
        return rates;
    }

    /// <summary>The description of a unit; null, with a fault, when there is none of that name.</summary>
    public RateUnit? Unit(YamlFields fields, YamlNode node, string unit)
    {
        var known = RateUnits.Find(unit) ?? declaredUnits.GetValueOrDefault(unit);
        if (known is null)
        {
            fields.Fault(node, RateCardFaultKind.UnknownUnit,
                $"unknown unit '{unit}'; known are {string.Join(", ", RateUnits.All)}; "
                + "name a unit of your own under 'units' at the top of the file");
        }
        return known;
    }

    /// <summary>What units cost that are not priced: words of <c>fallback</c> and of <c>same_price</c>.</summary>
    public IReadOnlyList<UnitFallback> Fallbacks(YamlFields owner)
    {
        var fallbacks = new List<UnitFallback>();
        foreach (var (unit, key, value, text) in Pairs(owner, "same_price"))
        {
            if (Unit(owner, key, unit) is not null && Unit(owner, value, text) is not null)
                fallbacks.Add(new UnitFallback(unit, FallbackPolicy.SamePrice, text));
        }
        foreach (var (unit, key, value, text) in Pairs(owner, "fallback"))
        {
            if (Unit(owner, key, unit) is not { } known) continue;
            if (text == "fail") fallbacks.Add(new UnitFallback(unit, FallbackPolicy.Fail));
            else if (text == "upper_bound") fallbacks.Add(new UnitFallback(unit, FallbackPolicy.UpperBound));
            else if (text == "parent" && known.Parent.Length > 0)
                fallbacks.Add(new UnitFallback(unit, FallbackPolicy.Unit, known.Parent));
            else if (text == "parent")
                owner.Fault(value, RateCardFaultKind.BadValue, $"unit '{unit}' has no parent; name a unit");
            else if (Unit(owner, value, text) is not null) fallbacks.Add(new UnitFallback(unit, FallbackPolicy.Unit, text));
        }
        return fallbacks;
    }

    private IEnumerable<(string Name, YamlNode Key, YamlNode Value, string Text)> Pairs(YamlFields owner, string name)
    {
        if (owner.Node(name) is not { } node || YamlFields.From(node, $"'{name}'", file, faults) is not { } fields) yield break;
        foreach (var (unit, key, value) in fields.All)
        {
            if (fields.TextOf(value, $"'{unit}' under '{name}'") is { } text) yield return (unit, key, value, text);
        }
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

    public IReadOnlyList<TierPrice> Tiers() => Tiers(card);

    private List<TierPrice> Tiers(YamlFields owner)
    {
        var tiers = new List<TierPrice>();
        foreach (var (name, key, fields) in Named(owner, "tiers", "a tier"))
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
            CheckThresholds(fields, $"tier '{name}'", owner);
            tiers.Add(new TierPrice(name, Factor(fields), Rates(fields), Thresholds(fields)));
        }
        return tiers;
    }

    public IReadOnlyList<RegionPrice> Regions()
    {
        var regions = new List<RegionPrice>();
        foreach (var (name, _, fields) in Named(card, "regions", "a region"))
        {
            fields.Allow("a region", "factor", "rates", "thresholds", "tiers");
            if (fields.Node("tiers") is null) CheckOwn(fields, $"region '{name}'");
            CheckThresholds(fields, $"region '{name}'");
            regions.Add(new RegionPrice(name, Factor(fields))
            {
                Rates = Rates(fields), Thresholds = Thresholds(fields), Tiers = Tiers(fields),
            });
        }
        return regions;
    }

    /// <summary>Prices by geography, endpoint or request flag.</summary>
    public IReadOnlyList<ConditionPrice> Conditions(string field, string what)
    {
        var conditions = new List<ConditionPrice>();
        foreach (var (name, key, fields) in Named(card, field, what))
        {
            fields.Allow(what, "factor", "rates", "thresholds");
            CheckOwn(fields, $"{what[(what.IndexOf(' ') + 1)..]} '{name}'");
            CheckThresholds(fields, $"{what[(what.IndexOf(' ') + 1)..]} '{name}'");
            if (field == "request_flags" && name is "*" or "unknown")
                fields.Fault(key, RateCardFaultKind.BadValue, $"a request flag is set or not; it cannot be '{name}'");
            conditions.Add(new ConditionPrice(name, Factor(fields)) { Rates = Rates(fields), Thresholds = Thresholds(fields) });
        }
        return conditions;
    }

    public IReadOnlyList<DailyWindow> Windows()
    {
        var windows = new List<DailyWindow>();
        foreach (var node in card.List("windows"))
        {
            if (YamlFields.From(node, "a daily window", file, faults) is not { } fields) continue;
            fields.Allow("a daily window", "from", "to", "days", "factor", "rates", "thresholds");
            CheckOwn(fields, "a daily window");
            CheckThresholds(fields, "a daily window");
            var (from, to) = (Minute(fields, "from"), Minute(fields, "to"));
            if (from is null || to is null) continue;
            windows.Add(new DailyWindow(from.Value, to.Value, Factor(fields), Days(fields))
            {
                Rates = Rates(fields), Thresholds = Thresholds(fields),
            });
        }
        return windows;
    }

    private static void CheckOwn(YamlFields fields, string what)
    {
        if (fields.Node("factor") is null && fields.Node("rates") is null)
            fields.Fault(fields.Line, RateCardFaultKind.MissingField, $"{what} lacks 'factor' or 'rates'");
    }

    private void CheckThresholds(YamlFields fields, string what, YamlFields? owner = null)
    {
        if (fields.Node("thresholds") is not null && fields.Node("rates") is null)
        {
            fields.Fault(fields.Line, RateCardFaultKind.MissingField,
                $"{what} has thresholds of its own but lacks 'rates'");
        }
        // A long prompt at the price of a short one is the likeliest way to forget them.
        if (fields.Node("rates") is not null && fields.Node("thresholds") is null
            && (HasThresholds(card) || (owner is not null && HasThresholds(owner))))
        {
            fields.Fault(fields.Line, RateCardFaultKind.MissingField, $"{what} has rates of its own, which do away with the "
                + "card's thresholds; say under 'thresholds' what holds above them, or 'thresholds: []' if nothing changes");
        }
    }

    private static bool HasThresholds(YamlFields fields) =>
        fields.Node("thresholds") is YamlSequenceNode { Children.Count: > 0 };

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

    private IEnumerable<(string Name, YamlNode Key, YamlFields Fields)> Named(YamlFields owner, string name, string what)
    {
        if (owner.Node(name) is not { } node || YamlFields.From(node, $"'{name}'", file, faults) is not { } all) yield break;
        var seen = new HashSet<string>();
        foreach (var (key, keyNode, value) in all.All)
        {
            var lower = key.ToLowerInvariant();
            if (!seen.Add(lower))
                all.Fault(keyNode, RateCardFaultKind.Contradiction, $"'{lower}' stands twice under '{name}'; keep one");
            else if (YamlFields.From(value, what, file, faults) is { } fields) yield return (lower, keyNode, fields);
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
            $"'{name}' is '{text}', not a time of day such as 06:30");
        return null;
    }
}
