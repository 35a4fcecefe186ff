using System.Numerics;

namespace CostAttribution.Domain.Pricing;

/// <summary>Whose cards a ceiling was found on.</summary>
public enum CeilingBasis : byte
{
    /// <summary>No card prices the unit at that time: nothing can be said.</summary>
    None = 0,

    /// <summary>Cards of the provider itself.</summary>
    Provider = 1,

    /// <summary>No card of the provider prices the unit; cards of all others.</summary>
    AllProviders = 2,
}

/// <summary>The most that one of a unit costs on any list card.</summary>
/// <param name="Usd">US dollars for one of the unit.</param>
/// <param name="CardId">The card that asks for it; empty without a basis.</param>
/// <param name="Unit">The unit that the card names: another one where the unit costs what that one does by default.</param>
public readonly record struct PriceCeiling(Rational Usd, CeilingBasis Basis, string CardId, string Unit)
{
    private static readonly BigInteger PicoPerUsd = BigInteger.Pow(10, Money.Scale);

    /// <summary>What a quantity costs at most, rounded up; null without a basis, and when it does not fit.</summary>
    public Money? Of(long quantity)
    {
        if (Basis == CeilingBasis.None) return null;
        var exact = Usd.Numerator * PicoPerUsd * quantity;
        var pico = exact / Usd.Denominator;
        if (pico * Usd.Denominator < exact) pico++;
        return BigInteger.Abs(pico) > (BigInteger)Money.PicoUsdMax ? null : new Money((Int128)pico);
    }
}

/// <summary>
/// The dearest list price of every unit, for upper bounds of usage that has no price of its own. The dearest of a card is its
/// largest rate under any condition times the largest factor of every kind of condition. Contracts and free cards say nothing.
/// Immutable, safe for many threads.
/// </summary>
public sealed class PriceCeilings
{
    // Each list is ordered by price, dearest first, so that the first one in force answers.
    private readonly Dictionary<(string Provider, string Unit), List<Offer>> byProvider = [];
    private readonly Dictionary<string, List<Offer>> byUnit = [];
    private readonly RateUnitTable units;

    public PriceCeilings(RateBook book)
    {
        Book = book;
        units = new RateUnitTable(book.Units);
        foreach (var card in book.Cards)
        {
            if (card.Layer != RateLayer.List || card.Free) continue;
            var usd = DearestUsd(book, card);
            var factor = DearestFactor(card);
            foreach (var (unit, each) in DearestRates(card))
            {
                var price = each * usd * (units.Find(unit).TakesFactors ? factor : Rational.One);
                Add(byUnit, unit, new Offer(price, card));
                foreach (var provider in card.Providers) Add(byProvider, (provider, unit), new Offer(price, card));
            }
        }
        foreach (var offers in byProvider.Values.Concat(byUnit.Values)) offers.Sort(Offer.DearestFirst);
    }

    /// <summary>The book whose prices these are.</summary>
    public RateBook Book { get; }

    /// <summary>The dearest price that was in force at any moment of <c>[fromNanos, toNanos]</c>.</summary>
    public PriceCeiling Dearest(string provider, string unit, long fromNanos, long toNanos)
    {
        var known = units.Find(unit);
        string[] names = known.Policy == FallbackPolicy.Unit && known.Parent.Length > 0 ? [unit, known.Parent] : [unit];
        foreach (var name in names)
        {
            if (First(byProvider.GetValueOrDefault((provider.ToLowerInvariant(), name))) is { } own)
                return new PriceCeiling(own.Usd, CeilingBasis.Provider, own.Card.Id, name);
        }
        foreach (var name in names)
        {
            if (First(byUnit.GetValueOrDefault(name)) is { } other)
                return new PriceCeiling(other.Usd, CeilingBasis.AllProviders, other.Card.Id, name);
        }
        return new PriceCeiling(default, CeilingBasis.None, "", unit);

        Offer? First(List<Offer>? offers) =>
            offers?.Find(offer => offer.Card.FromNanos <= toNanos && fromNanos < offer.Card.ToNanos);
    }

    private static void Add<TKey>(Dictionary<TKey, List<Offer>> index, TKey key, Offer offer)
        where TKey : notnull
    {
        if (!index.TryGetValue(key, out var offers)) index[key] = offers = [];
        offers.Add(offer);
    }

    private static Rational DearestUsd(RateBook book, RateCard card) =>
        card.Currency == "USD" ? Rational.One
            : Largest(book.FxRates.Where(rate => rate.Currency == card.Currency && rate.FromNanos < card.ToNanos)
                .Select(rate => rate.Usd));

    private static Rational DearestFactor(RateCard card)
    {
        var regionTiers = card.Regions.SelectMany(region => region.Tiers);
        var factor = AtLeastOne(card.Tiers.Concat(regionTiers).Select(tier => tier.Factor))
            * AtLeastOne(card.Regions.Select(region => region.Factor))
            * AtLeastOne(card.Geographies.Select(geography => geography.Factor))
            * AtLeastOne(card.Endpoints.Select(endpoint => endpoint.Factor))
            * AtLeastOne(card.Windows.Select(window => window.Factor));
        // Several flags may be set on one request.
        return card.RequestFlags.Aggregate(factor, (product, flag) => product * AtLeastOne([flag.Factor]));
    }

    private static Dictionary<string, Rational> DearestRates(RateCard card)
    {
        var dearest = new Dictionary<string, Rational>();
        Take(card.Rates, card.Thresholds);
        foreach (var tier in card.Tiers) Take(tier.Rates, tier.Thresholds);
        foreach (var region in card.Regions)
        {
            Take(region.Rates, region.Thresholds);
            foreach (var tier in region.Tiers) Take(tier.Rates, tier.Thresholds);
        }
        foreach (var condition in card.Geographies.Concat(card.Endpoints).Concat(card.RequestFlags))
            Take(condition.Rates, condition.Thresholds);
        foreach (var window in card.Windows) Take(window.Rates, window.Thresholds);
        return dearest;

        void Take(IReadOnlyList<UnitPrice> rates, IReadOnlyList<ContextThreshold> thresholds)
        {
            foreach (var rate in rates.Concat(thresholds.SelectMany(threshold => threshold.Rates)))
            {
                if (!dearest.TryGetValue(rate.Unit, out var so) || rate.Each > so) dearest[rate.Unit] = rate.Each;
            }
        }
    }

    private static Rational AtLeastOne(IEnumerable<Rational> factors) => Largest(factors.Prepend(Rational.One));

    private static Rational Largest(IEnumerable<Rational> values) =>
        values.Aggregate((largest, value) => value > largest ? value : largest);

    private sealed record Offer(Rational Usd, RateCard Card)
    {
        public static readonly Comparison<Offer> DearestFirst = static (left, right) =>
            left.Usd > right.Usd ? -1 : right.Usd > left.Usd ? 1 : string.CompareOrdinal(left.Card.Id, right.Card.Id);
    }
}
