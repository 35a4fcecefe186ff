using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Flags;

/// <summary>How often a flag stands on ledger rows of one group.</summary>
public sealed record FlagRow
{
    /// <summary>The flag.</summary>
    public required string Flag { get; init; }

    /// <summary>What it means, in a sentence.</summary>
    public required string Meaning { get; init; }

    /// <summary>A value for every name of groupBy, in its order; empty without groupBy.</summary>
    public required IReadOnlyDictionary<string, string> Group { get; init; }

    /// <summary>Rows that stand with the flag. A row with several flags is counted under each.</summary>
    public required long Rows { get; init; }

    /// <summary>Calls of those rows.</summary>
    public required long Calls { get; init; }

    /// <summary>Cost of those rows, USD.</summary>
    public required Money Cost { get; init; }

    /// <summary>Start of the first of them.</summary>
    public required DateTimeOffset FirstSeen { get; init; }

    /// <summary>Start of the last of them.</summary>
    public required DateTimeOffset LastSeen { get; init; }
}
