using System.Globalization;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Adjustments;
using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Adjustments;

/// <summary>The adjustments in the ledger. A period of a term is told by <c>cost_item</c> and <c>step</c>.</summary>
public sealed class AdjustmentRows(IClickHouseTransport transport)
{
    /// <summary>Terms and periods of which anything stands in a range of event times.</summary>
    public async Task<IReadOnlyList<(string Term, string Period, string Kind)>> PeriodsAsync(DateTimeOffset from,
        DateTimeOffset to, CancellationToken cancel)
    {
        var periods = new List<(string, string, string)>();
        var query = Ask("SELECT CAST(cost_item, 'String') AS term, CAST(step, 'String') AS period, CAST(operation, 'String') AS "
            + $"kind FROM {CostLedgerBlock.TableName} WHERE {HourSql.Within("event_time", from, to)} "
            + "AND cost_kind = 'adjustment' GROUP BY term, period, kind HAVING sum(sign) != 0 OR sum(cost) != 0 "
            + "ORDER BY term, period, kind");
        foreach (var block in await transport.ReadAsync(query, cancel).ConfigureAwait(false))
        {
            if (block.Rows == 0) continue;
            var (terms, names, kinds) = (block.Column<StringValues>("term"), block.Column<StringValues>("period"),
                block.Column<StringValues>("kind"));
            for (var i = 0; i < block.Rows; i++) periods.Add((terms.At(i), names.At(i), kinds.At(i)));
        }
        return periods;
    }

    /// <summary>How many rows, corrected ones included, a period of a term has by trace.</summary>
    public async Task<IReadOnlyDictionary<TraceId, long>> CountAsync(string term, TermSpan span, CancellationToken cancel)
    {
        var counts = new Dictionary<TraceId, long>();
        var query = Ask($"SELECT trace_id, toInt64(count()) AS number FROM {CostLedgerBlock.TableName} WHERE {Where(term, span)} "
            + "GROUP BY trace_id");
        foreach (var block in await transport.ReadAsync(query, cancel).ConfigureAwait(false))
        {
            if (block.Rows == 0) continue;
            var (traces, numbers) = (block.Column<StringValues>("trace_id"), block.Column<FixedWidthValues>("number"));
            for (var i = 0; i < block.Rows; i++) counts[LedgerRowReader.ParseTrace(traces.At(i))] = numbers.At<long>(i);
        }
        return counts;
    }

    /// <summary>The rows of some traces of it, netted.</summary>
    public async Task<LedgerHistory> LoadAsync(string term, TermSpan span, IReadOnlyCollection<TraceId> traces,
        CancellationToken cancel)
    {
        var history = new LedgerHistoryBuilder();
        if (traces.Count == 0) return history.Build();
        var query = Ask($"SELECT {LedgerRowReader.ColumnList} FROM {CostLedgerBlock.TableName} WHERE {Where(term, span)} AND "
            + $"trace_id IN ({string.Join(", ", traces.Select(trace => $"'{trace}'"))})");
        foreach (var block in await transport.ReadAsync(query, cancel).ConfigureAwait(false))
        {
            if (block.Rows == 0) continue;
            var rows = new LedgerRowReader(block);
            for (var i = 0; i < block.Rows; i++)
            {
                try
                {
                    history.Add(rows.At(i));
                }
                catch (InvalidDataException fault)
                {
                    history.Refuse(rows.TraceAt(i), fault.Message);
                }
            }
        }
        return history.Build();
    }

    /// <summary>Event time of the oldest row; null for an empty ledger.</summary>
    public async Task<DateTimeOffset?> OldestAsync(CancellationToken cancel)
    {
        var query = Ask("SELECT toInt64(toUnixTimestamp64Micro(min(event_time))) AS oldest, toInt64(count()) AS number FROM "
            + $"{CostLedgerBlock.TableName} WHERE cost_kind = 'usage'");
        foreach (var block in await transport.ReadAsync(query, cancel).ConfigureAwait(false))
        {
            if (block.Rows > 0 && block.Column<FixedWidthValues>("number").At<long>(0) > 0)
                return DateTimeOffset.UnixEpoch.AddMicroseconds(block.Column<FixedWidthValues>("oldest").At<long>(0));
        }
        return null;
    }

    /// <summary>UTC days, since 1970, of usage that was posted since.</summary>
    public async Task<IReadOnlySet<long>> DaysPostedAsync(DateTimeOffset since, CancellationToken cancel)
    {
        var days = new HashSet<long>();
        var query = Ask($"SELECT DISTINCT toInt64(toRelativeDayNum(event_time, 'UTC')) AS day FROM {CostLedgerBlock.TableName} "
            + "WHERE cost_kind = 'usage' AND posted_at >= "
            + $"fromUnixTimestamp64Milli(toInt64({Number(since.ToUnixTimeMilliseconds())}), 'UTC')");
        foreach (var block in await transport.ReadAsync(query, cancel).ConfigureAwait(false))
        {
            for (var i = 0; i < block.Rows; i++) days.Add(block.Column<FixedWidthValues>("day").At<long>(i));
        }
        return days;
    }

    private static string Where(string term, TermSpan span) =>
        $"event_time >= fromUnixTimestamp64Micro(toInt64({Number(span.FromNanos / 1000)}), 'UTC') AND event_time < "
        + $"fromUnixTimestamp64Micro(toInt64({Number(span.ToNanos / 1000)}), 'UTC') AND cost_kind = 'adjustment' "
        + $"AND cost_item = {SqlText.String(term)} AND step = {SqlText.String(span.ToString())}";

    private static ClickHouseQuery Ask(string sql) =>
        new(sql) { Settings = new Dictionary<string, string> { ["max_threads"] = "1" } };

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
