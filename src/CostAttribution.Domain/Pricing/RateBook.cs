using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Runtime.CompilerServices;

namespace CostAttribution.Domain.Pricing;

/// <summary>
/// All rate cards known at one moment, checked and immutable. Safe for use by many threads. Which card prices a call is decided
/// by provider and seller first, then the response model before the request model, then the most specific rule, at the time
/// of the call; contract cards lie over list cards.
/// </summary>
public sealed class RateBook
{
    /// <summary>Sets of selectors remembered at once; when more are seen, remembering starts anew.</summary>
    public const int SelectorsMax = 16_384;

    /// <summary>Slots of the table that is asked by reference before any text is hashed; a power of two.</summary>
    private const int RecentMax = 1_024;

    private readonly RateCardIndex index;
    private readonly FrozenDictionary<string, RateCard> byId;
    private readonly FrozenDictionary<string, FxRate[]> fxByCurrency;
    private readonly RateTimeline nothing = new([long.MinValue], [0], static (_, _) => (null, PriceGap.NoCard));
    private readonly Remembered?[] recent = new Remembered?[RecentMax];
    private ConcurrentDictionary<Selectors, Remembered> remembered = new();
    private int rememberedCount;

    internal RateBook(IReadOnlyList<RateCard> cards, IReadOnlyList<FxRate> fxRates)
    {
        Cards = cards;
        FxRates = fxRates;
        index = new RateCardIndex(cards);
        byId = cards.ToFrozenDictionary(card => card.Id);
        fxByCurrency = fxRates.GroupBy(rate => rate.Currency)
            .ToFrozenDictionary(group => group.Key, group => group.OrderBy(rate => rate.FromNanos).ToArray());
        Version = RateBookText.VersionOf(cards, fxRates);
    }

    /// <summary>No cards: every model is unpriced.</summary>
    public static RateBook Empty { get; } = new([], []);

    /// <summary>Derived from the prices alone, never negative: the same cards give the same version on every node and
    /// start.</summary>
    public long Version { get; }

    /// <summary>Cards in force, ordered by id.</summary>
    public IReadOnlyList<RateCard> Cards { get; }

    public IReadOnlyList<FxRate> FxRates { get; }

    /// <summary>The card a ledger row names in <c>rate_id</c>; null when this book does not have it.</summary>
    public RateCard? CardById(string rateId) => byId.GetValueOrDefault(rateId);

    /// <summary>The card that prices a call, for explanations; null with the reason when none does.</summary>
    public RateCard? CardFor(in PricingRequest request, out PriceGap gap) => Find(in request, out gap)?.Card;

    internal RatePlan? Find(in PricingRequest request, out PriceGap gap)
    {
        var selectors = new Selectors(request.Provider ?? "", request.Seller ?? "", request.Model ?? "",
            request.RequestModel ?? "", request.Region ?? "", request.ServiceTier ?? "");
        ref var slot = ref recent[RuntimeHelpers.GetHashCode(selectors.Model) & (RecentMax - 1)];
        var found = Volatile.Read(ref slot);
        if (found is null || !found.Selectors.IsSameObjects(in selectors))
        {
            if (!Volatile.Read(ref remembered).TryGetValue(selectors, out found)) found = Remember(in selectors);
            // Only interned text comes again as the same object; anything else would just push others out.
            if (selectors.IsShort && found.Selectors.IsSameObjects(in selectors)) Volatile.Write(ref slot, found);
        }
        return found.Timeline.At(request.EventTimeNanos, out gap);
    }

    private Remembered Remember(in Selectors selectors)
    {
        var found = new Remembered(selectors, Resolve(selectors.ToLower()));
        if (!selectors.IsShort) return found;
        if (Interlocked.Increment(ref rememberedCount) > SelectorsMax)
        {
            Volatile.Write(ref remembered, new ConcurrentDictionary<Selectors, Remembered>());
            Volatile.Write(ref rememberedCount, 1);
        }
        return Volatile.Read(ref remembered).GetOrAdd(selectors, found);
    }

    private RateTimeline Resolve(Selectors selectors)
    {
        var ranked = new List<(RateCard Card, int Rank)>();
        index.Find(selectors.Provider, selectors.Seller, selectors.RequestModel, ranked);
        var byRequestModel = ranked.Count;
        index.Find(selectors.Provider, selectors.Seller, selectors.Model, ranked);
        if (ranked.Count == 0) return nothing;
        // A match of the response model beats any match of the request model.
        for (var i = byRequestModel; i < ranked.Count; i++) ranked[i] = (ranked[i].Card, ranked[i].Rank + (1 << 24));
        var candidates = ranked.OrderByDescending(match => match.Rank).ThenBy(match => match.Card.Id, StringComparer.Ordinal)
            .Select(match => match.Card).Distinct().ToArray();

        var starts = new SortedSet<long> { long.MinValue };
        var minutes = new SortedSet<int> { 0 };
        foreach (var card in candidates)
        {
            starts.Add(card.FromNanos);
            if (card.ToNanos != long.MaxValue) starts.Add(card.ToNanos);
            foreach (var rate in fxByCurrency.GetValueOrDefault(card.Currency, [])) starts.Add(rate.FromNanos);
            foreach (var window in card.Windows)
            {
                for (var midnight = 0; midnight < DailyWindow.MinutesPerWeek; midnight += DailyWindow.MinutesPerDay)
                {
                    minutes.Add(midnight + window.FromMinute);
                    minutes.Add((midnight + window.ToMinute) % DailyWindow.MinutesPerWeek);
                }
            }
        }
        return new RateTimeline([.. starts], [.. minutes], (nanos, minute) => CompileAt(candidates, nanos, minute, selectors));
    }

    private (RatePlan? Plan, PriceGap Gap) CompileAt(RateCard[] candidates, long nanos, int minute, Selectors selectors)
    {
        var list = InForce(candidates, RateLayer.List, nanos);
        var contract = InForce(candidates, RateLayer.Contract, nanos);
        var conditions = new RatePlanCompiler.Conditions(selectors.ServiceTier, selectors.Region, minute);
        if (list is null && contract is null) return (null, PriceGap.NoRateAtTime);
        // A discount needs something to be taken from.
        if (list is null && contract is { Free: false, Rates.Count: 0 }) return (null, PriceGap.NoRateAtTime);
        var leading = list ?? contract!;
        if (!RatePlanCompiler.Covers(leading, selectors.ServiceTier)) return (null, PriceGap.TierNotOnCard);
        var plan = list is not null && contract is not null
            ? RatePlanCompiler.Compile(contract, UsdFor(contract.Currency, nanos), list, UsdFor(list.Currency, nanos), conditions)
            : RatePlanCompiler.Compile(leading, UsdFor(leading.Currency, nanos), conditions);
        return (plan, PriceGap.None);
    }

    private static RateCard? InForce(RateCard[] candidates, RateLayer layer, long nanos)
    {
        foreach (var card in candidates)
        {
            if (card.Layer == layer && card.FromNanos <= nanos && nanos < card.ToNanos) return card;
        }
        return null;
    }

    private Rational UsdFor(string currency, long nanos)
    {
        if (currency == "USD") return Rational.One;
        // The builder refuses cards that begin before their currency's first rate.
        return fxByCurrency[currency].Last(rate => rate.FromNanos <= nanos).Usd;
    }

    private sealed record Remembered(Selectors Selectors, RateTimeline Timeline);

    /// <summary>What selects a card, apart from time.</summary>
    private readonly record struct Selectors(
        string Provider, string Seller, string Model, string RequestModel, string Region, string ServiceTier)
    {
        public bool IsSameObjects(in Selectors other) =>
            ReferenceEquals(Model, other.Model) && ReferenceEquals(RequestModel, other.RequestModel)
            && ReferenceEquals(Provider, other.Provider) && ReferenceEquals(ServiceTier, other.ServiceTier)
            && ReferenceEquals(Region, other.Region) && ReferenceEquals(Seller, other.Seller);

        public bool Equals(Selectors other) =>
            Model == other.Model && RequestModel == other.RequestModel && Provider == other.Provider
                && ServiceTier == other.ServiceTier
            && Region == other.Region && Seller == other.Seller;

        /// <summary>All values that a sender controls take part, seeded per process, so that no one can build a long
        /// chain.</summary>
        public override int GetHashCode()
        {
            unchecked
            {
                var hash = HashOf(Model) * 31 + HashOf(RequestModel);
                return (((hash * 31 + HashOf(Provider)) * 31 + HashOf(Region)) * 31 + HashOf(ServiceTier)) * 31 + HashOf(Seller);
            }
        }

        private static int HashOf(string value) => value.Length == 0 ? 0 : value.GetHashCode();

        /// <summary>Whether it is worth its memory: hostile names are resolved each time instead.</summary>
        public bool IsShort => Provider.Length + Seller.Length + Model.Length + RequestModel.Length + Region.Length
            + ServiceTier.Length <= 4 * RateCardIndex.ModelLengthMax;

        public Selectors ToLower() => new(Provider.ToLowerInvariant(), Seller.ToLowerInvariant(), Model.ToLowerInvariant(),
            RequestModel.ToLowerInvariant(), Region.ToLowerInvariant(), ServiceTier.ToLowerInvariant());
    }
}
