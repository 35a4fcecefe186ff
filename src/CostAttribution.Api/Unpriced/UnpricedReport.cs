using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Unpriced;

/// <summary>Says of usage without a price why, what it costs at most, and what would give it one.</summary>
internal sealed class UnpricedReport(PriceCeilings ceilings)
{
    private readonly RateBook book = ceilings.Book;
    private readonly Dictionary<(string Provider, string Seller, string Model, string Unit, UnpricedReason Reason, string Tier),
        Group> groups = [];

    private readonly SortedDictionary<string, (CardSkeleton Card, SortedSet<string> Units)> skeletons =
        new(StringComparer.Ordinal);

    private readonly Dictionary<string, long[]> boundaries = [];

    /// <summary>Rows by what is at risk, most first; those without a bound last, by quantity.</summary>
    public IReadOnlyList<UnpricedRow> Rows => [.. groups.Values.Select(group => group.Row)
        .OrderByDescending(row => row.AtRiskCost is not null).ThenByDescending(row => row.AtRiskCost?.PicoUsd ?? 0)
        .ThenByDescending(row => row.Quantity).ThenBy(row => row.Provider, StringComparer.Ordinal)
        .ThenBy(row => row.Model, StringComparer.Ordinal).ThenBy(row => row.Unit, StringComparer.Ordinal)];

    /// <summary>A card for every model that has none, ordered by id.</summary>
    public IReadOnlyList<UnpricedCard> Cards =>
        [.. skeletons.Values.Select(skeleton => new UnpricedCard(skeleton.Card.Id, skeleton.Card.Yaml(skeleton.Units)))];

    /// <summary>All of <see cref="Cards"/> as one file; empty when there are none.</summary>
    public string CardFile => CardSkeleton.File([.. Cards.Select(card => card.Yaml)],
        skeletons.Values.SelectMany(skeleton => skeleton.Units));

    public void Add(UnpricedUsage usage)
    {
        if (ReasonOf(usage, out var card) is not { } reason) return;
        var tier = reason == UnpricedReason.TierNotOnCard ? usage.ServiceTier : "";
        var ceiling = ceilings.Dearest(usage.Provider, usage.Unit, usage.FirstNanos, usage.LastNanos);
        var key = (usage.Provider, usage.Seller, usage.Model, usage.Unit, reason, tier);
        if (groups.TryGetValue(key, out var group)) group.Add(usage, ceiling);
        else groups[key] = new Group(usage, reason, tier, ceiling, FixOf(usage, reason, card));
    }

    /// <summary>Null when the unit was priced: its row lacks the price of another one.</summary>
    private UnpricedReason? ReasonOf(UnpricedUsage usage, out RateCard? card)
    {
        card = book.CardById(usage.RateId);
        if (usage.Overflowed) return UnpricedReason.CostOverflow;
        if (!usage.HasCard && usage.Model.Length == 0 && usage.RequestModel.Length == 0) return UnpricedReason.NoModelName;
        if (!usage.HasCard && usage.Provider.Length == 0) return UnpricedReason.UnknownProvider;
        var (first, last) = (usage.RequestAt(usage.FirstNanos), usage.RequestAt(usage.LastNanos));
        var found = book.CardFor(in first, out var gap);
        if (gap == PriceGap.None) found = book.CardFor(in last, out gap) ?? found;
        card = found ?? card;
        var reason = gap switch
        {
            PriceGap.NoCard => UnpricedReason.UnknownModel,
            PriceGap.NoRateAtTime => UnpricedReason.NoCardAtThatTime,
            PriceGap.TierNotOnCard => UnpricedReason.TierNotOnCard,
            PriceGap.AmbiguousCards => UnpricedReason.AmbiguousCards,
            _ => PriceNow(usage, in last),
        };
        // The row says which unit the card lacked; of its other units only those that still have no price are at risk.
        var wasPriced = usage.HasCard && usage.UnpricedUnit.Length > 0 && usage.Unit != usage.UnpricedUnit;
        return wasPriced && reason != UnpricedReason.UnitNotOnCard ? null : reason;
    }

    private UnpricedReason PriceNow(UnpricedUsage usage, in PricingRequest request)
    {
        CostBreakdown cost = default;
        Pricer.Price(book, in request, usage.OneOfIt(), ref cost);
        return cost.Status is PriceStatus.Priced or PriceStatus.Free ? UnpricedReason.PricedSince : UnpricedReason.UnitNotOnCard;
    }

    private UnpricedFix FixOf(UnpricedUsage usage, UnpricedReason reason, RateCard? card)
    {
        switch (reason)
        {
            case UnpricedReason.UnknownModel: return NewCard(usage, new CardSkeleton(usage.Provider.ToLowerInvariant(),
                usage.Seller.ToLowerInvariant(), NameOf(usage), long.MinValue, long.MaxValue));
            case UnpricedReason.NoCardAtThatTime: return NewCard(usage, GapSkeleton(usage));
            case UnpricedReason.UnitNotOnCard: return OnCard(card, CardSkeleton.LineOf(usage.Unit), "rates");
            case UnpricedReason.TierNotOnCard: return OnCard(CardOfOtherTier(usage),
                $"{usage.ServiceTier}: {{ factor: \"FACTOR\" }}", "tiers");
            case UnpricedReason.AmbiguousCards: return new("", "", "",
                "two cards match this model equally well; give one of them the smaller 'order'");
            case UnpricedReason.CostOverflow: return new("", "", "",
                "no card can help; the quantity or a price is too large to be true");
            case UnpricedReason.PricedSince: return new(card?.Id ?? "", card is null ? "" : $"{card.File}:{card.Line}", "",
                "the book in force has the price; price these rows again");
            case UnpricedReason.NoModelName: return new("", "", "", "have the application send gen_ai.response.model");
            default: return new("", "", "", "have the application send gen_ai.provider.name");
        }
    }

    private UnpricedFix NewCard(UnpricedUsage usage, CardSkeleton skeleton)
    {
        if (!skeleton.IsPossible) return new("", "", "", "no card can name this model: look at what the application sends");
        if (!skeletons.TryGetValue(skeleton.Id, out var there))
            skeletons[skeleton.Id] = there = (skeleton, new SortedSet<string>(StringComparer.Ordinal));
        there.Units.Add(usage.Unit);
        return new(skeleton.Id, "", CardSkeleton.LineOf(usage.Unit), "write this card; 'cards' has it whole, but for its prices");
    }

    private static UnpricedFix OnCard(RateCard? card, string line, string field) => card is null
        ? new("", "", line, $"add the line to '{field}' of the card that prices the model")
        : new(card.Id, $"{card.File}:{card.Line}", line, $"add the line to '{field}' of the card; a shipped card is corrected by "
            + "a copy under its id with a later recorded_at");

    /// <summary>The card that would price these calls without their tier.</summary>
    private RateCard? CardOfOtherTier(UnpricedUsage usage)
    {
        var request = usage.RequestAt(usage.LastNanos) with { ServiceTier = "" };
        return book.CardFor(in request, out _);
    }

    private static string NameOf(UnpricedUsage usage) => usage.Model.Length > 0 ? usage.Model : usage.RequestModel;

    /// <summary>The time around the calls in which no card of the model is in force.</summary>
    private CardSkeleton GapSkeleton(UnpricedUsage usage)
    {
        var provider = usage.Provider.ToLowerInvariant();
        if (!boundaries.TryGetValue(provider, out var times))
        {
            boundaries[provider] = times = [.. book.Cards.Where(card => card.Providers.Contains(provider))
                .SelectMany(card => new[] { card.FromNanos, card.ToNanos })
                .Where(time => time is not (long.MinValue or long.MaxValue)).Distinct().Order()];
        }
        var from = times.Where(time => time <= usage.FirstNanos && HasCardAt(usage, time - 1))
            .DefaultIfEmpty(long.MinValue).Max();
        var to = times.Where(time => time > usage.FirstNanos && HasCardAt(usage, time)).DefaultIfEmpty(long.MaxValue).Min();
        return new CardSkeleton(provider, usage.Seller.ToLowerInvariant(), NameOf(usage), from, to);
    }

    private bool HasCardAt(UnpricedUsage usage, long nanos)
    {
        var request = usage.RequestAt(nanos);
        book.CardFor(in request, out var gap);
        return gap != PriceGap.NoRateAtTime;
    }

    private sealed class Group(UnpricedUsage first, UnpricedReason reason, string tier, PriceCeiling ceiling, UnpricedFix fix)
    {
        private long quantity = first.Quantity;
        private long calls = first.Calls;
        private long firstMicros = first.FirstMicros;
        private long lastMicros = first.LastMicros;
        private PriceCeiling widest = ceiling;
        private Money? atRisk = ceiling.Of(first.Quantity);

        public UnpricedRow Row => new()
        {
            Provider = first.Provider, Seller = first.Seller, Model = first.Model, Unit = first.Unit, Reason = reason,
            ServiceTier = tier, Quantity = quantity, Calls = calls, FirstSeen = Time(firstMicros), LastSeen = Time(lastMicros),
            AtRiskCost = atRisk, Basis = widest.Basis, BasisCard = widest.CardId, Fix = fix,
        };

        public void Add(UnpricedUsage usage, PriceCeiling day)
        {
            quantity = Sum(quantity, usage.Quantity);
            calls = Sum(calls, usage.Calls);
            firstMicros = Math.Min(firstMicros, usage.FirstMicros);
            lastMicros = Math.Max(lastMicros, usage.LastMicros);
            // A bound of a part is none of the whole.
            atRisk = atRisk is { } so && day.Of(usage.Quantity) is { } more
                && so.PicoUsd <= Money.PicoUsdMax - more.PicoUsd ? so + more : null;
            if (day.Basis == CeilingBasis.None || (widest.Basis != CeilingBasis.None && (day.Basis > widest.Basis
                || (day.Basis == widest.Basis && day.Usd > widest.Usd)))) widest = day;
        }

        private static long Sum(long left, long right) =>
            (long)Int128.Clamp((Int128)left + right, long.MinValue, long.MaxValue);

        private static DateTimeOffset Time(long micros) => DateTimeOffset.UnixEpoch.AddMicroseconds(micros);
    }
}
