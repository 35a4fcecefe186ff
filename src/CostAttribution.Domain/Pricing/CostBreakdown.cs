namespace CostAttribution.Domain.Pricing;

/// <summary>
/// The money of one ledger row by component. Each component is rounded once, half to even, to one pico-dollar;
/// <see cref="Cost"/> is their exact sum.
/// </summary>
public struct CostBreakdown
{
    public Money InputCost;
    public Money CacheReadCost;

    /// <summary>Cache writes of either time to live.</summary>
    public Money CacheWriteCost;
    public Money OutputCost;
    public Money ReasoningCost;

    /// <summary>Everything that is not one of the six token kinds: audio, images, searches, requests, seconds, ….</summary>
    public Money OtherCost;

    /// <summary>The same usage at list price.</summary>
    public Money ListCost;

    public PriceStatus Status;

    /// <summary>Why <see cref="Status"/> is one of the unpriced ones.</summary>
    public PriceGap Gap;

    /// <summary>Identity of the rate card that priced the row; empty when none did.</summary>
    public string RateId;

    /// <summary>The first unit that has no rate when <see cref="Status"/> is <see cref="PriceStatus.UnpricedUnit"/>; else null,
    /// also on overflow.</summary>
    public string? UnpricedUnit;

    /// <summary>Set when a component would not fit <c>Decimal(38, 12)</c>: the value was rejected, the row is unpriced.</summary>
    public bool Overflowed;

    /// <summary>Set when a unit was priced at another unit's rate because the card does not say what it costs.</summary>
    public bool UsedFallback;

    /// <summary>Set when a contract priced usage for which the book has no list price, or not all of it: <see cref="ListCost"/>
    /// is then no basis for a discount.</summary>
    public bool ListPriceMissing;

    public readonly Money Cost => InputCost + CacheReadCost + CacheWriteCost + OutputCost + ReasoningCost + OtherCost;
}
