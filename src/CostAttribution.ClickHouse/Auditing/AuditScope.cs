namespace CostAttribution.ClickHouse.Auditing;

/// <summary>What an audit looks at: event times in <c>[From, To)</c>, whole hours, UTC.</summary>
/// <param name="From">First hour.</param>
/// <param name="To">End of the last hour.</param>
/// <param name="PostedSince">
/// Only hours and traces that postings have touched since; null for everything in the range.
/// </param>
public sealed record AuditScope(DateTimeOffset From, DateTimeOffset To, DateTimeOffset? PostedSince = null)
{
    /// <summary>The hours that postings have touched; null when all in the range are looked at.</summary>
    public IReadOnlyList<DateTimeOffset>? Hours { get; init; }

    /// <summary>Ledger rows in it.</summary>
    public long Rows { get; init; }

    /// <summary>
    /// Per check the last trace that the audit before looked at, when it did not get through all: this one goes on behind it.
    /// </summary>
    public IReadOnlyDictionary<string, string> LookedAtUpTo { get; init; } = new Dictionary<string, string>();

    public bool IsEmpty => Rows == 0 && Hours is { Count: 0 };
}
