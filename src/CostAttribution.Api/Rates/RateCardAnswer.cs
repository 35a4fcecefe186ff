using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Rates;

/// <summary>A rate card as one version of it was written down.</summary>
public sealed record RateCardAnswer
{
    /// <summary>Names the card on ledger rows.</summary>
    public required string Id { get; init; }

    /// <summary>list or contract.</summary>
    public required string Layer { get; init; }

    /// <summary>Who bills: canonical provider ids.</summary>
    public required IReadOnlyList<string> Providers { get; init; }

    /// <summary>Reseller or gateway the card is for; empty for the provider itself.</summary>
    public required string Seller { get; init; }

    /// <summary>Rules that select models, as kind and pattern.</summary>
    public required IReadOnlyList<string> Match { get; init; }

    /// <summary>Models it is not for although a rule matches.</summary>
    public required IReadOnlyList<string> Except { get; init; }

    /// <summary>Which of several cards that match is asked first: the smaller.</summary>
    public required int Order { get; init; }

    /// <summary>Whose calls a contract is for, by kind; empty for everyone's.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Scope { get; init; }

    /// <summary>ISO 4217 code of the prices.</summary>
    public required string Currency { get; init; }

    /// <summary>In force from, included; null = always was.</summary>
    public required DateTimeOffset? From { get; init; }

    /// <summary>In force to, not included; null = until further notice.</summary>
    public required DateTimeOffset? To { get; init; }

    /// <summary>When this version was learnt.</summary>
    public required DateTimeOffset? RecordedAt { get; init; }

    /// <summary>Everything costs nothing.</summary>
    public required bool Free { get; init; }

    /// <summary>What a contract multiplies list prices by; 1 = nothing.</summary>
    public required string ListFactor { get; init; }

    /// <summary>Prices by unit.</summary>
    public required IReadOnlyDictionary<string, string> Rates { get; init; }

    /// <summary>Prices from a size of the request on.</summary>
    public required IReadOnlyList<RateThresholdAnswer> Thresholds { get; init; }

    /// <summary>What tiers, regions, geographies, endpoints, request flags and windows change.</summary>
    public required IReadOnlyList<RateConditionAnswer> Conditions { get; init; }

    /// <summary>What units cost that the card does not price, in words.</summary>
    public required IReadOnlyDictionary<string, string> Fallbacks { get; init; }

    /// <summary>Where the figures come from.</summary>
    public required string Source { get; init; }

    /// <summary>Day on which they were compared with it.</summary>
    public required string Checked { get; init; }

    /// <summary>Other sources that ask something else, in words.</summary>
    public required IReadOnlyList<string> Disagreements { get; init; }

    /// <summary>File and line.</summary>
    public required string At { get; init; }

    internal static RateCardAnswer Of(RateCard card) => new()
    {
        Id = card.Id,
        Layer = card.Layer == RateLayer.Contract ? "contract" : "list",
        Providers = card.Providers,
        Seller = card.Seller,
        Match = [.. card.Match.Select(Rule)],
        Except = [.. card.Except.Select(Rule)],
        Order = card.Order,
        Scope = ScopeOf(card.Scope),
        Currency = card.Currency,
        From = PriceTexts.Instant(card.FromNanos),
        To = PriceTexts.Instant(card.ToNanos),
        RecordedAt = PriceTexts.Instant(card.RecordedAtNanos),
        Free = card.Free,
        ListFactor = PriceTexts.Plain(card.ListFactor),
        Rates = RatesOf(card.Rates),
        Thresholds = ThresholdsOf(card.Thresholds),
        Conditions = [.. ConditionsOf(card)],
        Fallbacks = card.Fallbacks.ToDictionary(fallback => fallback.Unit, fallback => fallback.Policy switch
        {
            FallbackPolicy.SamePrice => $"the price of {fallback.At}",
            FallbackPolicy.Unit => $"the price of {fallback.At}, flagged",
            FallbackPolicy.UpperBound => "the dearest price of its kind, flagged",
            _ => "unpriced",
        }),
        Source = card.Source,
        Checked = card.Checked,
        Disagreements = [.. card.Evidence.Disagreements.Select(other =>
            $"{other.Source}: {other.Price.Unit} {PriceTexts.Of(other.Price)}")],
        At = card.File.Length == 0 ? "" : $"{card.File}:{card.Line}",
    };

    private static string Rule(ModelRule rule) => rule.Kind == ModelRuleKind.Any ? "any"
        : $"{rule.Kind.ToString().ToLowerInvariant()} {rule.Pattern}";

    private static SortedDictionary<string, string> RatesOf(IReadOnlyList<UnitPrice> rates)
    {
        var prices = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var rate in rates) prices[rate.Unit] = PriceTexts.Of(rate);
        return prices;
    }

    private static RateThresholdAnswer[] ThresholdsOf(IReadOnlyList<ContextThreshold> thresholds) =>
        [.. thresholds.Select(threshold => new RateThresholdAnswer(threshold.Above,
            threshold.Mode == ThresholdMode.Marginal ? "marginal" : "whole", RatesOf(threshold.Rates)))];

    private static IEnumerable<RateConditionAnswer> ConditionsOf(RateCard card)
    {
        foreach (var tier in card.Tiers) yield return Tier("tier", tier.Tier, tier);
        foreach (var region in card.Regions)
        {
            yield return Condition("region", region.Region, region.Factor, region.Rates, region.Thresholds);
            foreach (var tier in region.Tiers) yield return Tier("tier in region", $"{tier.Tier} in {region.Region}", tier);
        }
        foreach (var (kind, conditions) in new[]
        {
            ("geography", card.Geographies), ("endpoint", card.Endpoints), ("request flag", card.RequestFlags),
        })
        {
            foreach (var condition in conditions)
                yield return Condition(kind, condition.Name, condition.Factor, condition.Rates, condition.Thresholds);
        }
        foreach (var window in card.Windows)
        {
            yield return Condition("window", $"{Clock(window.FromMinute)}-{Clock(window.ToMinute)} "
                + (card.TimeZone.Length > 0 ? card.TimeZone : "UTC"), window.Factor, window.Rates, window.Thresholds);
        }

        static RateConditionAnswer Tier(string kind, string name, TierPrice tier) =>
            Condition(kind, name, tier.Factor, tier.Rates, tier.Thresholds);

        static RateConditionAnswer Condition(string kind, string name, Rational factor, IReadOnlyList<UnitPrice> rates,
            IReadOnlyList<ContextThreshold> thresholds) =>
            new(kind, name, PriceTexts.Plain(factor), RatesOf(rates), ThresholdsOf(thresholds));
    }

    private static string Clock(int minute) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{minute / 60:D2}:{minute % 60:D2}");

    private static SortedDictionary<string, IReadOnlyList<string>> ScopeOf(ContractScope? scope)
    {
        var named = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        if (scope is null) return named;
        foreach (var (name, values) in new[]
        {
            ("accounts", scope.Accounts), ("projects", scope.Projects), ("keys", scope.Keys), ("customers", scope.Customers),
        })
        {
            if (values.Count > 0) named[name] = values;
        }
        return named;
    }
}

/// <summary>Prices from a size of the request on.</summary>
/// <param name="Above">Input tokens that the request must exceed.</param>
/// <param name="Mode">whole: for all of the request; marginal: for input beyond only.</param>
/// <param name="Rates">Prices by unit.</param>
public sealed record RateThresholdAnswer(long Above, string Mode, IReadOnlyDictionary<string, string> Rates);

/// <summary>What one condition changes about a card.</summary>
/// <param name="Kind">tier, region, tier in region, geography, endpoint, request flag or window.</param>
/// <param name="Name">Which one.</param>
/// <param name="Factor">Multiplies the prices of units that take factors.</param>
/// <param name="Rates">Prices in place of the card's.</param>
/// <param name="Thresholds">In place of the card's where there are rates.</param>
public sealed record RateConditionAnswer(string Kind, string Name, string Factor, IReadOnlyDictionary<string, string> Rates,
    IReadOnlyList<RateThresholdAnswer> Thresholds);
