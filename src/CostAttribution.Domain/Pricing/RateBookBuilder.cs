namespace CostAttribution.Domain.Pricing;

/// <summary>Checks cards against each other and makes a book of those that stood at a moment.</summary>
public static class RateBookBuilder
{
    /// <summary>Most cards in one book.</summary>
    public const int CardsMax = 100_000;

    /// <summary>
    /// Builds the book as it was known at <paramref name="asKnownAtNanos"/>: cards recorded later are left out, and of several
    /// cards with one id the last recorded stands. False with every fault found; then there is no book.
    /// </summary>
    public static bool TryBuild(IEnumerable<RateCard> cards, IEnumerable<FxRate> fxRates, ICollection<RateCardFault> faults,
        out RateBook book, long asKnownAtNanos = long.MaxValue)
    {
        var before = faults.Count;
        var fx = CheckedFx(fxRates, faults);
        var standing = Standing(cards, asKnownAtNanos, faults);
        foreach (var card in standing) CheckCard(card, fx, faults);
        CheckContradictions(standing, faults);
        var sound = faults.Count == before;
        book = sound ? new RateBook(standing, fx) : RateBook.Empty;
        return sound;
    }

    private static List<FxRate> CheckedFx(IEnumerable<FxRate> fxRates, ICollection<RateCardFault> faults)
    {
        var ordered = fxRates.OrderBy(rate => rate.Currency, StringComparer.Ordinal).ThenBy(rate => rate.FromNanos).ToList();
        for (var i = 0; i < ordered.Count; i++)
        {
            var rate = ordered[i];
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
            if (i > 0 && ordered[i - 1].Currency == rate.Currency && ordered[i - 1].FromNanos == rate.FromNanos)
            {
                faults.Add(new(rate.File, rate.Line, RateCardFaultKind.Contradiction,
                    $"two exchange rates of {rate.Currency} begin at {RateCardTime.ToText(rate.FromNanos)}; keep one"));
            }
        }
        return ordered;
    }

    private static List<RateCard> Standing(IEnumerable<RateCard> cards, long asKnownAtNanos, ICollection<RateCardFault> faults)
    {
        var standing = new SortedDictionary<string, RateCard>(StringComparer.Ordinal);
        foreach (var card in cards)
        {
            if (card.RecordedAtNanos > asKnownAtNanos) continue;
            if (!standing.TryGetValue(card.Id, out var other))
            {
                if (standing.Count == CardsMax)
                {
                    Fault(faults, card, RateCardFaultKind.LimitPassed,
                        $"more than {CardsMax} cards; remove cards that are no longer needed");
                    break;
                }
                standing.Add(card.Id, card);
            }
            else if (other.RecordedAtNanos == card.RecordedAtNanos)
            {
                Fault(faults, card, RateCardFaultKind.DuplicateId,
                    $"card id '{card.Id}' is already used at {other.File}:{other.Line}; "
                    + "to correct that card give this one a later recorded_at, else another id");
            }
            else if (other.RecordedAtNanos < card.RecordedAtNanos)
            {
                standing[card.Id] = card;
            }
        }
        return [.. standing.Values];
    }

    private static void CheckCard(RateCard card, List<FxRate> fx, ICollection<RateCardFault> faults)
    {
        if (card.FromNanos >= card.ToNanos)
        {
            Fault(faults, card, RateCardFaultKind.DateRangeReversed,
                $"card '{card.Id}' ends at {RateCardTime.ToText(card.ToNanos)}, "
                + $"not after it begins at {RateCardTime.ToText(card.FromNanos)}");
        }
        if (card.Match.Count == 0) Fault(faults, card, RateCardFaultKind.MissingField,
            $"card '{card.Id}' matches no model; add 'match'");
        if (card.Providers.Count == 0) Fault(faults, card, RateCardFaultKind.MissingField, $"card '{card.Id}' has no provider");
        var discounts = card.Layer == RateLayer.Contract && card.ListFactor != Rational.One;
        if (card.Rates.Count == 0 && !card.Free && !discounts)
        {
            Fault(faults, card, RateCardFaultKind.MissingField, $"card '{card.Id}' has no rates; add 'rates', or 'free: true'");
        }
        if (card.Free && (card.Rates.Count > 0 || card.Tiers.Count > 0 || card.Thresholds.Count > 0))
        {
            Fault(faults, card, RateCardFaultKind.Contradiction, $"card '{card.Id}' is free and has rates; keep one of them");
        }
        if (card.Layer == RateLayer.List && card.ListFactor != Rational.One)
        {
            Fault(faults, card, RateCardFaultKind.BadValue, $"card '{card.Id}' is a list price and cannot have 'list_factor'");
        }
        CheckThresholds(card, card.Thresholds, faults);
        foreach (var tier in card.Tiers) CheckThresholds(card, tier.Thresholds, faults);
        CheckWindows(card, faults);
        CheckCurrency(card, fx, faults);
    }

    private static void CheckThresholds(RateCard card, IReadOnlyList<ContextThreshold> thresholds,
        ICollection<RateCardFault> faults)
    {
        for (var i = 0; i < thresholds.Count; i++)
        {
            if (i > 0 && thresholds[i].Above <= thresholds[i - 1].Above)
            {
                Fault(faults, card, RateCardFaultKind.Contradiction, $"thresholds of card '{card.Id}' must ascend, each once");
            }
            if (thresholds[i].Mode != thresholds[0].Mode)
            {
                Fault(faults, card, RateCardFaultKind.Contradiction,
                    $"thresholds of card '{card.Id}' must all be whole or all marginal");
            }
            if (thresholds[i].Mode != ThresholdMode.Marginal) continue;
            foreach (var rate in thresholds[i].Rates)
            {
                if (RateUnits.IsOtherInput(rate.Unit) || Array.IndexOf(RateUnits.TokenKindNames, rate.Unit) is >= 0 and < 4)
                    continue;
                Fault(faults, card, RateCardFaultKind.BadValue,
                    $"a marginal threshold of card '{card.Id}' prices '{rate.Unit}'; only input units can lie beyond it");
            }
        }
    }

    private static void CheckWindows(RateCard card, ICollection<RateCardFault> faults)
    {
        var ordered = card.Windows.OrderBy(window => window.FromMinute).ToArray();
        for (var i = 0; i < ordered.Length; i++)
        {
            if (ordered[i].FromMinute >= ordered[i].ToMinute)
            {
                Fault(faults, card, RateCardFaultKind.DateRangeReversed,
                    $"a daily window of card '{card.Id}' ends before it begins; split one that passes midnight in two");
            }
            var window = ordered[i];
            if (Array.Exists(ordered[..i], other => (other.Days & window.Days) != 0 && window.FromMinute < other.ToMinute))
            {
                Fault(faults, card, RateCardFaultKind.Contradiction, $"daily windows of card '{card.Id}' overlap");
            }
        }
    }

    private static void CheckCurrency(RateCard card, List<FxRate> fx, ICollection<RateCardFault> faults)
    {
        if (card.Currency == "USD") return;
        var first = fx.Find(rate => rate.Currency == card.Currency);
        if (first is null)
        {
            Fault(faults, card, RateCardFaultKind.UnknownCurrency,
                $"card '{card.Id}' is in {card.Currency}, which has no exchange rate; add one under 'fx'");
        }
        else if (card.FromNanos < first.FromNanos)
        {
            Fault(faults, card, RateCardFaultKind.UnknownCurrency,
                $"card '{card.Id}' begins at {RateCardTime.ToText(card.FromNanos)}, but the "
                + $"first exchange rate of {card.Currency} is of {RateCardTime.ToText(first.FromNanos)}; add an earlier one");
        }
    }

    /// <summary>Two cards that the same rule selects for the same seller, layer and instant: nothing could choose between
    /// them.</summary>
    private static void CheckContradictions(List<RateCard> cards, ICollection<RateCardFault> faults)
    {
        var bySelector = new Dictionary<(string Provider, string Seller, RateLayer Layer, ModelRule Rule), List<RateCard>>();
        foreach (var card in cards)
        {
            foreach (var provider in card.Providers)
            {
                foreach (var rule in card.Match)
                {
                    var selector = (provider, card.Seller, card.Layer, rule);
                    if (bySelector.TryGetValue(selector, out var others)) others.Add(card);
                    else bySelector[selector] = [card];
                }
            }
        }
        var told = new HashSet<(string, string)>();
        foreach (var (selector, sharing) in bySelector)
        {
            var ordered = sharing.OrderBy(card => card.FromNanos).ThenBy(card => card.File, StringComparer.Ordinal)
                .ThenBy(card => card.Line).ToArray();
            for (var i = 1; i < ordered.Length; i++)
            {
                var (earlier, later) = (ordered[i - 1], ordered[i]);
                if (later.FromNanos >= earlier.ToNanos || !told.Add((earlier.Id, later.Id))) continue;
                Fault(faults, later, RateCardFaultKind.Contradiction,
                    $"card '{later.Id}' and card '{earlier.Id}' at {earlier.File}:{earlier.Line} "
                    + $"both price {selector.Provider} model '{selector.Rule.Pattern}' "
                    + $"from {RateCardTime.ToText(later.FromNanos)}; end one before");
            }
        }
    }

    private static void Fault(ICollection<RateCardFault> faults, RateCard card, RateCardFaultKind kind, string reason) =>
        faults.Add(new(card.File, card.Line, kind, reason));
}
