namespace CostAttribution.Domain.Pricing;

/// <summary>Which of two costs a row has. Kept by name: append only.</summary>
public enum ReportedCostUse : byte
{
    /// <summary>Ours; theirs only where there is nothing to price: no usage, or no model named.</summary>
    Ours = 0,

    /// <summary>Theirs, wherever there is one.</summary>
    Reported = 1,

    /// <summary>Ours, and theirs where ours is unknown or a lower bound.</summary>
    ReportedIfUnpriced = 2,
}

/// <summary>What to do with the cost that a provider or gateway reports on its spans.</summary>
public sealed record ReportedCostRule
{
    /// <summary>Most rules in one book: they are looked through for every row with a reported cost.</summary>
    public const int RulesMax = 1000;

    /// <summary>A difference that is told when no rule says another: a part of our cost.</summary>
    public static readonly Rational DefaultAlertAbove = new(5, 100);

    /// <summary>Names the rule; one with a later <see cref="RecordedAtNanos"/> under the same id corrects it.</summary>
    public required string Id { get; init; }

    /// <summary>Canonical provider ids, lower case; empty = any.</summary>
    public IReadOnlyList<string> Providers { get; init; } = [];

    /// <summary>Reseller or gateway that bills the call, lower case; empty = any.</summary>
    public string Seller { get; init; } = "";

    public ReportedCostUse Take { get; init; }

    /// <summary>A row is flagged when the two costs differ by more than this part of ours.</summary>
    public Rational AlertAbove { get; init; } = DefaultAlertAbove;

    /// <summary>Time of calls from which it holds, inclusive; <see cref="long.MinValue"/> = always did.</summary>
    public long FromNanos { get; init; } = long.MinValue;

    /// <summary>Exclusive; <see cref="long.MaxValue"/> = until further notice.</summary>
    public long ToNanos { get; init; } = long.MaxValue;

    /// <summary>When it was decided.</summary>
    public long RecordedAtNanos { get; init; }

    public string File { get; init; } = "";
    public int Line { get; init; }

    /// <summary>Who bills says more than whose model it is; of several that match the larger is asked.</summary>
    internal int Rank => (Seller.Length > 0 ? 2 : 0) + (Providers.Count > 0 ? 1 : 0);

    internal bool Holds(string provider, string seller, long nanos) =>
        FromNanos <= nanos && nanos < ToNanos
        && (Seller.Length == 0 || string.Equals(Seller, seller, StringComparison.OrdinalIgnoreCase))
        && (Providers.Count == 0 || Providers.Contains(provider, StringComparer.OrdinalIgnoreCase));
}
