using System.Text.Json;
using CostAttribution.ClickHouse.Ledger;

namespace CostAttribution.ClickHouse.Auditing.Checks;

/// <summary>The rollup says of every hour and group what the ledger says.</summary>
public sealed class RollupCheck : AuditCheck
{
    /// <summary>Hours compared in one question: what is grouped in memory stays small.</summary>
    private const int HoursPerQuestion = 24;

    public override string Name => "rollup_equals_rows";
    public override string Asserts => "cost_hourly equals the ledger in every hour, dimension and measure";
    public override AuditRepair Repair => AuditRepair.Rollup;

    public override async Task<AuditSuspects> FindAsync(AuditStore store, AuditScope scope, CancellationToken cancel)
    {
        var suspects = new List<AuditSuspect>();
        foreach (var hours in HoursOf(scope).Chunk(HoursPerQuestion))
            suspects.AddRange(await CompareAsync(store, hours, cancel).ConfigureAwait(false));
        return new AuditSuspects([.. suspects.Take(store.Limits.SuspectsMax)], suspects.Count);
    }

    public override async Task<IReadOnlyList<AuditSuspect>> ConfirmAsync(AuditStore store,
        IReadOnlyList<AuditSuspect> suspects, CancellationToken cancel)
    {
        var confirmed = new List<AuditSuspect>();
        foreach (var hours in suspects.Select(suspect => suspect.Hour!.Value).Chunk(HoursPerQuestion))
            confirmed.AddRange(await CompareAsync(store, hours, cancel).ConfigureAwait(false));
        return confirmed;
    }

    private static IEnumerable<DateTimeOffset> HoursOf(AuditScope scope)
    {
        if (scope.Hours is { } touched) return touched;
        return Enumerable.Range(0, Math.Max(0, (int)(scope.To - scope.From).TotalHours)).Select(hour => scope.From.AddHours(hour));
    }

    private static async Task<IEnumerable<AuditSuspect>> CompareAsync(AuditStore store, DateTimeOffset[] hours,
        CancellationToken cancel)
    {
        var list = HourSql.In(hours);
        var difference = RollupDifference.Select($"{HourSql.Around(hours)} AND toStartOfHour(event_time) IN ({list})",
            $"hour IN ({list})");
        var rows = await store.ReadAsync($"""
            SELECT toUnixTimestamp(hour) AS hour_start, count() AS groups, sum(entries) AS rows, sum(calls) AS all_calls,
                toString(sum(cost)) AS all_cost
            FROM ({difference}) GROUP BY hour ORDER BY hour
            """, cancel).ConfigureAwait(false);
        return rows.Select(Read);
    }

    private static AuditSuspect Read(JsonElement row)
    {
        var hour = DateTimeOffset.FromUnixTimeSeconds(row.GetProperty("hour_start").GetInt64());
        return new AuditSuspect("differs", $"{hour:yyyy-MM-ddTHH:mm:ssZ}",
            $"{row.GetProperty("groups")} groups differ; the rollup lacks {row.GetProperty("rows")} rows, " +
            $"{row.GetProperty("all_calls")} calls, cost {row.GetProperty("all_cost").GetString()}") { Hour = hour };
    }
}
