namespace CostAttribution.Domain.Pricing;

/// <summary>Checks what was written down about prices and makes a book of what stood at a moment.</summary>
public static class RateBookBuilder
{
    /// <summary>Most cards in one book.</summary>
    public const int CardsMax = 100_000;

    /// <summary>Most period terms in one book.</summary>
    public const int TermsMax = 10_000;

    /// <inheritdoc cref="TryBuild(RateSources, ICollection{RateCardFault}, out RateBook, long)"/>
    public static bool TryBuild(IEnumerable<RateCard> cards, IEnumerable<FxRate> fxRates, ICollection<RateCardFault> faults,
        out RateBook book, long asKnownAtNanos = long.MaxValue) =>
        TryBuild(new RateSources { Cards = [.. cards], FxRates = [.. fxRates] }, faults, out book, asKnownAtNanos);

    /// <summary>
    /// Builds the book as it was known at <paramref name="asKnownAtNanos"/>: what was recorded later is left out, of several
    /// versions of one card, exchange rate, term or rule the last recorded stands, and what was withdrawn does not. False with
    /// every fault found; then there is no book.
    /// </summary>
    public static bool TryBuild(RateSources sources, ICollection<RateCardFault> faults, out RateBook book,
        long asKnownAtNanos = long.MaxValue)
    {
        var before = faults.Count;
        var standing = Standing(sources, asKnownAtNanos, faults);
        var units = UnitsOf(standing.Units, faults);
        RateCardChecks.CheckFx(standing.FxRates, faults);
        foreach (var card in standing.Cards) RateCardChecks.Check(card, standing.FxRates, units, faults);
        PeriodTermChecks.Check(standing, faults);
        CostRuleChecks.Check(standing.CostRules, units, faults);
        ReportedCostTable.Check(standing.ReportedCosts, faults);
        // Conflicts between cards that are themselves faulty would only repeat what is told already.
        if (faults.Count == before) RateCardConflicts.Check(standing.Cards, faults);
        book = RateBook.Empty;
        if (faults.Count > before) return false;
        var built = new RateBook(standing);
        if (built.TellsTooMuchApart)
        {
            faults.Add(new("", 0, RateCardFaultKind.LimitPassed,
                $"cards tell more than {CallScopes.ScopeValuesMax} groups of callers, {CallScopes.TraitValuesMax} geographies or "
                + $"endpoints, or {CallScopes.FlagsMax} request flags apart; use fewer names"));
            return false;
        }
        book = built;
        return true;
    }

    private static RateSources Standing(RateSources sources, long knownAt, ICollection<RateCardFault> faults)
    {
        var cards = new Versions<RateCard>("card", CardsMax, knownAt, faults);
        foreach (var card in sources.Cards) cards.Add(card.Id, card.RecordedAtNanos, card.File, card.Line, card);
        var ids = sources.Cards.Select(card => card.Id).ToHashSet();
        foreach (var gone in sources.Withdrawals)
        {
            if (ids.Contains(gone.Id)) cards.Withdraw(gone.Id, gone.RecordedAtNanos, gone.File, gone.Line);
            else
            {
                faults.Add(new(gone.File, gone.Line, RateCardFaultKind.BadValue,
                    $"card '{gone.Id}' is withdrawn, but there is none; correct the id"));
            }
        }
        var terms = new Versions<PeriodTerm>("term", TermsMax, knownAt, faults);
        foreach (var term in sources.Terms) terms.Add(term.Id, term.RecordedAtNanos, term.File, term.Line, term);
        var rules = new Versions<CostRule>("cost rule", CostRuleMatcher.RulesMax, knownAt, faults);
        foreach (var rule in sources.CostRules) rules.Add(rule.Name, rule.RecordedAtNanos, rule.File, rule.Line, rule);
        var reported = new Versions<ReportedCostRule>("reported cost rule", ReportedCostRule.RulesMax, knownAt, faults);
        foreach (var rule in sources.ReportedCosts) reported.Add(rule.Id, rule.RecordedAtNanos, rule.File, rule.Line, rule);
        return new RateSources
        {
            Cards = cards.Standing(),
            FxRates = StandingFx(sources.FxRates, knownAt, faults),
            Units = sources.Units,
            Terms = terms.Standing(),
            CostRules = rules.Standing(),
            ReportedCosts = reported.Standing(),
        };
    }

    private static List<FxRate> StandingFx(IReadOnlyList<FxRate> rates, long knownAt, ICollection<RateCardFault> faults)
    {
        var standing = new List<FxRate>();
        var ordered = rates.Where(rate => rate.RecordedAtNanos <= knownAt).OrderBy(rate => rate.Currency, StringComparer.Ordinal)
            .ThenBy(rate => rate.FromNanos).ThenBy(rate => rate.RecordedAtNanos);
        foreach (var rate in ordered)
        {
            var corrects = standing.Count > 0 && standing[^1].Currency == rate.Currency
                && standing[^1].FromNanos == rate.FromNanos;
            if (corrects && standing[^1].RecordedAtNanos == rate.RecordedAtNanos)
            {
                faults.Add(new(rate.File, rate.Line, RateCardFaultKind.Contradiction,
                    $"two exchange rates of {rate.Currency} begin at {RateCardTime.ToText(rate.FromNanos)}; keep one, "
                    + "or give the correct one a later recorded_at"));
            }
            if (corrects) standing[^1] = rate;
            else standing.Add(rate);
        }
        return standing;
    }

    private static RateUnitTable UnitsOf(IReadOnlyList<DeclaredUnit> declared, ICollection<RateCardFault> faults)
    {
        var byName = new Dictionary<string, DeclaredUnit>();
        foreach (var unit in declared)
        {
            if (RateUnits.IsKnown(unit.Unit.Name))
            {
                faults.Add(new(unit.File, unit.Line, RateCardFaultKind.Contradiction,
                    $"unit '{unit.Unit.Name}' is known already and cannot be described anew"));
            }
            else if (!byName.TryAdd(unit.Unit.Name, unit) && byName[unit.Unit.Name].Unit != unit.Unit)
            {
                var other = byName[unit.Unit.Name];
                faults.Add(new(unit.File, unit.Line, RateCardFaultKind.Contradiction,
                    $"unit '{unit.Unit.Name}' is described otherwise at {other.File}:{other.Line}; describe it once"));
            }
        }
        return new RateUnitTable(byName.Values.Select(unit => unit.Unit));
    }

    /// <summary>Versions of named things by when they were recorded.</summary>
    private sealed class Versions<T>(string what, int countMax, long knownAt, ICollection<RateCardFault> faults)
        where T : class
    {
        private readonly Dictionary<string, List<(long RecordedAt, string File, int Line, T? Value)>> byId =
            new(StringComparer.Ordinal);
        private bool isFull;

        public void Add(string id, long recordedAt, string file, int line, T value)
        {
            if (recordedAt <= knownAt) Put(id, recordedAt, file, line, value);
        }

        public void Withdraw(string id, long recordedAt, string file, int line)
        {
            if (recordedAt <= knownAt) Put(id, recordedAt, file, line, null);
        }

        public IReadOnlyList<T> Standing() => [.. byId.OrderBy(named => named.Key, StringComparer.Ordinal)
            .Select(named => named.Value.MaxBy(version => version.RecordedAt).Value).OfType<T>()];

        private void Put(string id, long recordedAt, string file, int line, T? value)
        {
            if (!byId.TryGetValue(id, out var versions))
            {
                if (byId.Count == countMax)
                {
                    if (!isFull) faults.Add(new(file, line, RateCardFaultKind.LimitPassed,
                        $"more than {countMax} {what}s; remove those that are no longer needed"));
                    isFull = true;
                    return;
                }
                byId[id] = versions = [];
            }
            var same = versions.FindIndex(version => version.RecordedAt == recordedAt);
            if (same >= 0)
            {
                faults.Add(new(file, line, RateCardFaultKind.DuplicateId,
                    $"{what} id '{id}' is already used at {versions[same].File}:{versions[same].Line}; "
                    + $"to correct that {what} give this one a later recorded_at, else another id"));
            }
            else versions.Add((recordedAt, file, line, value));
        }
    }
}
