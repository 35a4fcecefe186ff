namespace CostAttribution.Domain.Pricing;

/// <summary>How a row came to its cost. Persisted by name and number: append only.</summary>
public enum PriceStatus : byte
{
    /// <summary>Every unit of the usage has a rate.</summary>
    Priced = 0,

    /// <summary>A rate card says, explicitly, that this usage costs nothing.</summary>
    Free = 1,

    /// <summary>No rate card matches the model at that time: the cost is unknown, not zero.</summary>
    UnpricedModel = 2,

    /// <summary>A card matches, but at least one unit used is not on it: the cost shown is a lower bound.</summary>
    UnpricedUnit = 3,

    /// <summary>The call reported no usage (failed attempt, aborted or silent stream).</summary>
    NoUsage = 4,

    /// <summary>The provider's own cost on the span was taken, by policy.</summary>
    ProviderReported = 5,
}
