using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Decides which source prices a call when several could: the one believed first, whole. Nothing is averaged or mixed; what
/// the others say is recorded.
/// </summary>
/// <param name="others">List cards of people, of all times.</param>
/// <param name="own">Cards of earlier imports.</param>
/// <param name="order">Every source, the one believed first first.</param>
internal sealed class CardPrecedence(IReadOnlyList<RateCard> others, IReadOnlyList<RateCard> own,
    IReadOnlyList<ImportSource> order, ImportRequest request, Action<ImportFindingKind, ImportSource, string, string> tell)
{
    private readonly CardFinder byOthers = FinderOf(others.Where(card => card.FromNanos <= request.ChangesFromNanos
        && request.ChangesFromNanos < card.ToNanos));
    private readonly CardFinder byOwn = FinderOf(own);
    private readonly ILookup<string, RateCard> othersByProvider = others
        .SelectMany(card => card.Providers.Select(provider => (provider, card)))
        .ToLookup(pair => pair.provider, pair => pair.card);
    private readonly Dictionary<ImportSource, ImportFile> files = request.Files.ToDictionary(file => file.Source);
    private readonly Dictionary<RateCard, List<RateDisagreement>> evidence = new(ReferenceEqualityComparer.Instance);
    private readonly CardFinder accepted = new();
    private readonly Dictionary<RateCard, ImportedCard> origins = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<RateCard, List<string>> alsoSaid = new(ReferenceEqualityComparer.Instance);

    public List<Disagreement> Disagreements { get; } = [];
    public int Covered { get; private set; }

    /// <summary>The cards that remain of <paramref name="bySource"/>, in the order of belief.</summary>
    public List<ImportedCard[]> Choose(IReadOnlyDictionary<ImportSource, List<IReadOnlyList<ImportedCard>>> bySource)
    {
        var chosen = new List<ImportedCard[]>();
        var bookFirst = true;
        foreach (var source in order.Where(source => source != ImportSource.Book))
        {
            if (!bySource.TryGetValue(source, out var models)) continue;
            bookFirst = Position(ImportSource.Book) < Position(source);
            foreach (var periods in models)
            {
                if (Take(periods, bookFirst) is { Length: > 0 } kept) chosen.Add(kept);
                else Covered++;
            }
        }
        return [.. chosen.Select(periods => periods.Select(card =>
            card with { Note = NoteOf(card), Card = WithEvidence(card.Card) }).ToArray())];
    }

    private int Position(ImportSource source)
    {
        for (var i = 0; i < order.Count; i++)
        {
            if (order[i] == source) return i;
        }
        return order.Count;
    }

    private ImportedCard[] Take(IReadOnlyList<ImportedCard> periods, bool bookFirst)
    {
        // What other sources speak of is the period in force; one that ended or is announced is compared with nobody.
        var inForce = periods.FirstOrDefault(period => period.HoldsAt(request.ChangesFromNanos));
        var current = inForce ?? periods[^1];
        var (providers, seller) = (current.Card.Providers, current.Card.Seller);
        var model = CardChanges.ModelOf(current.Card.Id);
        var match = new List<ModelRule>();
        var (from, to) = (long.MinValue, long.MaxValue);
        var compared = new HashSet<RateCard>(ReferenceEqualityComparer.Instance);
        foreach (var rule in current.Card.Match)
        {
            var name = rule.Pattern.Trim('*');
            if (byOthers.WithRule(providers, seller, rule) is { } same && !bookFirst)
            {
                Compare(inForce, same, compared);
                tell(ImportFindingKind.Refused, current.Source, current.Key,
                    $"card '{same.Id}' in force has the same rule '{rule.Pattern}'; "
                    + "correct that card, under its id and a later recorded_at");
            }
            else if (bookFirst && (byOthers.WithRule(providers, seller, rule) ?? byOthers.Find(providers, seller, name))
                is { } other)
            {
                Compare(inForce, other, compared);
            }
            else if ((accepted.WithRule(providers, seller, rule) ?? accepted.Find(providers, seller, name)) is { } earlier
                && (origins[earlier].Source != current.Source || accepted.WithRule(providers, seller, rule) is not null))
                Compare(inForce, earlier, compared);
            else if (byOwn.WithRule(providers, seller, rule) is { } before && CardChanges.ModelOf(before.Id) != model)
            {
                tell(ImportFindingKind.Refused, current.Source, current.Key,
                    $"card '{before.Id}' of an earlier import has the rule '{rule.Pattern}'; end that card by hand");
            }
            else
            {
                match.Add(rule);
                Clip(rule, current.Card, ref from, ref to);
            }
        }
        var kept = periods.Where(period => match.Count > 0 && period.Card.FromNanos < to && from < period.Card.ToNanos)
            .Select(period => period with
            {
                Card = period.Card with
                {
                    Match = match, Order = bookFirst ? ImportedCard.OrderAfterPeople : 0,
                    FromNanos = Math.Max(period.Card.FromNanos, from), ToNanos = Math.Min(period.Card.ToNanos, to),
                },
            }).ToArray();
        if (kept.Length == 0) return [];
        accepted.Add((kept.FirstOrDefault(period => period.HoldsAt(request.ChangesFromNanos)) ?? kept[^1]).Card);
        foreach (var period in kept) origins[period.Card] = period;
        return kept;
    }

    /// <summary>
    /// What a card of people says of the past, or of a time to come, is not touched: the imported card begins when the last of
    /// them ends, and where it is believed before one in force, on the day of the change.
    /// </summary>
    private void Clip(ModelRule rule, RateCard card, ref long from, ref long to)
    {
        var name = rule.Pattern.Trim('*');
        foreach (var other in card.Providers.SelectMany(provider => othersByProvider[provider]))
        {
            if (other.Seller != card.Seller || !other.Match.Any(mine => mine == rule || mine.Matches(name))) continue;
            if (other.ToNanos <= request.ChangesFromNanos) from = Math.Max(from, other.ToNanos);
            else if (other.FromNanos > request.ChangesFromNanos) to = Math.Min(to, other.FromNanos);
            else if (!request.Correct) from = Math.Max(from, request.ChangesFromNanos);
        }
    }

    private void Compare(ImportedCard? said, RateCard used, HashSet<RateCard> compared)
    {
        if (said is null || used.FromNanos > request.ChangesFromNanos || used.ToNanos <= request.ChangesFromNanos
            || !compared.Add(used)) return;
        var mine = CardLines.Of(said.Card);
        var differs = false;
        foreach (var (line, each) in CardLines.Of(used))
        {
            if (!mine.TryGetValue(line, out var other) || other == each) continue;
            differs = true;
            var origin = origins.TryGetValue(used, out var imported)
                ? new SourceValue(ImportSources.NameOf(imported.Source), used.Checked, CardLines.Text(line, each))
                : new SourceValue($"card {used.Id}", used.Checked, CardLines.Text(line, each));
            Disagreements.Add(new Disagreement(said.Card.Providers[0], said.Card.Seller, said.Card.Match[0].Pattern, line,
                [origin, new(ImportSources.NameOf(said.Source), files[said.Source].Day, CardLines.Text(line, other))]));
            Evidence(used, said, line);
            Remember(used,
                $"{ImportSources.NameOf(said.Source)} of {files[said.Source].Day} says {line} {CardLines.Text(line, other)}");
        }
        if (!differs) Remember(used, $"{ImportSources.NameOf(said.Source)} of {files[said.Source].Day} agrees");
    }

    /// <summary>Another source's price of a unit; lines under a condition stand in the card's note.</summary>
    private void Evidence(RateCard used, ImportedCard said, string line)
    {
        if (said.Card.Rates.FirstOrDefault(rate => rate.Unit == line) is not { } price) return;
        if (!evidence.TryGetValue(used, out var all)) evidence[used] = all = [];
        var file = files[said.Source];
        all.Add(new RateDisagreement($"{ImportSources.NameOf(said.Source)} {said.Key}", price, file.DayNanos));
    }

    private RateCard WithEvidence(RateCard card) => evidence.TryGetValue(card, out var all)
        ? card with { Evidence = card.Evidence with { Disagreements = all } } : card;

    private void Remember(RateCard card, string said)
    {
        if (!alsoSaid.TryGetValue(card, out var all)) alsoSaid[card] = all = [];
        all.Add(said);
    }

    private string NoteOf(ImportedCard card)
    {
        const int most = 600;
        var said = alsoSaid.TryGetValue(card.Card, out var all) ? $"; {string.Join("; ", all)}" : "";
        var text = $"{ImportSources.NameOf(card.Source)} of {files[card.Source].Day}, entry {card.Key}, believed in the order "
            + $"{string.Join(", ", order.Select(ImportSources.NameOf))}{said}";
        return text.Length <= most ? text : text[..(most - 3)] + "...";
    }

    private static CardFinder FinderOf(IEnumerable<RateCard> cards)
    {
        var finder = new CardFinder();
        foreach (var card in cards) finder.Add(card);
        return finder;
    }
}
