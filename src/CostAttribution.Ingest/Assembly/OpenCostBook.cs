using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Ingest.Assembly;

/// <summary>
/// What open cost is grouped by: hour of the event and the dimensions of the hourly rollup that budgets ask for.
/// </summary>
public readonly record struct OpenCostKey(long HourMicros, string Customer, string Feature, string Product, string Team,
    string Environment, string Workflow, string Agent, string Provider, string Model, string Plan, string Audience);

/// <summary>
/// Cost that is known and waits for its owner before it is posted, by customer, feature and the rest. Written by the assembler,
/// read by any thread.
/// </summary>
public sealed class OpenCostBook
{
    private const long MicrosPerHour = 3_600_000_000;

    private readonly Lock gate = new();
    private readonly Dictionary<OpenCostKey, (Money Cost, long Calls)> figures = [];

    /// <summary>A copy of all figures.</summary>
    public IReadOnlyList<(OpenCostKey Key, Money Cost, long Calls)> Read()
    {
        lock (gate) return [.. figures.Select(pair => (pair.Key, pair.Value.Cost, pair.Value.Calls))];
    }

    internal static OpenCostKey KeyOf(LedgerEntry entry) =>
        new(entry.EventTimeMicros / MicrosPerHour * MicrosPerHour, entry.CustomerId, entry.FeatureId, entry.Product, entry.Team,
            entry.Environment, entry.Workflow, entry.Agent, entry.Provider, entry.Model, entry.Plan, entry.Audience);

    internal void Add(IReadOnlyList<LedgerEntry> waiting) => Change(waiting, 1);

    internal void Remove(IReadOnlyList<LedgerEntry> waiting) => Change(waiting, -1);

    private void Change(IReadOnlyList<LedgerEntry> waiting, int sign)
    {
        if (waiting.Count == 0) return;
        lock (gate)
        {
            foreach (var entry in waiting)
            {
                var key = KeyOf(entry);
                var (cost, calls) = figures.GetValueOrDefault(key);
                cost = sign > 0 ? cost + entry.Cost.Cost : cost - entry.Cost.Cost;
                calls += sign * entry.Calls;
                if (cost.IsZero && calls == 0) figures.Remove(key);
                else figures[key] = (cost, calls);
            }
        }
    }
}
