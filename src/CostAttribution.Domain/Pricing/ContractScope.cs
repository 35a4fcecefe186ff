namespace CostAttribution.Domain.Pricing;

/// <summary>
/// Whose calls a contract card prices: all dimensions that are named must hold, each by any of its values. Values are compared
/// exactly. Of several contract cards that match, one that names customers comes before one that names keys, then projects, then
/// accounts, then one for everyone; only within a level does the model rule decide.
/// </summary>
public sealed record ContractScope
{
    public IReadOnlyList<string> Accounts { get; init; } = [];
    public IReadOnlyList<string> Projects { get; init; } = [];
    public IReadOnlyList<string> Keys { get; init; } = [];
    public IReadOnlyList<string> Customers { get; init; } = [];

    /// <summary>Most values of one scope.</summary>
    public const int ValuesMax = 10_000;

    /// <summary>Rank of the most specific dimension named: 4 customer, 3 key, 2 project, 1 account, 0 none.</summary>
    internal int Level => Customers.Count > 0 ? 4 : Keys.Count > 0 ? 3 : Projects.Count > 0 ? 2 : Accounts.Count > 0 ? 1 : 0;

    /// <summary>Values by dimension, in the order account, project, key, customer.</summary>
    internal IReadOnlyList<string>[] Dimensions => [Accounts, Projects, Keys, Customers];

    /// <summary>Whether one call may be in both scopes.</summary>
    internal static bool MayMeet(ContractScope? one, ContractScope? other)
    {
        if (one is null || other is null) return true;
        foreach (var (left, right) in one.Dimensions.Zip(other.Dimensions))
        {
            if (left.Count > 0 && right.Count > 0 && !left.Intersect(right, StringComparer.Ordinal).Any()) return false;
        }
        return true;
    }
}
