using CostAttribution.ClickHouse.Rates;

namespace CostAttribution.ClickHouse.Repricing;

/// <summary>What prices of the past are asked for.</summary>
public sealed record RepricingRequest
{
    /// <summary>What is to happen.</summary>
    public required RepricingKind Kind { get; init; }

    /// <summary>First event time; null for the oldest.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>End of the event times, not included; null for all.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Only calls of this provider; null for all.</summary>
    public string? Provider { get; init; }

    /// <summary>Only calls of this model; null for all.</summary>
    public string? Model { get; init; }

    /// <summary>Only this customer's; empty for what has none, null for all.</summary>
    public string? Customer { get; init; }

    /// <summary>Version of a rate book that was once in force; null for the one that is.</summary>
    public long? RateBookVersion { get; init; }

    /// <summary>What if these files were published, too; not for corrections.</summary>
    public IReadOnlyList<RateFile> Files { get; init; } = [];

    /// <summary>What if other models had answered; not for corrections.</summary>
    public IReadOnlyList<RepricingMove> Moves { get; init; } = [];
}

/// <summary>What became of a request.</summary>
/// <param name="Report">The report so far; null when it did not begin.</param>
/// <param name="Faults">What is wrong with it; empty without report when another one is under way.</param>
public sealed record RepricingStart(RepricingReport? Report, IReadOnlyList<RateFault> Faults)
{
    public static RepricingStart Busy { get; } = new(null, []);
}
