namespace CostAttribution.Domain.Pricing;

/// <summary>What must be true of the period terms of a book.</summary>
internal static class PeriodTermChecks
{
    public static void Check(RateSources standing, ICollection<RateCardFault> faults)
    {
        var cards = standing.Cards.ToDictionary(card => card.Id);
        foreach (var term in standing.Terms)
            Check(term, cards, standing.FxRates, (kind, reason) => Fault(faults, term, kind, reason));
        for (var i = 1; i < standing.Terms.Count; i++)
        {
            for (var j = 0; j < i; j++) CheckPair(standing.Terms[j], standing.Terms[i], faults);
        }
    }

    private static void Check(PeriodTerm term, Dictionary<string, RateCard> cards, IReadOnlyList<FxRate> fx,
        Action<RateCardFaultKind, string> fault)
    {
        if (term.FromNanos >= term.ToNanos)
        {
            fault(RateCardFaultKind.DateRangeReversed, $"term '{term.Id}' ends at {RateCardTime.ToText(term.ToNanos)}, "
                + $"not after it begins at {RateCardTime.ToText(term.FromNanos)}");
        }
        if (term.Providers.Count == 0) fault(RateCardFaultKind.MissingField, $"term '{term.Id}' has no provider");
        if (term.Scope is { Level: 0 })
            fault(RateCardFaultKind.MissingField, $"the scope of term '{term.Id}' names nobody; name someone or remove it");
        if (term.FromNanos == long.MinValue && term.Kind is PeriodTermKind.Commitment or PeriodTermKind.Capacity)
            fault(RateCardFaultKind.MissingField, $"term '{term.Id}' is owed from a day on; add 'from'");
        var perUnit = IsOfUnit(term);
        if (perUnit && term.Unit.Length == 0) fault(RateCardFaultKind.MissingField, $"term '{term.Id}' lacks 'unit'");
        if (!perUnit && term.Amount.IsZero) fault(RateCardFaultKind.MissingField, $"term '{term.Id}' needs an amount above 0");
        if (term.Kind is PeriodTermKind.Allowance or PeriodTermKind.Capacity && term.Quantity <= 0)
            fault(RateCardFaultKind.MissingField, $"term '{term.Id}' needs a quantity above 0");
        if (term.Kind == PeriodTermKind.Capacity && term.Period != TermPeriod.Hour)
            fault(RateCardFaultKind.BadValue, $"term '{term.Id}': capacity is owed by the hour; leave 'period' out");
        if (term.Kind == PeriodTermKind.VolumeTiers && term.Tiers.Count == 0)
            fault(RateCardFaultKind.MissingField, $"term '{term.Id}' lacks 'tiers'");
        for (var i = 0; i < term.Tiers.Count; i++)
        {
            if (i > 0 && term.Tiers[i].Above <= term.Tiers[i - 1].Above)
                fault(RateCardFaultKind.Contradiction, $"tiers of term '{term.Id}' must ascend, each once");
            if (term.Tiers[i].Price is { } price && price.Unit != term.Unit)
                fault(RateCardFaultKind.BadValue, $"a tier of term '{term.Id}' prices '{price.Unit}' instead of '{term.Unit}'");
        }
        if (term.Card.Length > 0
            && !(cards.TryGetValue(term.Card, out var card) && card is { Free: true, Layer: RateLayer.Contract }))
        {
            fault(RateCardFaultKind.BadValue, $"term '{term.Id}' names card '{term.Card}', which is no free contract card; "
                + "add one for the calls that the capacity serves");
        }
        RateCardChecks.CheckCurrency("term", term.Id, term.Currency, term.FromNanos, fx, fault);
    }

    /// <summary>
    /// Two terms that settle the same usage would settle it twice, also when one makes a part free and the other prices it by
    /// volume. Capacities add up.
    /// </summary>
    private static void CheckPair(PeriodTerm one, PeriodTerm other, ICollection<RateCardFault> faults)
    {
        if ((one.Kind != other.Kind && !(IsOfUnit(one) && IsOfUnit(other))) || one.Kind == PeriodTermKind.Capacity
            || one.Seller != other.Seller || one.Unit != other.Unit
            || one.FromNanos >= other.ToNanos || other.FromNanos >= one.ToNanos
            || !one.Providers.Intersect(other.Providers).Any() || !ContractScope.MayMeet(one.Scope, other.Scope)
            || !RulesMeet(one.Match, other.Match)) return;
        var remedy = one.Kind == other.Kind ? "end one before, or tell their scopes or models apart"
            : "a free part of volume tiers is a tier above 0 with price 0";
        Fault(faults, other, RateCardFaultKind.Contradiction, $"term '{other.Id}' and term '{one.Id}' at {one.File}:{one.Line} "
            + $"settle the same usage in the same period; {remedy}");
    }

    private static bool IsOfUnit(PeriodTerm term) => term.Kind is PeriodTermKind.VolumeTiers or PeriodTermKind.Allowance;

    private static bool RulesMeet(IReadOnlyList<ModelRule> one, IReadOnlyList<ModelRule> other) =>
        one.Count == 0 || other.Count == 0 || one.Any(left => other.Any(right =>
            left == right || RuleOverlap.Witness(left, right, _ => false, [left.Pattern, right.Pattern]) is not null));

    private static void Fault(ICollection<RateCardFault> faults, PeriodTerm term, RateCardFaultKind kind, string reason) =>
        faults.Add(new(term.File, term.Line, kind, reason));
}
