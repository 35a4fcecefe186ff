namespace CostAttribution.Domain.Pricing;

/// <summary>What is settled over a period instead of per call. Kept by name: append only.</summary>
public enum PeriodTermKind : byte
{
    /// <summary>The price of a unit falls (or rises) with the quantity used in the period.</summary>
    VolumeTiers = 1,

    /// <summary>A quantity of a unit is free in each period.</summary>
    Allowance = 2,

    /// <summary>At least an amount is owed for each period.</summary>
    MinimumCharge = 3,

    /// <summary>An amount is owed for each period whether it is used or not, and pays for usage up to it.</summary>
    Commitment = 4,

    /// <summary>Capacity that is paid by the hour, whatever is called on it.</summary>
    Capacity = 5,
}

/// <summary>Length of the periods that a term is settled by, in UTC. Kept by name: append only.</summary>
public enum TermPeriod : byte { Hour = 1, Day = 2, Month = 3, Quarter = 4, Year = 5 }

/// <summary>From a quantity of the period on: a factor on the card's price, or a price of its own.</summary>
/// <param name="Above">The tier holds for what is used beyond this quantity; below the first the card's price holds.</param>
/// <param name="Price">Null when the factor decides.</param>
public sealed record VolumeTier(long Above, Rational Factor, UnitPrice? Price);

/// <summary>
/// An agreement that is settled per period by rows of its own. No span's price depends on it, or it would depend on other spans;
/// <see cref="Pricer"/> never reads it.
/// </summary>
public sealed record PeriodTerm
{
    /// <summary>Names the term on the rows that settle it. Unique among the terms of a book.</summary>
    public required string Id { get; init; }
    public required PeriodTermKind Kind { get; init; }
    public required IReadOnlyList<string> Providers { get; init; }
    public string Seller { get; init; } = "";

    /// <summary>Models whose usage counts; empty = all of the providers.</summary>
    public IReadOnlyList<ModelRule> Match { get; init; } = [];

    /// <summary>Whose usage counts; null = everyone's, together.</summary>
    public ContractScope? Scope { get; init; }
    public string Currency { get; init; } = "USD";
    public long FromNanos { get; init; } = long.MinValue;
    public long ToNanos { get; init; } = long.MaxValue;
    public long RecordedAtNanos { get; init; }
    public TermPeriod Period { get; init; } = TermPeriod.Month;

    /// <summary>The unit of tiers and allowances; else empty.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Ascending; on volume tiers only.</summary>
    public IReadOnlyList<VolumeTier> Tiers { get; init; } = [];

    /// <summary>Whether the tier reached prices the whole period; else each tier only what lies in it.</summary>
    public bool WholePeriod { get; init; }

    /// <summary>Units free per period on an allowance; units of capacity held on a capacity.</summary>
    public long Quantity { get; init; }

    /// <summary>Minimum and commitment: owed per period. Capacity: owed per unit of capacity and hour.</summary>
    public Rational Amount { get; init; }

    /// <summary>On a capacity: the free contract card of the calls that it serves; empty when they are priced as well.</summary>
    public string Card { get; init; } = "";
    public string Source { get; init; } = "";
    public string File { get; init; } = "";
    public int Line { get; init; }
}
