using System.Globalization;
using System.IO.Hashing;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>What was added to the rollup; negative where it had too much.</summary>
/// <param name="Groups">Groups (hour and every dimension) that differ.</param>
/// <param name="Entries">Ledger rows net of reversals.</param>
/// <param name="Cost">USD.</param>
/// <param name="Hours">The hours concerned, UTC, ascending.</param>
public sealed record RollupAddition(long Groups, long Entries, Money Cost, IReadOnlyList<DateTimeOffset> Hours)
{
    public static RollupAddition None { get; } = new(0, 0, Money.Zero, []);

    public bool IsNone => Groups == 0;

    /// <summary>
    /// Hours (UTC, ascending) that differ and were left as they are, because rows were on their way to them: what looks missing
    /// in the rollup may be what their inserts add next.
    /// </summary>
    public IReadOnlyList<DateTimeOffset> Busy { get; init; } = [];

    /// <summary>Both together; an hour of both counts once.</summary>
    public RollupAddition Plus(RollupAddition other) => new(Groups + other.Groups, Entries + other.Entries, Cost + other.Cost,
        [.. Hours.Union(other.Hours).Order()])
    {
        Busy = [.. Busy.Union(other.Busy).Order()],
    };
}

/// <summary>
/// Makes <c>cost_hourly</c> equal to the ledger by adding what it lacks: one row per group that differs, every measure the exact
/// difference. Nothing is deleted or rewritten, so the rollup stays append-only and sums stay right at any moment.
/// <para>
/// Rows between ledger and view would be added twice, by this and by the view. Other nodes post at any time, so a difference
/// counts only when it was measured while nothing moved:
/// <code>
///   count ledger rows ─▶ no insert runs in the server ─▶ measure ─▶ count again: the same
/// </code>
/// Every row measured was there at the first count, and the inserts that wrote them had ended after it. Two nodes that find the
/// same difference of an hour add it under the same token: it counts once.
/// </para>
/// </summary>
public sealed class RollupRepair(IClickHouseTransport transport)
{
    /// <summary>Hours in one statement: a few days of a rollup fit the engine's memory.</summary>
    private const int HoursPerQueryMax = 72;

    /// <summary>Groups added in one round; the next round adds the rest.</summary>
    private const int GroupsPerRoundMax = 50_000;

    /// <summary>
    /// How often the same difference is added under another token when the rows do not appear, because a token was remembered
    /// whose rows are gone.
    /// </summary>
    private const int AttemptsMax = 5;

    /// <summary>Rounds in which the same hours are looked at, however much they still lack.</summary>
    private const int RoundsMax = 50;

    private readonly RunningInserts running = new(transport);

    /// <summary>The hours (UTC) in which the postings have ledger rows.</summary>
    public async Task<IReadOnlyList<DateTimeOffset>> HoursOfAsync(IReadOnlyList<string> postingIds, DateTimeOffset since,
        CancellationToken cancel)
    {
        var hours = new HashSet<DateTimeOffset>();
        foreach (var ids in postingIds.Chunk(1000))
        {
            var from = SqlText.Number(since.ToUnixTimeMilliseconds());
            var blocks = await QueryAsync("SELECT DISTINCT toStartOfHour(event_time) AS hour " +
                $"FROM {CostLedgerBlock.TableName} WHERE posted_at >= fromUnixTimestamp64Milli({from}, 'UTC') " +
                $"AND posting_id IN ({string.Join(',', ids.Select(SqlText.String))})", cancel).ConfigureAwait(false);
            foreach (var block in blocks) hours.UnionWith(HoursIn(block));
        }
        return [.. hours.Order()];
    }

    /// <summary>
    /// Those of the hours whose totals differ by customer: a quick look that misses what cancels out within a customer.
    /// </summary>
    public async Task<IReadOnlyList<DateTimeOffset>> HoursApartAsync(IReadOnlyCollection<DateTimeOffset> hours,
        CancellationToken cancel)
    {
        var apart = new HashSet<DateTimeOffset>();
        foreach (var some in hours.Order().Chunk(HoursPerQueryMax))
        {
            var sql = RollupDifference.SelectHours(LedgerIn(some), RollupIn(some));
            foreach (var block in await QueryAsync(sql, cancel).ConfigureAwait(false)) apart.UnionWith(HoursIn(block));
        }
        return [.. apart.Order()];
    }

    /// <summary>
    /// Adds what the rollup lacks in the hours (UTC) and returns it, with the hours that were too busy to be judged. After
    /// <see cref="StoreUnavailableException"/> it may be called again: what was added is no longer lacking.
    /// </summary>
    /// <param name="hours">Starts of whole hours.</param>
    /// <param name="cancel">Abandons the wait.</param>
    /// <param name="settings">Limits of the queries that look for differences.</param>
    public async Task<RollupAddition> RepairAsync(IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancel,
        IReadOnlyDictionary<string, string>? settings = null)
    {
        var added = RollupAddition.None;
        foreach (var some in hours.Order().Chunk(HoursPerQueryMax))
        {
            // Mostly nothing differs, and this is all that is asked.
            if ((await MeasureAsync(some, settings, cancel).ConfigureAwait(false)).Count == 0) continue;
            var attempts = new Dictionary<UInt128, int>();
            for (var round = 0; ; round++)
            {
                var (lacking, isAtRest) = await MeasureAtRestAsync(some, settings, cancel).ConfigureAwait(false);
                if (lacking.Count == 0) break;
                if (!isAtRest || round == RoundsMax)
                {
                    added = added with { Busy = [.. added.Busy.Union(lacking.SelectMany(HoursIn)).Order()] };
                    break;
                }
                foreach (var hour in lacking)
                {
                    var isFirst = await AddAsync(hour, attempts, cancel).ConfigureAwait(false);
                    if (isFirst) added = added.Plus(Summarise(hour));
                }
            }
        }
        return added;
    }

    private async Task<(List<NativeBlock> Lacking, bool IsAtRest)> MeasureAtRestAsync(DateTimeOffset[] hours,
        IReadOnlyDictionary<string, string>? settings, CancellationToken cancel)
    {
        var before = await CountRowsAsync(hours, settings, cancel).ConfigureAwait(false);
        var insert = await running.FindFeedingAsync(cancel).ConfigureAwait(false);
        var lacking = await MeasureAsync(hours, settings, cancel).ConfigureAwait(false);
        if (lacking.Count == 0) return (lacking, true);
        // It ends soon, and then less may be lacking; what others post may go on.
        if (insert is not null && insert.Contains($"/{RunningInserts.RepairTokens}/", StringComparison.Ordinal))
            throw new StoreUnavailableException($"an addition to the rollup still runs, query {insert}");
        var after = await CountRowsAsync(hours, settings, cancel).ConfigureAwait(false);
        return (lacking, insert is null && after == before);
    }

    /// <summary>What the hours lack, one block an hour.</summary>
    private async Task<List<NativeBlock>> MeasureAsync(DateTimeOffset[] hours, IReadOnlyDictionary<string, string>? settings,
        CancellationToken cancel)
    {
        var lacking = new List<NativeBlock>();
        long rows = 0;
        foreach (var block in await QueryAsync(DifferenceOf(hours), cancel, settings).ConfigureAwait(false))
        {
            rows += block.Rows;
            var ofRows = HoursIn(block).ToArray();
            foreach (var hour in Enumerable.Range(0, block.Rows).GroupBy(row => ofRows[row]))
                lacking.Add(NativeBlockReader.ReadAll(NativeBlockCutter.Cut(block, [.. hour]))[0]);
        }
        // The last hour may be cut off: another node that asks for other hours must find the same of it.
        if (rows == GroupsPerRoundMax && lacking.Count > 1) lacking.RemoveAt(lacking.Count - 1);
        return lacking;
    }

    private async Task<long> CountRowsAsync(DateTimeOffset[] hours, IReadOnlyDictionary<string, string>? settings,
        CancellationToken cancel)
    {
        var sql = $"SELECT toInt64(count()) AS total FROM {CostLedgerBlock.TableName} WHERE {LedgerIn(hours)}";
        foreach (var block in await QueryAsync(sql, cancel, settings).ConfigureAwait(false))
            if (block.Rows > 0) return block.Column<FixedWidthValues>("total").At<long>(0);
        throw new StoreUnavailableException("the store did not answer how many rows the ledger has");
    }

    /// <summary>False when the same difference was added before and did not appear.</summary>
    private async Task<bool> AddAsync(NativeBlock block, Dictionary<UInt128, int> attempts, CancellationToken cancel)
    {
        var bytes = NativeBlockCutter.Cut(block, [.. Enumerable.Range(0, block.Rows)]);
        // The same difference in the same state of the store has the same token: sent twice, it counts once.
        var hash = XxHash128.HashToUInt128(bytes);
        var attempt = attempts.GetValueOrDefault(hash);
        if (attempt == AttemptsMax) throw new StoreUnavailableException(
            $"rows added to {RollupDifference.TableName} do not appear; look for a view or a policy that drops them");
        attempts[hash] = attempt + 1;
        var token = string.Create(CultureInfo.InvariantCulture, $"{RunningInserts.RepairTokens}/{hash:x32}-{attempt}");
        var columns = block.Columns.Select(column => column.Name).ToArray();
        await transport.InsertAsync(new ClickHouseInsert(RollupDifference.TableName, columns, bytes, token), cancel)
            .ConfigureAwait(false);
        return attempt == 0;
    }

    // In a fixed order, so that equal differences are equal bytes.
    private static string DifferenceOf(DateTimeOffset[] hours) => RollupDifference.Select(LedgerIn(hours), RollupIn(hours)) +
        $" ORDER BY hour, {RollupDifference.Dimensions} LIMIT {SqlText.Number(GroupsPerRoundMax)} " +
        "SETTINGS max_block_size = 65536";

    private static string LedgerIn(DateTimeOffset[] hours) =>
        $"{HourSql.Around(hours)} AND toStartOfHour(event_time) IN ({HourSql.In(hours)})";

    private static string RollupIn(DateTimeOffset[] hours) => $"hour IN ({HourSql.In(hours)})";

    private static RollupAddition Summarise(NativeBlock block)
    {
        if (block.Rows == 0) return RollupAddition.None;
        var entries = block.Column<FixedWidthValues>("entries");
        var costs = block.Column<FixedWidthValues>("cost");
        long net = 0;
        var cost = Money.Zero;
        for (var i = 0; i < block.Rows; i++)
        {
            net += entries.At<long>(i);
            cost += new Money(costs.At<Int128>(i));
        }
        return new RollupAddition(block.Rows, net, cost, [.. HoursIn(block).Distinct().Order()]);
    }

    private static IEnumerable<DateTimeOffset> HoursIn(NativeBlock block)
    {
        if (block.Rows == 0) yield break;
        var hours = block.Column<FixedWidthValues>("hour");
        for (var i = 0; i < block.Rows; i++) yield return DateTimeOffset.FromUnixTimeSeconds(hours.At<uint>(i));
    }

    private Task<IReadOnlyList<NativeBlock>> QueryAsync(string sql, CancellationToken cancel,
        IReadOnlyDictionary<string, string>? settings = null) => transport.ReadAsync(
            new ClickHouseQuery(sql) { Settings = settings ?? new Dictionary<string, string>() }, cancel);
}
