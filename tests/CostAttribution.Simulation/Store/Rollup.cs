using CostAttribution.Domain.Ledger;

namespace CostAttribution.Simulation.Store;

/// <summary>What the materialised view <c>cost_hourly_feed</c> makes of a block of the ledger.</summary>
internal static class Rollup
{
    /// <summary>Between the dimensions of a group.</summary>
    public const char Separator = '\u001f';

    private const long MicrosPerHour = 3_600_000_000;

    public static IReadOnlyList<HourlyRow> Of(IEnumerable<LedgerRow> rows) =>
        [.. Sum(rows.Select(row => new HourlyRow(GroupOf(row.Entry), HourOf(row.Entry), row.Measures)))];

    /// <summary>One row per group, as a reader sees them with <c>sum() … GROUP BY</c>.</summary>
    public static IEnumerable<HourlyRow> Sum(IEnumerable<HourlyRow> rows)
    {
        var sums = new Dictionary<(string, long), Int128[]>();
        foreach (var row in rows)
        {
            var key = (row.Group, row.HourMicros);
            if (!sums.TryGetValue(key, out var sum)) sums[key] = sum = new Int128[row.Measures.Count];
            for (var i = 0; i < sum.Length; i++) sum[i] += row.Measures[i];
        }
        return sums.Select(pair => new HourlyRow(pair.Key.Item1, pair.Key.Item2, pair.Value));
    }

    public static long HourOf(LedgerEntry entry) => entry.EventTimeMicros / MicrosPerHour * MicrosPerHour;

    private static string GroupOf(LedgerEntry entry) => string.Join(Separator, entry.CostKind, entry.CustomerId, entry.FeatureId,
        entry.Product, entry.Team, entry.Environment, entry.Plan, entry.Audience, entry.Workflow, entry.Agent, entry.Provider,
        entry.Model, entry.ServiceTier, entry.Region, entry.CustomerEvidence, entry.FeatureEvidence, entry.Cost.Status,
        entry.Ownership);
}
