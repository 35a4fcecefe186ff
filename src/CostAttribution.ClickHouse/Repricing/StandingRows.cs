using System.Globalization;
using System.Runtime.CompilerServices;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.ClickHouse.Repricing;

/// <summary>Which rows are meant; event times are microseconds since the Unix epoch.</summary>
public sealed record RowFilter(long FromMicros, long ToMicros)
{
    /// <summary>Null for all.</summary>
    public string? Provider { get; init; }
    public string? Model { get; init; }
    public string? Customer { get; init; }

    /// <summary>
    /// A further condition as SQL; not seen by <see cref="Holds"/>. A reversal must meet it where its entry does.
    /// </summary>
    public string Also { get; init; } = "";

    /// <summary>Only what was posted since, corrections of prices left out; null for all.</summary>
    public DateTimeOffset? PostedSince { get; init; }

    public bool Holds(LedgerEntry entry) => entry.EventTimeMicros >= FromMicros && entry.EventTimeMicros < ToMicros
        && (Provider ?? entry.Provider) == entry.Provider && (Model ?? entry.Model) == entry.Model
        && (Customer ?? entry.CustomerId) == entry.CustomerId;
}

/// <summary>A stretch of event times with a bounded number of rows.</summary>
public readonly record struct RowSlice(long FromMicros, long ToMicros, long Rows);

/// <summary>
/// The rows of the ledger that stand, stretch by stretch of event time, so that any number is read in bounded memory. A reversal
/// has the event time of its entry, so that a stretch can be netted by itself.
/// </summary>
public sealed class StandingRows(IClickHouseTransport transport, int rowsMax = StandingRows.RowsMax)
{
    /// <summary>Rows held at once, of the order of a kilobyte each.</summary>
    public const int RowsMax = 20_000;

    private const int SlotsMax = 2_000;
    private const long WidthMin = 1_000;

    /// <summary>The stretches of the range in their order; those without rows are left out.</summary>
    public async IAsyncEnumerable<RowSlice> SlicesAsync(RowFilter filter, [EnumeratorCancellation] CancellationToken cancel)
    {
        var bounds = await NumbersAsync("SELECT toInt64(min(toUnixTimestamp64Micro(event_time))) AS a, "
            + "toInt64(max(toUnixTimestamp64Micro(event_time))) AS b", filter, "HAVING count() > 0", cancel)
            .ConfigureAwait(false);
        if (bounds is not [var (first, last)]) yield break;
        await foreach (var slice in SlicesAsync(filter with { FromMicros = first, ToMicros = last + 1 }, SlotsMax, cancel)
            .ConfigureAwait(false)) yield return slice;
    }

    /// <summary>What stands of a stretch, in a fixed order; rows that this program cannot read are counted only.</summary>
    public async Task<(IReadOnlyList<LedgerEntry> Entries, int Unreadable)> ReadAsync(RowFilter filter, RowSlice slice,
        CancellationToken cancel)
    {
        var within = filter with { FromMicros = slice.FromMicros, ToMicros = slice.ToMicros };
        var since = filter.PostedSince is { } time
            ? $" AND reason != 'reprice' AND posted_at >= fromUnixTimestamp64Milli({Text(time.ToUnixTimeMilliseconds())}, 'UTC')"
            : "";
        var query = Ask($"SELECT {LedgerRowReader.ColumnList} FROM {CostLedgerBlock.TableName} WHERE {Where(within)} AND sign = 1"
            + $" AND cost_kind = 'usage'{since} AND entry_id NOT IN (SELECT corrects FROM {CostLedgerBlock.TableName} "
            + $"WHERE {Where(within)} AND sign = -1) ORDER BY event_time, trace_id, span_id, cost_item, revision DESC "
            + "LIMIT 1 BY trace_id, span_id, cost_item", within);
        var (entries, unreadable) = (new List<LedgerEntry>(), 0);
        foreach (var block in await transport.ReadAsync(query, cancel).ConfigureAwait(false))
        {
            if (block.Rows == 0) continue;
            var rows = new LedgerRowReader(block);
            for (var i = 0; i < block.Rows; i++)
            {
                try
                {
                    entries.Add(rows.At(i));
                }
                catch (InvalidDataException)
                {
                    unreadable++;
                }
            }
        }
        return (entries, unreadable);
    }

    private async IAsyncEnumerable<RowSlice> SlicesAsync(RowFilter filter, int slots,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        var (from, to) = (filter.FromMicros, filter.ToMicros);
        var width = Math.Max(WidthMin, (to - from + slots - 1) / slots);
        var counted = await NumbersAsync(
            $"SELECT toInt64(intDiv(toUnixTimestamp64Micro(event_time) - {Text(from)}, {Text(width)})) AS a, "
            + " toInt64(count()) AS b", filter, "GROUP BY a ORDER BY a", cancel).ConfigureAwait(false);
        var open = default(RowSlice?);
        foreach (var (slot, rows) in counted)
        {
            var here = new RowSlice(from + slot * width, Math.Min(to, from + (slot + 1) * width), rows);
            if (open is { } gathered && gathered.Rows + rows > rowsMax)
            {
                yield return gathered;
                open = null;
            }
            if (rows > rowsMax && width > WidthMin)
            {
                var finer = filter with { FromMicros = here.FromMicros, ToMicros = here.ToMicros };
                await foreach (var slice in SlicesAsync(finer, SlotsMax, cancel).ConfigureAwait(false)) yield return slice;
                continue;
            }
            open = open is { } before ? new RowSlice(before.FromMicros, here.ToMicros, before.Rows + rows) : here;
        }
        if (open is { } rest) yield return rest;
    }

    private async Task<List<(long A, long B)>> NumbersAsync(string select, RowFilter filter, string end, CancellationToken cancel)
    {
        var query = Ask($"{select} FROM {CostLedgerBlock.TableName} WHERE {Where(filter)} {end}", filter);
        var numbers = new List<(long, long)>();
        foreach (var block in await transport.ReadAsync(query, cancel).ConfigureAwait(false))
        {
            if (block.Rows == 0) continue;
            var (a, b) = (block.Column<FixedWidthValues>("a"), block.Column<FixedWidthValues>("b"));
            for (var i = 0; i < block.Rows; i++) numbers.Add((a.At<long>(i), b.At<long>(i)));
        }
        return numbers;
    }

    private static ClickHouseQuery Ask(string sql, RowFilter filter)
    {
        var parameters = new Dictionary<string, string>();
        if (filter.Provider is { } provider) parameters["provider"] = provider;
        if (filter.Model is { } model) parameters["model"] = model;
        if (filter.Customer is { } customer) parameters["customer"] = customer;
        return new ClickHouseQuery(sql)
        {
            Parameters = parameters, Settings = new Dictionary<string, string> { ["max_threads"] = "1" },
        };
    }

    private static string Where(RowFilter filter) =>
        $"event_time >= {Instant(filter.FromMicros)} AND event_time < {Instant(filter.ToMicros)}"
        + (filter.Provider is null ? "" : " AND provider = {provider:String}")
        + (filter.Model is null ? "" : " AND model = {model:String}")
        + (filter.Customer is null ? "" : " AND customer_id = {customer:String}")
        + (filter.Also.Length == 0 ? "" : $" AND ({filter.Also})");

    private static string Instant(long micros) => $"fromUnixTimestamp64Micro(toInt64({Text(micros)}), 'UTC')";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
