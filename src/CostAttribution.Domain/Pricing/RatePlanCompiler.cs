using System.Numerics;

namespace CostAttribution.Domain.Pricing;

/// <summary>Folds a card, its tier, region and hour, a contract over it and the exchange rate into one
/// <see cref="RatePlan"/>.</summary>
internal static class RatePlanCompiler
{
    private static readonly BigInteger PicoPerUsd = 1_000_000_000_000;

    /// <summary>Selectors of a compiled plan besides the card.</summary>
    internal readonly record struct Conditions(string Tier, string Region, int MinuteOfWeek);

    /// <summary>Rates in US dollars per unit by unit name, for input totals greater than <paramref name="Above"/>.</summary>
    private readonly record struct Draft(long Above, ThresholdMode Mode, Dictionary<string, Rational> Rates);

    /// <summary>Whether the card says what the tier costs.</summary>
    public static bool Covers(RateCard card, string tier) =>
        card.Free || ServiceTiers.IsStandard(tier) || card.Tiers.Any(priced => priced.Tier == tier);

    /// <summary>The plan of one card on its own. The card must cover the tier.</summary>
    public static RatePlan Compile(RateCard card, Rational usd, Conditions conditions) =>
        Compile(card, DraftOf(card, usd, conditions));

    /// <summary>The plan of a contract card over a list card.</summary>
    public static RatePlan Compile(RateCard contract, Rational contractUsd, RateCard list, Rational listUsd,
        Conditions conditions)
    {
        var listDrafts = DraftOf(list, listUsd, conditions);
        var plan = contract.Free
            ? Compile(contract, DraftOf(contract, contractUsd, conditions))
            : Compile(contract, Overlay(contract, contractUsd, listDrafts, conditions));
        return plan.Over(Compile(list, listDrafts));
    }

    private static List<Draft> Overlay(RateCard contract, Rational contractUsd, List<Draft> list, Conditions conditions)
    {
        // A contract that is silent on a tier replaces no rate of it; its discount on the list still holds.
        var own = Covers(contract, conditions.Tier)
            ? DraftOf(contract, contractUsd, conditions)
            : [new Draft(long.MinValue, ThresholdMode.Whole, [])];
        var mode = own.Count > 1 ? own[^1].Mode : list[^1].Mode;
        var overlaid = new List<Draft>();
        foreach (var above in own.Concat(list).Select(draft => draft.Above).Distinct().Order())
        {
            var rates = new Dictionary<string, Rational>();
            foreach (var (unit, rate) in list.Last(draft => draft.Above <= above).Rates) rates[unit] = rate * contract.ListFactor;
            foreach (var (unit, rate) in own.Last(draft => draft.Above <= above).Rates) rates[unit] = rate;
            overlaid.Add(new Draft(above, mode, rates));
        }
        return overlaid;
    }

    private static List<Draft> DraftOf(RateCard card, Rational usd, Conditions conditions)
    {
        var factor = RegionFactor(card, conditions.Region) * WindowFactor(card, conditions.MinuteOfWeek);
        var tier = ServiceTiers.IsStandard(conditions.Tier)
            ? null : card.Tiers.FirstOrDefault(priced => priced.Tier == conditions.Tier);
        var thresholds = card.Thresholds;
        var rates = new Dictionary<string, Rational>();
        if (tier is not null) factor *= tier.Factor;
        Put(rates, card.Rates, factor, usd);
        if (tier is { Rates.Count: > 0 })
        {
            Put(rates, tier.Rates, factor, usd);
            thresholds = tier.Thresholds;
        }
        var drafts = new List<Draft> { new(long.MinValue, ThresholdMode.Whole, rates) };
        foreach (var threshold in thresholds)
        {
            rates = new Dictionary<string, Rational>(rates);
            Put(rates, threshold.Rates, factor, usd);
            drafts.Add(new Draft(threshold.Above, threshold.Mode, rates));
        }
        return drafts;
    }

    private static void Put(Dictionary<string, Rational> rates, IReadOnlyList<UnitPrice> prices, Rational factor, Rational usd)
    {
        foreach (var price in prices)
        {
            rates[price.Unit] = price.Each * usd * (RateUnits.IsToken(price.Unit) ? factor : Rational.One);
        }
    }

    private static Rational RegionFactor(RateCard card, string region)
    {
        RegionPrice? any = null;
        foreach (var priced in card.Regions)
        {
            if (region.Length > 0 ? priced.Region == region : priced.Region == "unknown") return priced.Factor;
            if (priced.Region == "*") any = priced;
        }
        return any?.Factor ?? Rational.One;
    }

    private static Rational WindowFactor(RateCard card, int minuteOfWeek)
    {
        foreach (var window in card.Windows)
        {
            if (window.Holds(minuteOfWeek)) return window.Factor;
        }
        return Rational.One;
    }

    private static RatePlan Compile(RateCard card, List<Draft> drafts)
    {
        BigInteger denominator = 1;
        foreach (var draft in drafts)
        {
            foreach (var (unit, at) in RateUnits.Defaults)
            {
                if (draft.Rates.TryGetValue(at, out var rate)) draft.Rates.TryAdd(unit, rate);
            }
            foreach (var rate in draft.Rates.Values)
            {
                var own = (rate * new Rational(PicoPerUsd, 1)).Denominator;
                denominator = denominator / BigInteger.GreatestCommonDivisor(denominator, own) * own;
            }
        }
        return new RatePlan
        {
            Card = card,
            Denominator = denominator,
            NarrowDenominator = denominator <= ulong.MaxValue ? (ulong)denominator : 0,
            Bands = [.. drafts.Select(draft => BandOf(card, draft, denominator))],
        };
    }

    private static RateBand BandOf(RateCard card, Draft draft, BigInteger denominator)
    {
        var others = draft.Rates.Keys.Except(RateUnits.TokenKindNames).Order(StringComparer.Ordinal).ToArray();
        return new RateBand
        {
            Above = draft.Above,
            Mode = draft.Mode,
            EveryUnitFree = card.Free,
            Tokens = [.. RateUnits.TokenKindNames.Select(unit => RateOf(unit))],
            OtherNames = others,
            Others = [.. others.Select(unit => RateOf(unit))],
        };

        CompiledRate RateOf(string unit)
        {
            if (card.Free) return new CompiledRate(Present: true, Narrow: true, 0, 0);
            if (!draft.Rates.TryGetValue(unit, out var rate)) return default;
            var numerator = rate.Numerator * PicoPerUsd * denominator / rate.Denominator;
            var narrow = numerator <= ulong.MaxValue;
            return new CompiledRate(Present: true, narrow, narrow ? (ulong)numerator : 0, numerator);
        }
    }
}
