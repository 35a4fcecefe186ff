using System.Globalization;
using System.IO.Hashing;
using System.Text;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Makes rate cards of what one source says of one model. A part that rests on something refused is left out as a whole: a
/// tier that is not on a card is unpriced, a wrong one is billed.
/// </summary>
internal sealed class CardAssembler(Action<ImportFindingKind, ImportedModel, string, string> tell)
{
    private const int IdMax = 128;

    /// <summary>Cards of one model, a card a period; none when nothing of it can be used.</summary>
    /// <param name="entries">Entries of one source with one provider, seller and model.</param>
    public IReadOnlyList<ImportedCard> Assemble(IReadOnlyList<ImportedModel> entries)
    {
        var ordinary = entries.Where(entry => entry.Region.Length == 0).ToList();
        var regional = entries.Where(entry => entry.Region.Length > 0).ToList();
        // A model sold in one region alone has no ordinary price to differ from.
        if (ordinary.Count == 0 && regional.DistinctBy(entry => entry.Region).Count() == 1)
            (ordinary, regional) = (regional, []);
        if (ordinary.Count == 0)
        {
            foreach (var entry in regional)
                tell(ImportFindingKind.NotExpressible, entry, entry.Key, "prices by region without one for the rest");
            return [];
        }
        var model = OverGlobal(Joined(ordinary), regional);
        var periods = model.Prices.Concat(model.Lost).Select(price =>
            (price.FromNanos, price.ToNanos)).Distinct().Order().ToArray();
        var cards = new List<ImportedCard>();
        foreach (var (from, to) in periods)
        {
            if (Card(model, regional, from, to) is { } card) cards.Add(new ImportedCard(card, model.Source, model.Key, ""));
        }
        return cards;
    }

    /// <summary>The card's id without a date: the same for every source, so that a change of source is a change of
    /// price.</summary>
    public static string IdOf(ImportedModel model)
    {
        var id = $"{ImportedCard.IdStart}{model.Providers[0]}{(model.Seller.Length > 0 ? $"+{model.Seller}" : "")}/{model.Model}";
        // Room for a date behind it.
        const int most = IdMax - 16;
        // A name that ends like the date of a period must not be taken for one.
        if (CardChanges.ModelOf(id) != id) id += "~";
        if (id.Length <= most) return id;
        var hash = XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(id)).ToString("x16", CultureInfo.InvariantCulture);
        return $"{id[..(most - 17)]}~{hash}";
    }

    /// <summary>
    /// Where calls within a region cost a surcharge on the global price, the global one is the card's and the surcharge its
    /// factor: 1.1 can be written, its reciprocal cannot.
    /// </summary>
    private static ImportedModel OverGlobal(ImportedModel ordinary, List<ImportedModel> regional)
    {
        var global = regional.Find(entry => entry.Region == "global");
        if (global is null || global.Lost.Count + ordinary.Lost.Count > 0
            || ordinary.Prices.Concat(global.Prices).Any(price => price.Window is not null)
            || !Spans(ordinary).SequenceEqual(Spans(global))) return ordinary;
        regional.Remove(global);
        regional.Add(ordinary with { Region = "*" });
        return global with { Region = "", Match = [.. ordinary.Match.Union(global.Match)], Except = ordinary.Except };
    }

    private static IEnumerable<(long, long)> Spans(ImportedModel model) =>
        model.Prices.Select(price => (price.FromNanos, price.ToNanos)).Distinct().Order();

    private ImportedModel Joined(List<ImportedModel> entries)
    {
        var first = entries.Find(entry => entry.Prices.Any(price => price.Tier.Length == 0)) ?? entries[0];
        foreach (var entry in entries)
        {
            if (entry == first) continue;
            var more = entry.Prices.Where(price => price.Tier.Length > 0
                && first.Prices.All(own => own.Tier != price.Tier)).ToArray();
            if (entry.Prices.Any(price => first.Prices.Any(own => own.Line == price.Line && own.Each != price.Each)))
                tell(ImportFindingKind.Warning, entry, entry.Key,
                    $"prices the same model as {first.Key} otherwise; that one is used");
            first = first with
            {
                Prices = [.. first.Prices, .. more], Factors = [.. first.Factors, .. entry.Factors.Except(first.Factors)],
                Match = [.. first.Match.Union(entry.Match)],
            };
        }
        return first;
    }

    private RateCard? Card(ImportedModel model, List<ImportedModel> regional, long from, long to)
    {
        var prices = model.Prices.Where(price => price.FromNanos == from && price.ToNanos == to).ToArray();
        var lost = model.Lost.Where(price => price.FromNanos == from && price.ToNanos == to).ToArray();
        if (prices.Length == 0) return null;
        var gone = lost.Where(price => price is { Tier: "", Above: 0, Window: null }).Select(price => price.Unit).ToHashSet();
        prices = [.. prices.Where(price => !gone.Contains(price.Unit))];
        lost = [.. lost.Where(price => !gone.Contains(price.Unit))];
        if (lost.Any(price => price.Tier.Length == 0))
        {
            tell(ImportFindingKind.NotExpressible, model, model.Key,
                "a threshold or an hour of the day could not be read, so the whole model has no price");
            return null;
        }
        var ordinary = prices.Where(price => price.Window is null).ToArray();
        var rates = Rates(ordinary, "", 0);
        if (rates.Count == 0)
        {
            tell(ImportFindingKind.NotExpressible, model, model.Key,
                "no price for an ordinary call: all are of a tier, above a threshold or in hours of the day");
            return null;
        }
        foreach (var price in ordinary.Where(price => price.Above > 0 && !ordinary.Any(below => below.Unit == price.Unit
            && below.Tier == price.Tier && below.Above < price.Above)))
            tell(ImportFindingKind.Warning, model, price.Path, $"{price.Line} has no price below: shorter prompts are unpriced");
        var id = IdOf(model);
        var card = new RateCard
        {
            Id = from == long.MinValue ? id : $"{id}@{RateCardTime.ToText(from)}",
            Providers = model.Providers, Seller = model.Seller, Match = model.Match, Except = model.Except,
            FromNanos = from, ToNanos = to, Rates = rates, Thresholds = Thresholds(ordinary, ""),
            Source = model.Url.Length > 0 ? model.Url : ImportSources.HomeOf(model.Source),
            Fallbacks = Fallbacks(rates),
        };
        if (!TryWindows(model, card, prices, out var windows)) return null;
        card = card with { Windows = windows };
        card = card with { Tiers = Tiers(model, card, ordinary, lost) };
        return card with { Regions = Regions(model, card, regional) };
    }

    /// <summary>All sources count reasoning as output unless they price it apart.</summary>
    private static UnitFallback[] Fallbacks(List<UnitPrice> rates) =>
        rates.Exists(rate => rate.Unit == UsageUnits.OutputTokens)
            && !rates.Exists(rate => rate.Unit == UsageUnits.ReasoningTokens)
            ? [new UnitFallback(UsageUnits.ReasoningTokens, FallbackPolicy.SamePrice, UsageUnits.OutputTokens)] : [];

    private static List<UnitPrice> Rates(IEnumerable<ImportedPrice> prices, string tier, long above) =>
        [.. prices.Where(price => price.Tier == tier && price.Above == above).Select(UnitPriceOf)
            .OrderBy(price => price.Unit, StringComparer.Ordinal)];

    /// <summary>Small units read best per million; what a source prices by another quantity keeps it.</summary>
    private static UnitPrice UnitPriceOf(ImportedPrice price)
    {
        const long million = 1_000_000;
        var small = ImportUnits.IsToken(price.Unit) || price.Unit.EndsWith("characters", StringComparison.Ordinal)
            || price.Unit.EndsWith("pixels", StringComparison.Ordinal);
        return small && price.Per == 1 ? new UnitPrice(price.Unit, price.Amount * new Rational(million, 1), million)
            : new UnitPrice(price.Unit, price.Amount, price.Per);
    }

    private static List<ContextThreshold> Thresholds(ImportedPrice[] prices, string tier) =>
        [.. prices.Where(price => price.Tier == tier && price.Above > 0).Select(price => price.Above).Distinct().Order()
            .Select(above => new ContextThreshold(above, ThresholdMode.Whole, Rates(prices, tier, above)))];

    private List<TierPrice> Tiers(ImportedModel model, RateCard card, ImportedPrice[] prices, ImportedPrice[] lost)
    {
        var tiers = new List<TierPrice>();
        foreach (var tier in prices.Select(price => price.Tier).Where(tier => tier.Length > 0).Distinct()
            .Order(StringComparer.Ordinal))
        {
            var rates = Rates(prices, tier, 0);
            var thresholds = Thresholds(prices, tier);
            var bands = Bands(card.Thresholds);
            var problem = lost.Any(price => price.Tier == tier) ? "one of its prices was refused"
                : rates.Count == 0 ? "it has prices above a threshold alone"
                : bands.Except(thresholds.Select(threshold => threshold.Above)).Any() ? "it says nothing above a threshold"
                : card.Windows.Count > 0 ? "the source does not say how it goes with hours of the day" : "";
            if (problem.Length == 0) tiers.Add(new TierPrice(tier, Rational.One, rates, thresholds));
            else tell(ImportFindingKind.NotExpressible, model, model.Key, $"tier '{tier}' is left unpriced: {problem}");
        }
        foreach (var factor in model.Factors.Where(factor => factor.Tier.Length > 0))
        {
            if (tiers.Exists(tier => tier.Tier == factor.Tier)) continue;
            tiers.Add(new TierPrice(factor.Tier, factor.Factor, [], []));
        }
        return tiers;
    }

    private bool TryWindows(ImportedModel model, RateCard card, ImportedPrice[] prices, out List<DailyWindow> windows)
    {
        windows = [];
        var bare = CardLines.Of(card with { Fallbacks = [] });
        foreach (var group in prices.Where(price => price.Window is not null).GroupBy(price => price.Window!))
        {
            var changed = group.ToDictionary(price => price.Line, price => price.Each);
            if (FactorOf(bare, changed, unnamedStay: false) is { } factor)
            {
                if (factor != Rational.One) windows.Add(group.Key with { Factor = factor });
                continue;
            }
            var own = group.ToArray();
            if (Bands(card.Thresholds).Except(own.Select(price => price.Above)).Any())
            {
                tell(ImportFindingKind.NotExpressible, model, own[0].Path,
                    "prices by the hour say nothing above a threshold, so the whole model has no price");
                return false;
            }
            windows.Add(group.Key with { Rates = Rates(own, "", 0), Thresholds = Thresholds(own, "") });
        }
        return true;
    }

    /// <summary>One factor on the card's token prices where that is all a region changes, else prices of its own.</summary>
    private List<RegionPrice> Regions(ImportedModel model, RateCard card, List<ImportedModel> regional)
    {
        var regions = new List<RegionPrice>();
        var bare = CardLines.Of(card with { Regions = [], Windows = [], Fallbacks = [] });
        foreach (var entry in regional.DistinctBy(entry => entry.Region))
        {
            var prices = entry.Prices
                .Where(price => price.FromNanos == card.FromNanos && price.ToNanos == card.ToNanos).ToArray();
            var own = Assemble(entry, prices);
            own = own with { Tiers = [.. own.Tiers.Where(tier => SaysAll(entry, own, tier))] };
            var problem = entry.Lost.Count > 0 ? "one of its prices was refused"
                : own.Rates.Count == 0 ? "it has no price for the same time"
                : prices.Any(price => price.Window is not null) || card.Windows.Count > 0 ? "hours of the day differ by region"
                : Bands(card.Thresholds).Except(Bands(own.Thresholds)).Any() ? "it says nothing above a threshold" : "";
            if (problem.Length > 0)
            {
                tell(ImportFindingKind.NotExpressible, entry, entry.Key,
                    $"region '{entry.Region}' is priced as the others: {problem}");
            }
            else if (FactorOf(bare, CardLines.Of(own), unnamedStay: true) is { } factor)
                regions.Add(new RegionPrice(entry.Region, factor));
            else regions.Add(new RegionPrice(entry.Region, Rational.One)
            {
                Rates = own.Rates, Thresholds = own.Thresholds, Tiers = own.Tiers,
            });
        }
        foreach (var factor in model.Factors.Where(factor => factor.Region.Length > 0))
        {
            if (!regions.Exists(region => region.Region == factor.Region))
                regions.Add(new RegionPrice(factor.Region, factor.Factor));
            // A factor on regional endpoints leaves calls that do not say alone.
            if (factor.Region == "*") regions.Add(new RegionPrice("unknown", Rational.One));
        }
        var elsewhere = regions.Find(region => region.Region == "*");
        if (elsewhere is null) regions.RemoveAll(IsOrdinary);
        else if (IsOrdinary(elsewhere)) regions.RemoveAll(region => region.Region is "*" or "unknown" || IsOrdinary(region));
        else if (!regions.Exists(region => region.Region == "global")) regions.Add(new RegionPrice("global", Rational.One));
        return [.. regions.OrderBy(region => region.Region, StringComparer.Ordinal)];
    }

    /// <summary>Whether a tier of a region prices long prompts too, where the region does.</summary>
    private bool SaysAll(ImportedModel entry, RateCard own, TierPrice tier)
    {
        if (tier.Rates.Count > 0 && !Bands(own.Thresholds).Except(Bands(tier.Thresholds)).Any()) return true;
        tell(ImportFindingKind.NotExpressible, entry, entry.Key,
            $"tier '{tier.Tier}' of region '{entry.Region}' is left unpriced: it says nothing above a threshold");
        return false;
    }

    private static bool IsOrdinary(RegionPrice region) => region.Factor == Rational.One && region.Rates.Count == 0;

    private static IEnumerable<long> Bands(IReadOnlyList<ContextThreshold> thresholds) =>
        thresholds.Select(threshold => threshold.Above);

    private static RateCard Assemble(ImportedModel entry, ImportedPrice[] prices) => new()
    {
        Id = "", Providers = entry.Providers, Match = [], Rates = Rates(prices, "", 0), Thresholds = Thresholds(prices, ""),
        Tiers = [.. prices.Select(price => price.Tier).Where(tier => tier.Length > 0).Distinct()
            .Select(tier => new TierPrice(tier, Rational.One, Rates(prices, tier, 0), Thresholds(prices, tier)))],
    };

    /// <summary>
    /// The one factor that turns the token prices of a card into others, when there is one that a card can hold; other units must
    /// be the same.
    /// </summary>
    /// <param name="unnamedStay">Lines that only one side has do not matter, as long as ordinary token prices are on
    /// both.</param>
    private static Rational? FactorOf(SortedDictionary<string, Rational> bare, IReadOnlyDictionary<string, Rational> changed,
        bool unnamedStay)
    {
        Rational? factor = null;
        foreach (var (line, each) in bare)
        {
            if (!changed.TryGetValue(line, out var other))
            {
                if (unnamedStay && line.Contains(' ')) continue;
                if (!line.Contains("_tokens", StringComparison.Ordinal)) continue;
                return null;
            }
            if (each.IsZero || other.IsZero) return null;
            var ratio = ExactNumber.Ratio(other, each);
            if (!line.Contains("_tokens", StringComparison.Ordinal))
            {
                if (ratio != Rational.One) return null;
            }
            else if (factor is { } known && known != ratio) return null;
            else factor = ratio;
        }
        if (changed.Keys.Any(line => !bare.ContainsKey(line))) return null;
        return factor is { } one && ExactNumber.ToPlain(one) is not null ? one : null;
    }
}
