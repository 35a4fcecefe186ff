using System.Numerics;

namespace CostAttribution.Domain.Pricing;

/// <summary>What a plan is compiled for besides the cards.</summary>
internal readonly record struct RateConditions(string Tier, string Region, RateMoment Moment, CallTraits Traits);

/// <summary>
/// Folds a card, what region, traits, tier and hour make of it, a contract over it and the exchange rate into one
/// <see cref="RatePlan"/>.
/// </summary>
internal sealed class RatePlanCompiler(RateUnitTable units, CallScopes scopes)
{
    private static readonly BigInteger PicoPerUsd = 1_000_000_000_000;

    /// <summary>A fallback may lead to a unit that itself falls back; no chain of the table is longer.</summary>
    private const int FallbackStepsMax = 4;

    /// <summary>Rates in US dollars per unit by unit name, for input totals greater than <paramref name="Above"/>.</summary>
    private sealed record Draft(long Above, ThresholdMode Mode, Dictionary<string, Rational> Rates)
    {
        /// <summary>Units whose rate here is that of another unit for want of one.</summary>
        public HashSet<string> Guessed { get; } = [];
    }

    /// <summary>Whether the card says what the tier costs in that region.</summary>
    public static bool Covers(RateCard card, string tier, string region) => card.Free || ServiceTiers.IsStandard(tier)
        || HasFlag(card, tier) || TiersOf(card, RegionOf(card, region)).Any(priced => priced.Tier == tier);

    /// <summary>Whether the card on its own says what something costs in that tier, which may be nothing.</summary>
    public static bool PricesTier(RateCard card, string tier, string region) => Covers(card, tier, region)
        && (card.Free || card.Rates.Count > 0
            || TiersOf(card, RegionOf(card, region)).Any(priced => priced.Tier == tier && priced.Rates.Count > 0));

    /// <summary>The plan of one card on its own. The card must cover the tier.</summary>
    public RatePlan Compile(RateCard card, Rational usd, in RateConditions conditions) =>
        Compile(card, DraftOf(card, usd, in conditions), card.Fallbacks);

    /// <summary>The plan of a contract card over a list card; null when one prices long prompts whole and the other what is
    /// beyond the threshold, which cannot be one price.</summary>
    public RatePlan? Compile(RateCard contract, Rational contractUsd, RateCard list, Rational listUsd,
        in RateConditions conditions)
    {
        var listDrafts = DraftOf(list, listUsd, in conditions);
        if (contract.Free)
        {
            return Compile(contract, DraftOf(contract, contractUsd, in conditions), [])
                .Over(Compile(list, listDrafts, list.Fallbacks));
        }
        // A contract that is silent on a tier replaces no rate of it; its discount on the list still holds.
        var own = Covers(contract, conditions.Tier, conditions.Region)
            ? DraftOf(contract, contractUsd, in conditions)
            : [new Draft(long.MinValue, ThresholdMode.Whole, [])];
        if (own.Count > 1 && listDrafts.Count > 1 && own[^1].Mode != listDrafts[^1].Mode) return null;
        return Compile(contract, Overlay(contract, own, listDrafts), [.. contract.Fallbacks, .. list.Fallbacks])
            .Over(Compile(list, listDrafts, list.Fallbacks));
    }

    private static List<Draft> Overlay(RateCard contract, List<Draft> own, List<Draft> list)
    {
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

    private List<Draft> DraftOf(RateCard card, Rational usd, in RateConditions conditions)
    {
        var variants = VariantsOf(card, in conditions);
        var factor = Rational.One;
        foreach (var variant in variants) factor *= variant.Factor;
        var thresholds = card.Thresholds;
        var rates = new Dictionary<string, Rational>();
        Put(rates, card.Rates, factor, usd);
        foreach (var variant in variants)
        {
            if (variant.Rates.Count == 0) continue;
            Put(rates, variant.Rates, factor, usd);
            thresholds = variant.Thresholds;
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

    /// <summary>What holds for the call, each over the ones before: region, traits, tier, window.</summary>
    private List<(Rational Factor, IReadOnlyList<UnitPrice> Rates, IReadOnlyList<ContextThreshold> Thresholds)> VariantsOf(
        RateCard card, in RateConditions conditions)
    {
        var variants = new List<(Rational, IReadOnlyList<UnitPrice>, IReadOnlyList<ContextThreshold>)>();
        var region = RegionOf(card, conditions.Region);
        if (region is not null) variants.Add((region.Factor, region.Rates, region.Thresholds));
        foreach (var priced in scopes.PricesFor(card, conditions.Traits))
            variants.Add((priced.Factor, priced.Rates, priced.Thresholds));
        // What a card prices as a flag of the request stands among the traits already.
        if (!ServiceTiers.IsStandard(conditions.Tier) && !HasFlag(card, conditions.Tier))
        {
            var name = conditions.Tier;
            var tier = TiersOf(card, region).FirstOrDefault(priced => priced.Tier == name);
            if (tier is not null) variants.Add((tier.Factor, tier.Rates, tier.Thresholds));
        }
        if (card.Windows.Count > 0)
        {
            var minute = conditions.Moment.Minutes[card.TimeZone];
            var window = card.Windows.FirstOrDefault(window => window.Holds(minute));
            if (window is not null) variants.Add((window.Factor, window.Rates, window.Thresholds));
        }
        return variants;
    }

    private static IReadOnlyList<TierPrice> TiersOf(RateCard card, RegionPrice? region) =>
        region is { Tiers.Count: > 0 } ? region.Tiers : card.Tiers;

    private static bool HasFlag(RateCard card, string tier) =>
        card.RequestFlags.Any(flag => flag.Name.Equals(tier, StringComparison.OrdinalIgnoreCase));

    private static RegionPrice? RegionOf(RateCard card, string region)
    {
        RegionPrice? any = null;
        foreach (var priced in card.Regions)
        {
            if (region.Length > 0 ? priced.Region == region : priced.Region == "unknown") return priced;
            if (priced.Region == "*") any = priced;
        }
        return any;
    }

    private void Put(Dictionary<string, Rational> rates, IReadOnlyList<UnitPrice> prices, Rational factor, Rational usd)
    {
        foreach (var price in prices)
        {
            rates[price.Unit] = price.Each * usd * (units.Find(price.Unit).TakesFactors ? factor : Rational.One);
        }
    }

    private RatePlan Compile(RateCard card, List<Draft> drafts, IReadOnlyList<UnitFallback> fallbacks)
    {
        BigInteger denominator = 1;
        foreach (var draft in drafts)
        {
            if (!card.Free) Fill(draft, fallbacks);
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
            OwnInputs = units.OwnInputs,
        };
    }

    /// <summary>Adds the rates of units that are not on the card and that have a fallback; the first word holds.</summary>
    private void Fill(Draft draft, IReadOnlyList<UnitFallback> fallbacks)
    {
        var priced = new Dictionary<string, Rational>(draft.Rates);
        var said = new Dictionary<string, UnitFallback>();
        foreach (var fallback in fallbacks.Concat(units.Defaults)) said.TryAdd(fallback.Unit, fallback);
        foreach (var (unit, fallback) in said)
        {
            if (priced.ContainsKey(unit)) continue;
            var rate = fallback.Policy == FallbackPolicy.UpperBound ? Dearest(unit, priced) : RateAt(unit);
            if (rate is null) continue;
            draft.Rates[unit] = rate.Value;
            if (fallback.Policy != FallbackPolicy.SamePrice) draft.Guessed.Add(unit);
        }

        Rational? RateAt(string unit)
        {
            for (var step = 0; step < FallbackStepsMax; step++)
            {
                if (!said.TryGetValue(unit, out var fallback) || fallback.At.Length == 0) return null;
                unit = fallback.At;
                if (priced.TryGetValue(unit, out var rate)) return rate;
            }
            return null;
        }
    }

    private Rational? Dearest(string unit, Dictionary<string, Rational> priced)
    {
        var like = units.Find(unit);
        Rational? dearest = null;
        foreach (var (name, rate) in priced)
        {
            var other = units.Find(name);
            // An amount of something else says nothing about this one.
            if (other.Family != like.Family || other.Direction != like.Direction || other.Step != like.Step) continue;
            if (dearest is null || rate > dearest.Value) dearest = rate;
        }
        return dearest;
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
            if (card.Free) return new CompiledRate(Present: true, Narrow: true, Guessed: false, 0, 0);
            if (!draft.Rates.TryGetValue(unit, out var rate)) return default;
            var numerator = rate.Numerator * PicoPerUsd * denominator / rate.Denominator;
            var narrow = numerator <= ulong.MaxValue;
            var guessed = draft.Guessed.Contains(unit);
            return new CompiledRate(Present: true, narrow, guessed, narrow ? (ulong)numerator : 0, numerator);
        }
    }
}
