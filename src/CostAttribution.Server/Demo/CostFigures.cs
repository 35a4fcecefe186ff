using CostAttribution.Domain.Pricing;
using CostAttribution.Workload;

namespace CostAttribution.Server.Demo;

/// <summary>One line of the customer table.</summary>
/// <param name="Customer">Empty = unattributed.</param>
/// <param name="CachedTokens">Read from a cache; part of the input side, not of <paramref name="InputTokens"/>.</param>
internal sealed record CustomerCost(string Customer, string Plan, long Calls, long FailedCalls, long InputTokens,
    long OutputTokens, long CachedTokens, Money Cost, Money RetryCost, long UnpricedCalls, long NoUsageCalls);

/// <summary>One line of the workflow table.</summary>
internal sealed record WorkflowCost(string Workflow, long Runs, long Completed, long Failed, Money Cost, Money RetryCost)
{
    public Money CostPerRun => DisplayText.Each(Cost, Runs);
}

/// <summary>What both tables show at one moment.</summary>
internal sealed record CostFigures(IReadOnlyList<CustomerCost> Customers, IReadOnlyList<WorkflowCost> Workflows)
{
    public static CostFigures Empty { get; } = new([], []);

    public Money TotalCost => Customers.Aggregate(Money.Zero, (sum, row) => sum + row.Cost);
}

/// <summary>One difference between ledger and workload.</summary>
internal readonly record struct LedgerDifference(string Customer, string Quantity, long Ledger, long Workload);

/// <summary>Compares what the ledger holds with what the simulated providers did.</summary>
internal static class LedgerCheck
{
    private static readonly (string Name, Func<TruthTotals, long> Of)[] Quantities =
    [
        ("calls", totals => totals.Calls),
        ("failed calls", totals => totals.FailedCalls),
        ("input tokens", totals => totals.InputTokens),
        ("cache read tokens", totals => totals.CacheReadTokens),
        ("cache write tokens", totals => totals.CacheWriteTokens),
        ("cache write 1h tokens", totals => totals.CacheWrite1hTokens),
        ("output tokens", totals => totals.OutputTokens),
        ("reasoning tokens", totals => totals.ReasoningTokens),
    ];

    /// <summary>Every customer and quantity that is not the same in both; empty when the ledger equals the workload.</summary>
    public static List<LedgerDifference> Compare(IReadOnlyDictionary<string, TruthTotals> ledger,
        IReadOnlyDictionary<string, TruthTotals> workload)
    {
        var differences = new List<LedgerDifference>();
        foreach (var customer in ledger.Keys.Union(workload.Keys).Order(StringComparer.Ordinal))
        {
            var posted = ledger.GetValueOrDefault(customer) ?? new TruthTotals();
            var happened = workload.GetValueOrDefault(customer) ?? new TruthTotals();
            foreach (var (name, of) in Quantities)
            {
                if (of(posted) != of(happened)) differences.Add(new LedgerDifference(customer, name, of(posted), of(happened)));
            }
        }
        return differences;
    }
}
