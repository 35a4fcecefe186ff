namespace CostAttribution.Domain.Pricing;

/// <summary>One version of a card, from when it was learnt until a later one or a withdrawal took its place.</summary>
/// <param name="Card">Null for a withdrawal.</param>
public sealed record CardVersion(long RecordedAtNanos, RateCard? Card, CardWithdrawal? Withdrawal);

/// <summary>
/// All versions of all cards: what a price was as of one instant, as known at another. Immutable, safe for many threads.
/// </summary>
public sealed class RateCatalogue
{
    /// <summary>Books of the past held for the next question.</summary>
    private const int HeldMax = 8;

    private readonly RateSources sources;
    private readonly long[] learnt;
    private readonly Lock gate = new();
    private readonly Dictionary<long, RateBook> held = [];
    private readonly Queue<long> age = new();

    private RateCatalogue(RateSources sources, RateBook current)
    {
        this.sources = sources;
        Current = current;
        learnt = [.. sources.Cards.Select(card => card.RecordedAtNanos)
            .Concat(sources.FxRates.Select(rate => rate.RecordedAtNanos))
            .Concat(sources.Withdrawals.Select(gone => gone.RecordedAtNanos))
            .Concat(sources.Terms.Select(term => term.RecordedAtNanos))
            .Concat(sources.CostRules.Select(rule => rule.RecordedAtNanos))
            .Concat(sources.ReportedCosts.Select(rule => rule.RecordedAtNanos)).Distinct().Order()];
    }

    /// <summary>The book of everything that is known.</summary>
    public RateBook Current { get; }

    /// <summary>Instants at which something was learnt, ascending.</summary>
    public IReadOnlyList<long> LearntAtNanos => learnt;

    /// <summary>False with every fault when what is known now makes no book; the past is not asked.</summary>
    public static bool TryBuild(RateSources sources, ICollection<RateCardFault> faults, out RateCatalogue? catalogue)
    {
        catalogue = RateBookBuilder.TryBuild(sources, faults, out var book) ? new RateCatalogue(sources, book) : null;
        return catalogue is not null;
    }

    /// <summary>
    /// The book as it was known at an instant. False with the faults when what was known then makes none: a contradiction that
    /// was corrected since.
    /// </summary>
    public bool TryBookAt(long knownAtNanos, ICollection<RateCardFault> faults, out RateBook book)
    {
        var index = Array.BinarySearch(learnt, knownAtNanos);
        if (index < 0) index = ~index - 1;
        book = index < 0 ? RateBook.Empty : Current;
        if (index < 0 || index == learnt.Length - 1) return true;
        lock (gate)
        {
            if (held.TryGetValue(learnt[index], out var kept))
            {
                book = kept;
                return true;
            }
            if (!RateBookBuilder.TryBuild(sources, faults, out book, learnt[index])) return false;
            while (held.Count >= HeldMax && age.TryDequeue(out var oldest)) held.Remove(oldest);
            held[learnt[index]] = book;
            age.Enqueue(learnt[index]);
            return true;
        }
    }

    /// <summary>
    /// The card that priced a call made at <paramref name="asOfNanos"/> by what was known at <paramref name="knownAtNanos"/>;
    /// null with the reason when none did, or when there was no sound book.
    /// </summary>
    /// <param name="request">Its own time, scope and traits are not looked at: they belong to a book.</param>
    public RateCard? Find(PricingRequest request, long asOfNanos, long knownAtNanos, out PriceGap gap)
    {
        gap = PriceGap.NoCard;
        if (!TryBookAt(knownAtNanos, [], out var book)) return null;
        return book.CardFor(request with { EventTimeNanos = asOfNanos, Scope = default, Traits = default }, out gap);
    }

    /// <summary>The versions of a card, oldest first; empty when there never was one.</summary>
    public IReadOnlyList<CardVersion> HistoryOf(string cardId) =>
        [.. sources.Cards.Where(card => card.Id == cardId).Select(card => new CardVersion(card.RecordedAtNanos, card, null))
            .Concat(sources.Withdrawals.Where(gone => gone.Id == cardId)
                .Select(gone => new CardVersion(gone.RecordedAtNanos, null, gone)))
            .OrderBy(version => version.RecordedAtNanos)];
}
