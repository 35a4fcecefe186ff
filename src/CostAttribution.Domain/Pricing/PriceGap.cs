namespace CostAttribution.Domain.Pricing;

/// <summary>Why usage has no price, or only part of one. Persisted by name: append only.</summary>
public enum PriceGap : byte
{
    None = 0,

    /// <summary>No card of the provider (and seller) matches the model.</summary>
    NoCard = 1,

    /// <summary>Cards match the model, none at the time of the call.</summary>
    NoRateAtTime = 2,

    /// <summary>The card does not say what this service tier costs.</summary>
    TierNotOnCard = 3,

    /// <summary>The card does not say what the unit costs.</summary>
    UnitNotOnCard = 4,

    /// <summary>A quantity below zero was not priced.</summary>
    NegativeQuantity = 5,

    /// <summary>The cost does not fit <c>Decimal(38, 12)</c>.</summary>
    Overflow = 6,

    /// <summary>Two cards match equally well and neither has the lower order, or a contract and the list price long prompts in
    /// ways that do not go together.</summary>
    AmbiguousCards = 7,
}
