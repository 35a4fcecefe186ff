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
        foreach (var hours in (await HoursOfAsync(store, scope, cancel).ConfigureAwait(false)).Chunk(HoursPerQuestion))
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

    /// <summary>
    /// Those of the hours to which another process has posted since: its rows may still be on their way to the rollup.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="hours">Starts of whole hours.</param>
    /// <param name="ownPostings">What the ids of this process's postings begin with: node and start.</param>
    /// <param name="since">Instant of posting.</param>
    /// <param name="cancel">Abandons the wait.</param>
    public static async Task<IReadOnlySet<DateTimeOffset>> PostedElsewhereAsync(AuditStore store,
        IReadOnlyCollection<DateTimeOffset> hours, string ownPostings, DateTimeOffset since, CancellationToken cancel)
    {
        if (hours.Count == 0) return new HashSet<DateTimeOffset>();
        var rows = await store.ReadAsync($"""
            SELECT DISTINCT toUnixTimestamp(toStartOfHour(event_time)) AS hour_start FROM {CostLedgerBlock.TableName}
            WHERE {HourSql.Around(hours)} AND toStartOfHour(event_time) IN ({HourSql.In(hours)})
                AND posted_at >= {HourSql.Instant(since)} AND NOT startsWith(posting_id, {SqlText.String(ownPostings)})
            """, cancel).ConfigureAwait(false);
        return rows.Select(HourOf).ToHashSet();
    }

    // Only hours that have rows: a stray one in another century makes no million questions.
    private static async Task<IEnumerable<DateTimeOffset>> HoursOfAsync(AuditStore store, AuditScope scope,
        CancellationToken cancel)
    {
        if (scope.Hours is { } touched) return touched;
        var rows = await store.ReadAsync($"""
            SELECT DISTINCT hour_start FROM (
                SELECT toUnixTimestamp(toStartOfHour(event_time)) AS hour_start FROM {CostLedgerBlock.TableName}
                WHERE {HourSql.Within("event_time", scope.From, scope.To)}
                UNION ALL
                SELECT toUnixTimestamp(hour) FROM {RollupDifference.TableName}
                WHERE hour >= {HourSql.Hour(scope.From)} AND hour < {HourSql.Hour(scope.To)}
            ) ORDER BY hour_start
            """, cancel).ConfigureAwait(false);
        return rows.Select(HourOf);
    }

    private static DateTimeOffset HourOf(JsonElement row) =>
        DateTimeOffset.FromUnixTimeSeconds(row.GetProperty("hour_start").GetInt64());

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
        var hour = HourOf(row);
        return new AuditSuspect("differs", $"{hour:yyyy-MM-ddTHH:mm:ssZ}",
            $"{row.GetProperty("groups")} groups differ; the rollup lacks {row.GetProperty("rows")} rows, " +
            $"{row.GetProperty("all_calls")} calls, cost {row.GetProperty("all_cost").GetString()}") { Hour = hour };
    }
}
