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
    private const int RecentMax = 1 << RecentBits;
    private const int RecentBits = 10;

    private readonly RateCardIndex index;
    private readonly RateUnitTable units;
    private readonly CallScopes scopes;
    private readonly RatePlanCompiler compiler;
    private readonly FrozenDictionary<string, RateCard> byId;
    private readonly FrozenSet<string> pricedUnits;
    private readonly FrozenDictionary<string, FxRate[]> fxByCurrency;
    private readonly RateTimeline nothing = new([long.MinValue], [], static _ => (null, PriceGap.NoCard));
    private readonly Remembered?[] recent = new Remembered?[RecentMax];
    private ConcurrentDictionary<Selectors, Remembered> remembered = new();
    private int rememberedCount;

    internal RateBook(IReadOnlyList<RateCard> cards, IReadOnlyList<FxRate> fxRates)
        : this(new RateSources { Cards = cards, FxRates = fxRates })
    {
    }

    /// <param name="standing">What stands, checked; ids and names are each there once.</param>
    internal RateBook(RateSources standing)
    {
        Cards = standing.Cards;
        FxRates = standing.FxRates;
        Units = [.. standing.Units.Select(declared => declared.Unit)];
        Terms = standing.Terms;
        CostRules = standing.CostRules;
        ReportedCosts = new ReportedCostTable(standing.ReportedCosts);
        index = new RateCardIndex(Cards);
        units = new RateUnitTable(Units);
        scopes = new CallScopes(Cards);
        compiler = new RatePlanCompiler(units, scopes);
        byId = Cards.ToFrozenDictionary(card => card.Id);
        pricedUnits = Cards.SelectMany(EveryRate).Select(rate => rate.Unit).ToFrozenSet(StringComparer.Ordinal);
        fxByCurrency = FxRates.GroupBy(rate => rate.Currency)
            .ToFrozenDictionary(group => group.Key, group => group.OrderBy(rate => rate.FromNanos).ToArray());
        CostRuleMatcher = new CostRuleMatcher(CostRules, units);
        Version = RateBookText.VersionOf(this);
    }

    /// <summary>No cards: every model is unpriced.</summary>
    public static RateBook Empty { get; } = new([], []);

    /// <summary>Derived from the prices alone, never negative: the same cards give the same version on every node and
    /// start.</summary>
    public long Version { get; }

    /// <summary>Cards in force, ordered by id.</summary>
    public IReadOnlyList<RateCard> Cards { get; }

    public IReadOnlyList<FxRate> FxRates { get; }

    /// <summary>Units that files describe beside the known ones, ordered by name.</summary>
    public IReadOnlyList<RateUnit> Units { get; }

    /// <summary>What is settled per period and never part of a single call's price, ordered by id.</summary>
    public IReadOnlyList<PeriodTerm> Terms { get; }

    /// <summary>What spans that are no model calls cost, ordered by name.</summary>
    public IReadOnlyList<CostRule> CostRules { get; }

    /// <summary>Whether ours or the cost that a provider reports counts.</summary>
    public ReportedCostTable ReportedCosts { get; }

    /// <summary>The cost rules, ready to be asked for each span.</summary>
    public CostRuleMatcher CostRuleMatcher { get; }

    /// <summary>Whether the book tells more callers or traits apart than fit into a request.</summary>
    internal bool TellsTooMuchApart => !scopes.Fits;

    /// <summary>Whether a contract is for some customers only, so that a price may change with the owner of a call.</summary>
    public bool TellsCustomersApart => scopes.HasCustomers;

    /// <summary>
    /// Who made a call, for <see cref="PricingRequest.Scope"/>. Empty texts are unknown. Does not allocate; free of cost in a
    /// book without scoped contracts.
    /// </summary>
    public CallScope ScopeOf(string account, string project, string key, string customer) =>
        scopes.ScopeOf(account, project, key, customer);

    /// <summary>
    /// What a call asked for, for <see cref="PricingRequest.Traits"/>: inference geography, endpoint type, request flags. Empty
    /// texts are unknown; flags that no card names are ignored.
    /// </summary>
    public CallTraits TraitsOf(string geography, string endpoint, params ReadOnlySpan<string> requestFlags) =>
        scopes.TraitsOf(geography, endpoint, requestFlags);

    /// <summary>The card a ledger row names in <c>rate_id</c>; null when this book does not have it.</summary>
    public RateCard? CardById(string rateId) => byId.GetValueOrDefault(rateId);

    /// <summary>The card that prices a call, for explanations; null with the reason when none does.</summary>
    public RateCard? CardFor(in PricingRequest request, out PriceGap gap) => Find(in request, out gap)?.Card;

    /// <summary>Whether the card that prices a call charges for this unit, apart from the token kinds.</summary>
    internal bool Charges(in PricingRequest request, string unit)
    {
        if (!pricedUnits.Contains(unit) || Find(in request, out _) is not { Card.Free: false } plan) return false;
        ref readonly var rate = ref plan.Bands[0].Other(unit);
        return rate.Present && !(rate.Narrow && rate.Numerator == 0);
    }

    private static IEnumerable<UnitPrice> EveryRate(RateCard card) =>
    [
        .. card.Rates, .. card.Tiers.SelectMany(tier => tier.Rates), .. card.Windows.SelectMany(window => window.Rates),
        .. card.Regions.SelectMany(region => region.Rates.Concat(region.Tiers.SelectMany(tier => tier.Rates))),
        .. card.Geographies.Concat(card.Endpoints).Concat(card.RequestFlags).SelectMany(condition => condition.Rates),
    ];

    internal RatePlan? Find(in PricingRequest request, out PriceGap gap)
    {
        var selectors = new Selectors(request.Provider ?? "", request.Seller ?? "", request.Model ?? "",
            request.RequestModel ?? "", request.Region ?? "", request.ServiceTier ?? "", request.Scope, request.Traits);
        ref var slot = ref recent[selectors.RecentSlot];
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
        var found = new List<(RateCard Card, ModelRule Rule)>();
        index.Find(selectors.Provider, selectors.Seller, selectors.RequestModel, found);
        var byRequestModel = found.Count;
        index.Find(selectors.Provider, selectors.Seller, selectors.Model, found);
        var candidates = found.Select((match, i) => new Candidate(match.Card, match.Rule, i >= byRequestModel))
            .Where(candidate => scopes.Holds(candidate.Card, selectors.Scope))
            .OrderBy(candidate => candidate, Candidate.BestFirst).DistinctBy(candidate => candidate.Card.Id).ToArray();
        if (candidates.Length == 0) return nothing;

        var starts = new SortedSet<long> { long.MinValue };
        foreach (var (card, _, _) in candidates)
        {
            starts.Add(card.FromNanos);
            if (card.ToNanos != long.MaxValue) starts.Add(card.ToNanos);
            foreach (var rate in fxByCurrency.GetValueOrDefault(card.Currency, [])) starts.Add(rate.FromNanos);
        }
        var windows = candidates.Select(candidate => candidate.Card).Where(card => card.Windows.Count > 0)
            .GroupBy(card => card.TimeZone, card => card.Windows)
            .Select(zone => new WindowMinutes(zone.Key, [.. zone.SelectMany(window => window).Distinct()]));
        return new RateTimeline([.. starts], [.. windows], moment => CompileAt(candidates, moment, selectors));
    }

    private (RatePlan? Plan, PriceGap Gap) CompileAt(Candidate[] candidates, RateMoment moment, Selectors selectors)
    {
        var nanos = moment.Nanos;
        if (!TryFindInForce(candidates, RateLayer.List, nanos, out var list)
            || !TryFindInForce(candidates, RateLayer.Contract, nanos, out var contract)) return (null, PriceGap.AmbiguousCards);
        var conditions = new RateConditions(selectors.ServiceTier, selectors.Region, moment, selectors.Traits);
        if (list is null && contract is null) return (null, PriceGap.NoRateAtTime);
        // A discount needs something to be taken from.
        if (list is null && contract is { Free: false, Rates.Count: 0 }) return (null, PriceGap.NoRateAtTime);
        if (list is not null && !RatePlanCompiler.Covers(list, selectors.ServiceTier, selectors.Region)
            && contract is not null && RatePlanCompiler.PricesTier(contract, selectors.ServiceTier, selectors.Region))
        {
            // Sold by contract alone, as priority and reserved tiers are: there is no list price of it.
            list = null;
        }
        var leading = list ?? contract!;
        if (!RatePlanCompiler.Covers(leading, selectors.ServiceTier, selectors.Region)) return (null, PriceGap.TierNotOnCard);
        var plan = list is not null && contract is not null
            ? compiler.Compile(contract, UsdFor(contract.Currency, nanos), list, UsdFor(list.Currency, nanos), in conditions)
            : compiler.Compile(leading, UsdFor(leading.Currency, nanos), in conditions);
        if (plan is null) return (null, PriceGap.AmbiguousCards);
        return (list is null ? plan.WithoutList() : plan, PriceGap.None);
    }

    /// <summary>False when two cards match equally well; null when none of the layer stands at that time.</summary>
    private static bool TryFindInForce(Candidate[] candidates, RateLayer layer, long nanos, out RateCard? card)
    {
        card = null;
        for (var i = 0; i < candidates.Length; i++)
        {
            if (!IsInForce(candidates[i].Card)) continue;
            card = candidates[i].Card;
            // Of other kinds of rule the builder refuses those that are equally good; of these it cannot always tell.
            var next = Array.FindIndex(candidates, i + 1, other => IsInForce(other.Card));
            return next < 0 || candidates[i].Rule.Kind is not (ModelRuleKind.Regex or ModelRuleKind.Contains)
                || Candidate.Ranking.CompareQuality(candidates[i], candidates[next]) != 0;
        }
        return true;

        bool IsInForce(RateCard card) => card.Layer == layer && card.FromNanos <= nanos && nanos < card.ToNanos;
    }

    /// <summary>
    /// US dollars for one unit of a currency at an instant; null when the book has no rate for it by then.
    /// </summary>
    public Rational? UsdPer(string currency, long nanos) => currency == "USD" ? Rational.One
        : fxByCurrency.GetValueOrDefault(currency, []).LastOrDefault(rate => rate.FromNanos <= nanos)?.Usd;

    private Rational UsdFor(string currency, long nanos)
    {
        if (currency == "USD") return Rational.One;
        // The builder refuses cards that begin before their currency's first rate.
        return fxByCurrency[currency].Last(rate => rate.FromNanos <= nanos).Usd;
    }

    private sealed record Remembered(Selectors Selectors, RateTimeline Timeline);

    /// <summary>A card that matches, by the response model (or only by the request model).</summary>
    private sealed record Candidate(RateCard Card, ModelRule Rule, bool ByResponseModel)
    {
        public static Ranking BestFirst { get; } = new();

        public sealed class Ranking : IComparer<Candidate>
        {
            public int Compare(Candidate? x, Candidate? y)
            {
                var difference = CompareQuality(x!, y!);
                return difference != 0 ? difference : string.CompareOrdinal(x!.Card.Id, y!.Card.Id);
            }

            /// <summary>Scope, then response before request model, then the card's order, then its rule.</summary>
            public static int CompareQuality(Candidate x, Candidate y)
            {
                var difference = (y.Card.Scope?.Level ?? 0).CompareTo(x.Card.Scope?.Level ?? 0);
                if (difference == 0) difference = y.ByResponseModel.CompareTo(x.ByResponseModel);
                if (difference == 0) difference = x.Card.Order.CompareTo(y.Card.Order);
                return difference != 0 ? difference : y.Rule.Rank.CompareTo(x.Rule.Rank);
            }
        }
    }

    /// <summary>What selects a card, apart from time.</summary>
    private readonly record struct Selectors(string Provider, string Seller, string Model, string RequestModel, string Region,
        string ServiceTier, CallScope Scope, CallTraits Traits)
    {
        public bool IsSameObjects(in Selectors other) =>
            ReferenceEquals(Model, other.Model) && ReferenceEquals(RequestModel, other.RequestModel)
            && ReferenceEquals(Provider, other.Provider) && ReferenceEquals(ServiceTier, other.ServiceTier)
            && ReferenceEquals(Region, other.Region) && ReferenceEquals(Seller, other.Seller)
            && Scope.Id == other.Scope.Id && Traits.Id == other.Traits.Id;

        public bool Equals(Selectors other) =>
            Model == other.Model && RequestModel == other.RequestModel && Provider == other.Provider
            && ServiceTier == other.ServiceTier && Region == other.Region && Seller == other.Seller
            && Scope.Id == other.Scope.Id && Traits.Id == other.Traits.Id;

        /// <summary>All values that a sender controls take part, seeded per process, so that no one can build a long
        /// chain.</summary>
        public override int GetHashCode()
        {
            unchecked
            {
                var hash = HashOf(Model) * 31 + HashOf(RequestModel);
                hash = (((hash * 31 + HashOf(Provider)) * 31 + HashOf(Region)) * 31 + HashOf(ServiceTier)) * 31 + HashOf(Seller);
                return (hash * 31 + (int)(Scope.Id ^ Scope.Id >> 32)) * 31 + Traits.Id;
            }
        }

        /// <summary>By the model object, and spread over callers: many of them use one model.</summary>
        public int RecentSlot
        {
            get
            {
                unchecked
                {
                    var callers = (ulong)(Scope.Id + Traits.Id) * 0x9E37_79B9_7F4A_7C15;
                    return (RuntimeHelpers.GetHashCode(Model) ^ (int)(callers >> (64 - RecentBits))) & (RecentMax - 1);
                }
            }
        }

        private static int HashOf(string value) => value.Length == 0 ? 0 : value.GetHashCode();

        /// <summary>Whether it is worth its memory: hostile names are resolved each time instead.</summary>
        public bool IsShort => Provider.Length + Seller.Length + Model.Length + RequestModel.Length + Region.Length
            + ServiceTier.Length <= 4 * RateCardIndex.ModelLengthMax;

        public Selectors ToLower() => new(Provider.ToLowerInvariant(), Seller.ToLowerInvariant(), Model.ToLowerInvariant(),
            RequestModel.ToLowerInvariant(), Region.ToLowerInvariant(), ServiceTier.ToLowerInvariant(), Scope, Traits);
    }
}
