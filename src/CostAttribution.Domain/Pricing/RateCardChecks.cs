namespace CostAttribution.Domain.Pricing;

/// <summary>What must be true of each card and exchange rate on its own.</summary>
internal static class RateCardChecks
{
    /// <summary>Largest distance of a card's order from 0.</summary>
    public const int OrderMax = 1_000;

    public static void CheckFx(IReadOnlyList<FxRate> rates, ICollection<RateCardFault> faults)
    {
        foreach (var rate in rates)
        {
            if (rate.Currency == "USD")
            {
                faults.Add(new(rate.File, rate.Line, RateCardFaultKind.BadValue,
                    "USD needs no exchange rate, it is always 1; remove it"));
            }
            if (rate.Usd.IsZero)
            {
                faults.Add(new(rate.File, rate.Line, RateCardFaultKind.BadValue,
                    $"exchange rate of {rate.Currency} must be above 0"));
            }
        }
    }

    public static void Check(RateCard card, IReadOnlyList<FxRate> fx, RateUnitTable units, ICollection<RateCardFault> faults)
    {
        var told = new Teller(card, faults);
        if (card.FromNanos >= card.ToNanos)
        {
            told.Fault(RateCardFaultKind.DateRangeReversed, $"card '{card.Id}' ends at {RateCardTime.ToText(card.ToNanos)}, "
                + $"not after it begins at {RateCardTime.ToText(card.FromNanos)}");
        }
        if (card.Match.Count == 0) told.Fault(RateCardFaultKind.MissingField, $"card '{card.Id}' matches no model; add 'match'");
        if (card.Providers.Count == 0) told.Fault(RateCardFaultKind.MissingField, $"card '{card.Id}' has no provider");
        var discounts = card.Layer == RateLayer.Contract && card.ListFactor != Rational.One;
        if (card.Rates.Count == 0 && !card.Free && !discounts)
            told.Fault(RateCardFaultKind.MissingField, $"card '{card.Id}' has no rates; add 'rates', or 'free: true'");
        if (card.Free && (card.Rates.Count > 0 || card.Tiers.Count > 0 || card.Thresholds.Count > 0
            || Variants(card).Any(variant => variant.Rates.Count > 0)))
        {
            told.Fault(RateCardFaultKind.Contradiction, $"card '{card.Id}' is free and has rates; keep one of them");
        }
        if (card.Free && card.ListFactor != Rational.One)
        {
            told.Fault(RateCardFaultKind.Contradiction,
                $"card '{card.Id}' is free and has a 'list_factor'; keep one of them");
        }
        if (card.Layer == RateLayer.List && card.ListFactor != Rational.One)
            told.Fault(RateCardFaultKind.BadValue, $"card '{card.Id}' is a list price and cannot have 'list_factor'");
        if (card.Layer == RateLayer.List && card.Scope is not null)
            told.Fault(RateCardFaultKind.BadValue, $"card '{card.Id}' is a list price and cannot have 'scope'");
        if (card.Scope is { Level: 0 })
            told.Fault(RateCardFaultKind.MissingField, $"the scope of card '{card.Id}' names nobody; name someone or remove it");
        if (card.Order is < -OrderMax or > OrderMax)
            told.Fault(RateCardFaultKind.BadValue, $"'order' of card '{card.Id}' must lie within {OrderMax} of 0");
        CheckRules(card, told);
        CheckThresholds(card, card.Thresholds, units, told);
        foreach (var variant in Variants(card)) CheckThresholds(card, variant.Thresholds, units, told);
        CheckVariants(card, told);
        CheckWindows(card, told);
        CheckFallbacks(card, told);
        CheckCurrency("card", card.Id, card.Currency, card.FromNanos, fx, told.Fault);
    }

    /// <param name="fault">Takes the fault; what is checked may also be a term.</param>
    public static void CheckCurrency(string what, string id, string currency, long fromNanos, IReadOnlyList<FxRate> fx,
        Action<RateCardFaultKind, string> fault)
    {
        if (currency == "USD") return;
        var first = fx.FirstOrDefault(rate => rate.Currency == currency);
        if (first is null)
        {
            fault(RateCardFaultKind.UnknownCurrency,
                $"{what} '{id}' is in {currency}, which has no exchange rate; add one under 'fx'");
        }
        else if (fromNanos < first.FromNanos)
        {
            fault(RateCardFaultKind.UnknownCurrency, $"{what} '{id}' begins at {RateCardTime.ToText(fromNanos)}, but the "
                + $"first exchange rate of {currency} is of {RateCardTime.ToText(first.FromNanos)}; add an earlier one");
        }
    }

    private sealed record Variant(string What, string Dimension, IReadOnlyList<UnitPrice> Rates,
        IReadOnlyList<ContextThreshold> Thresholds, bool HasTiers = false);

    private static IEnumerable<Variant> Variants(RateCard card) =>
        card.Regions.Select(region => new Variant($"region '{region.Region}'", "region", region.Rates, region.Thresholds,
            region.Tiers.Count > 0))
            .Concat(card.Regions.SelectMany(region => region.Tiers, (region, tier) =>
                new Variant($"tier '{tier.Tier}' of region '{region.Region}'", "region", tier.Rates, tier.Thresholds,
                    HasTiers: true)))
            .Concat(card.Geographies.Select(named =>
                new Variant($"geography '{named.Name}'", "geography", named.Rates, named.Thresholds)))
            .Concat(card.Endpoints.Select(named =>
                new Variant($"endpoint '{named.Name}'", "endpoint", named.Rates, named.Thresholds)))
            .Concat(card.RequestFlags.Select(named => new Variant($"request flag '{named.Name}'", "flag " + named.Name,
                named.Rates, named.Thresholds)))
            .Concat(card.Tiers.Select(tier => new Variant($"tier '{tier.Tier}'", "tier", tier.Rates, tier.Thresholds)))
            .Concat(card.Windows.Select(window => new Variant("a daily window", "window", window.Rates, window.Thresholds)));

    private static void CheckRules(RateCard card, Teller told)
    {
        foreach (var rule in card.Match.Concat(card.Except).Where(rule => rule.Kind == ModelRuleKind.Regex))
        {
            try
            {
                ModelRule.Compile(rule.Pattern);
            }
            catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
            {
                told.Fault(RateCardFaultKind.BadValue, $"'{rule.Pattern}' of card '{card.Id}' is no regular expression that can "
                    + $"be matched in linear time: {fault.Message.ReplaceLineEndings(" ").TrimEnd('.')}");
            }
        }
    }

    private static void CheckThresholds(RateCard card, IReadOnlyList<ContextThreshold> thresholds, RateUnitTable units,
        Teller told)
    {
        for (var i = 0; i < thresholds.Count; i++)
        {
            if (i > 0 && thresholds[i].Above <= thresholds[i - 1].Above)
                told.Fault(RateCardFaultKind.Contradiction, $"thresholds of card '{card.Id}' must ascend, each once");
            if (thresholds[i].Mode != thresholds[0].Mode)
            {
                told.Fault(RateCardFaultKind.Contradiction,
                    $"thresholds of card '{card.Id}' must all be whole or all marginal");
            }
            if (thresholds[i].Mode != ThresholdMode.Marginal) continue;
            foreach (var rate in thresholds[i].Rates.Where(rate => !units.Find(rate.Unit).InInputTotal))
            {
                told.Fault(RateCardFaultKind.BadValue,
                    $"a marginal threshold of card '{card.Id}' prices '{rate.Unit}'; only input units can lie beyond it");
            }
        }
    }

    /// <summary>Two conditions that hold at once must not both say what a unit costs: neither would be right.</summary>
    private static void CheckVariants(RateCard card, Teller told)
    {
        var variants = Variants(card).Where(variant => variant.Rates.Count > 0).ToArray();
        for (var i = 0; i < variants.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (one, other) = (variants[j], variants[i]);
                if (one.Dimension == other.Dimension) continue;
                // A region with tiers of its own never meets the card's.
                if (one.HasTiers && other.Dimension == "tier") continue;
                if (one.Thresholds.Count > 0 || other.Thresholds.Count > 0)
                {
                    told.Fault(RateCardFaultKind.Contradiction, $"{one.What} and {other.What} of card '{card.Id}' may hold at "
                        + "once and each replace all thresholds; make one of them a factor, or give the region 'tiers' of "
                        + "its own");
                    continue;
                }
                var unit = one.Rates.Select(rate => rate.Unit).Intersect(other.Rates.Select(rate => rate.Unit)).FirstOrDefault();
                if (unit is null) continue;
                told.Fault(RateCardFaultKind.Contradiction, $"{one.What} and {other.What} of card '{card.Id}' may hold at once "
                    + $"and both price '{unit}'; make one of them a factor, or give the region 'tiers' of its own");
            }
        }
    }

    private static void CheckWindows(RateCard card, Teller told)
    {
        if (ZoneClock.Find(card.TimeZone) is null)
        {
            told.Fault(RateCardFaultKind.BadValue,
                $"time zone '{card.TimeZone}' of card '{card.Id}' is not known on this machine; "
                + "use a name such as Asia/Shanghai, and install the system's time zone data (tzdata) if it lacks it");
        }
        var ordered = card.Windows.OrderBy(window => window.FromMinute).ToArray();
        for (var i = 0; i < ordered.Length; i++)
        {
            if (ordered[i].FromMinute >= ordered[i].ToMinute)
            {
                told.Fault(RateCardFaultKind.DateRangeReversed,
                    $"a daily window of card '{card.Id}' ends before it begins; split one that passes midnight in two");
            }
            var window = ordered[i];
            if (Array.Exists(ordered[..i], other => (other.Days & window.Days) != 0 && window.FromMinute < other.ToMinute))
                told.Fault(RateCardFaultKind.Contradiction, $"daily windows of card '{card.Id}' overlap");
        }
    }

    private static void CheckFallbacks(RateCard card, Teller told)
    {
        var seen = new HashSet<string>();
        foreach (var fallback in card.Fallbacks)
        {
            if (!seen.Add(fallback.Unit))
            {
                told.Fault(RateCardFaultKind.Contradiction,
                    $"card '{card.Id}' says twice what '{fallback.Unit}' costs when it is not priced; keep one");
            }
            if (fallback.At == fallback.Unit)
            {
                told.Fault(RateCardFaultKind.BadValue,
                    $"card '{card.Id}' lets '{fallback.Unit}' cost what it costs itself; name another unit");
            }
        }
    }

    private sealed class Teller(RateCard card, ICollection<RateCardFault> faults)
    {
        public void Fault(RateCardFaultKind kind, string reason) => faults.Add(new(card.File, card.Line, kind, reason));
    }
}
