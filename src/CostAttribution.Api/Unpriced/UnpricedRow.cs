using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Unpriced;

/// <summary>Why usage has no price.</summary>
public enum UnpricedReason
{
    /// <summary>No card of the provider (and seller) matches the model.</summary>
    UnknownModel,

    /// <summary>The spans name no model.</summary>
    NoModelName,

    /// <summary>The spans do not say whose model it is.</summary>
    UnknownProvider,

    /// <summary>Cards match the model, but none at the time of the calls.</summary>
    NoCardAtThatTime,

    /// <summary>The card does not say what this service tier costs.</summary>
    TierNotOnCard,

    /// <summary>The card does not say what the unit costs.</summary>
    UnitNotOnCard,

    /// <summary>Two cards match equally well.</summary>
    AmbiguousCards,

    /// <summary>The cost was too large to be true: look at the quantity and the card.</summary>
    CostOverflow,

    /// <summary>The rate book in force has a price now; the rows were posted before and wait to be priced again.</summary>
    PricedSince,
}

/// <summary>Usage of one unit of one model without a price.</summary>
public sealed record UnpricedRow
{
    /// <summary>Who sold the call; empty when unknown.</summary>
    public required string Provider { get; init; }

    /// <summary>Reseller or gateway that bills the call; empty for the provider itself.</summary>
    public required string Seller { get; init; }

    /// <summary>Model that answered; empty when unknown.</summary>
    public required string Model { get; init; }

    /// <summary>What was used, as rate cards name it.</summary>
    public required string Unit { get; init; }

    /// <summary>Why there is no price.</summary>
    public required UnpricedReason Reason { get; init; }

    /// <summary>The service tier where it is the reason; else empty.</summary>
    public required string ServiceTier { get; init; }

    /// <summary>How much of the unit, net of corrections.</summary>
    public required long Quantity { get; init; }

    /// <summary>Calls that used it.</summary>
    public required long Calls { get; init; }

    /// <summary>Start of the first of them.</summary>
    public required DateTimeOffset FirstSeen { get; init; }

    /// <summary>Start of the last of them.</summary>
    public required DateTimeOffset LastSeen { get; init; }

    /// <summary>
    /// USD it costs at most: the quantity at the dearest list price of the unit at that time. Null when no card prices the unit.
    /// </summary>
    public required Money? AtRiskCost { get; init; }

    /// <summary>Whose prices the bound was taken from; the widest where days differ.</summary>
    public required CeilingBasis Basis { get; init; }

    /// <summary>The card with that price; empty without a basis.</summary>
    public required string BasisCard { get; init; }

    /// <summary>What would give it a price.</summary>
    public required UnpricedFix Fix { get; init; }
}

/// <summary>What would give usage a price.</summary>
/// <param name="Card">The card to complete or to write; empty when a card cannot help.</param>
/// <param name="At">File and line of a card that exists; else empty.</param>
/// <param name="Line">
/// The line that is missing on it, with PRICE or FACTOR to be filled in; empty when a card cannot help.
/// </param>
/// <param name="Advice">What to do, in a sentence.</param>
public sealed record UnpricedFix(string Card, string At, string Line, string Advice);

/// <summary>A card that would price a model, but for its prices.</summary>
/// <param name="Id">The id it would have.</param>
/// <param name="Yaml">One entry of a file's <c>cards</c>; PRICE stands for every figure to be filled in.</param>
public sealed record UnpricedCard(string Id, string Yaml);
