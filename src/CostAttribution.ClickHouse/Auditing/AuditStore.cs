using System.Globalization;
using System.Text;
using System.Text.Json;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Auditing;

/// <summary>
/// Asks the store on behalf of an audit: one thread and bounded time and memory, so that postings and readers go first.
/// </summary>
public sealed class AuditStore(IClickHouseTransport transport, AuditLimits limits)
{
    public AuditLimits Limits => limits;

    /// <summary>Settings of every question.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["max_threads"] = "1",
        ["max_execution_time"] = Text((long)limits.QueryTimeout.TotalSeconds),
        ["max_memory_usage"] = Text(limits.QueryMemoryBytesMax),
        ["max_bytes_before_external_group_by"] = Text(limits.QueryMemoryBytesMax / 2),
        ["output_format_json_quote_64bit_integers"] = "0",
        ["output_format_json_quote_decimals"] = "1",
        ["output_format_json_validate_utf8"] = "1",
    };

    /// <summary>Rows of the answer, one object each. Throws as <see cref="IClickHouseTransport.QueryAsync"/> does.</summary>
    public async Task<List<JsonElement>> ReadAsync(string sql, CancellationToken cancel)
    {
        var query = new ClickHouseQuery(sql) { Format = "JSONEachRow", Settings = Settings };
        return Rows(await transport.QueryAsync(query, cancel).ConfigureAwait(false));
    }

    /// <summary>
    /// The lines of an answer in JSONEachRow; throws <see cref="StoreUnavailableException"/> when it is something else.
    /// </summary>
    internal static List<JsonElement> Rows(byte[] answer)
    {
        var rows = new List<JsonElement>();
        try
        {
            foreach (var line in Encoding.UTF8.GetString(answer).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                using var document = JsonDocument.Parse(line);
                rows.Add(document.RootElement.Clone());
            }
        }
        catch (JsonException fault)
        {
            throw new StoreUnavailableException($"what answers is not ClickHouse: {fault.Message}", fault);
        }
        return rows;
    }

    /// <summary>
    /// The scope with its hours and rows filled in, rounded outwards to whole hours.
    /// </summary>
    public async Task<AuditScope> MeasureAsync(AuditScope scope, CancellationToken cancel)
    {
        scope = scope with { From = FloorHour(scope.From), To = FloorHour(scope.To.AddTicks(TimeSpan.TicksPerHour - 1)) };
        var rows = $"{HourSql.Within("event_time", scope.From, scope.To)}";
        if (scope.PostedSince is { } since)
        {
            var posted = $"posted_at >= {HourSql.Instant(since)}";
            var touched = await ReadAsync($"""
                SELECT DISTINCT hour FROM (
                    SELECT toInt64(toUnixTimestamp(toStartOfHour(event_time))) AS hour FROM {CostLedgerBlock.TableName}
                    WHERE {rows} AND {posted}
                    UNION ALL SELECT {Began} FROM {TraceFactsBlock.TableName} WHERE {posted}
                    UNION ALL SELECT {Began} FROM {RunSegmentBlock.TableName} WHERE {posted}
                ) WHERE hour >= {Seconds(scope.From)} AND hour < {Seconds(scope.To)} ORDER BY hour
                """, cancel).ConfigureAwait(false);
            var hours = touched.Select(row => DateTimeOffset.FromUnixTimeSeconds(row.GetProperty("hour").GetInt64())).ToArray();
            if (hours.Length == 0) return scope with { Hours = [], Rows = 0 };
            scope = scope with { Hours = hours, From = hours[0], To = hours[^1].AddHours(1) };
            rows = $"{HourSql.Around(hours)} AND toStartOfHour(event_time) IN ({HourSql.In(hours)})";
        }
        var counted = await ReadAsync($"SELECT count() AS rows FROM {CostLedgerBlock.TableName} WHERE {rows}", cancel)
            .ConfigureAwait(false);
        return scope with { Rows = counted[0].GetProperty("rows").GetInt64() };
    }

    /// <summary>
    /// The hours that ledger, rollup, facts or run segments know, as a half-open range; null when all are empty. What one of
    /// them has lost is still in the others.
    /// </summary>
    public async Task<(DateTimeOffset From, DateTimeOffset To)?> BoundsAsync(CancellationToken cancel)
    {
        var rows = await ReadAsync($"""
            SELECT min(first) AS oldest, max(last) AS newest FROM (
                SELECT toInt64(toUnixTimestamp(toStartOfHour(min(event_time)))) AS first,
                    toInt64(toUnixTimestamp(toStartOfHour(max(event_time)))) AS last, count() AS rows
                FROM {CostLedgerBlock.TableName}
                UNION ALL SELECT toInt64(toUnixTimestamp(min(hour))), toInt64(toUnixTimestamp(max(hour))), count()
                FROM {RollupDifference.TableName}
                UNION ALL SELECT min({Began}), max({Ended}), count() FROM {TraceFactsBlock.TableName}
                UNION ALL SELECT min({Began}), max({Ended}), count() FROM {RunSegmentBlock.TableName}
            ) WHERE rows > 0 HAVING count() > 0
            """, cancel).ConfigureAwait(false);
        return rows is not [var row] ? null
            : (DateTimeOffset.FromUnixTimeSeconds(row.GetProperty("oldest").GetInt64()),
                DateTimeOffset.FromUnixTimeSeconds(row.GetProperty("newest").GetInt64()).AddHours(1));
    }

    // The hour of an instant that a sender's clock has set, within what the ledger allows around the receipt.
    private static string Sane(string column, string apart, string by) =>
        $"intDiv({by}(toUnixTimestamp64Milli({column}), toUnixTimestamp64Milli(posted_at) {apart} * 86400000), 3600000) * 3600";

    private static string Began => Sane("toDateTime64(started_at, 3, 'UTC')", "- 32", "greatest");
    private static string Ended => Sane("toDateTime64(ended_at, 3, 'UTC')", "+ 1", "least");

    private static string Seconds(DateTimeOffset time) => Text(time.ToUnixTimeSeconds());

    public static DateTimeOffset FloorHour(DateTimeOffset time) =>
        new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
