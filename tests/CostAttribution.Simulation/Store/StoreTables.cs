using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Simulation.Running;

namespace CostAttribution.Simulation.Store;

/// <summary>
/// What the store holds: inserted blocks per table, the rollup that a materialised view makes of the ledger's, and for each of
/// the four its own window of deduplication tokens. A token that is known adds nothing to its table but still reaches the view,
/// which has a window of its own: that is how the engine treats a repeated insert.
/// </summary>
internal sealed class StoreTables(int window)
{
    public const string View = "cost_hourly";

    private readonly Dictionary<string, TokenWindow> tokens = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ulong> hashOfToken = new(StringComparer.Ordinal);

    /// <summary>Blocks in the order in which they were applied.</summary>
    public List<StoredInsert> Inserts { get; } = [];

    public List<(StoredInsert Source, IReadOnlyList<HourlyRow> Rows)> Hourly { get; } = [];

    public IEnumerable<LedgerRow> Ledger => Inserts.SelectMany(insert => insert.Ledger);
    public IEnumerable<FactsRow> Facts => Inserts.SelectMany(insert => insert.Facts);
    public IEnumerable<SegmentRow> Segments => Inserts.SelectMany(insert => insert.Segments);
    public IEnumerable<StoredTopic> Topics => Inserts.SelectMany(insert => insert.Topics);

    /// <summary>Kept rate books and attribution tables; never lost.</summary>
    public Dictionary<(sbyte Kind, long Version), byte[]> Snapshots { get; } = [];

    public bool IsEmpty => Inserts.Count == 0;

    public IEnumerable<LedgerRow> LedgerOf(IReadOnlySet<TraceId> traces) =>
        Ledger.Where(row => traces.Contains(row.Entry.TraceId));

    public IEnumerable<FactsRow> FactsOf(IReadOnlySet<TraceId> traces) =>
        Facts.Where(row => traces.Contains(row.Stored.TraceId));

    /// <summary>Applies an insert; returns what happened, for the log.</summary>
    public string Apply(ClickHouseInsert insert, DateTimeOffset now, bool viewFails, Sabotage sabotage)
    {
        if (OutsideAnswers.Keep(insert, Snapshots)) return "kept";
        if (insert.Table == View) return AddToRollup(insert, now);
        var rows = BlockRows.Read(insert, now);
        if (hashOfToken.TryGetValue(rows.Token, out var before) && before != rows.Hash)
            throw new SimulationFailure($"token {rows.Token} came again with other bytes");
        hashOfToken[rows.Token] = rows.Hash;

        var isNew = !Window(rows.Table).Contains(rows.Token);
        if (isNew)
        {
            rows = sabotage.Change(rows);
            Inserts.Add(rows);
            if (sabotage.Kind == SabotageKind.AppliesTwice) Inserts.Add(rows);
            Window(rows.Table).Add(rows.Token);
        }
        if (rows.Table != CostLedgerBlock.TableName) return isNew ? "applied" : "known";
        if (viewFails) return isNew ? "applied, view failed" : "known, view failed";
        var viewIsNew = !Window(View).Contains(rows.Token);
        if (viewIsNew && sabotage.Kind != SabotageKind.SkipsView)
        {
            Window(View).Add(rows.Token);
            Hourly.Add((rows, Rollup.Of(rows.Ledger)));
        }
        return $"{(isNew ? "applied" : "known")}, view {(viewIsNew ? "applied" : "known")}";
    }

    /// <summary>
    /// Applies an insert piece by piece, one with every step: some rows, the others, the view. What it says of each is for the log.
    /// </summary>
    public IEnumerable<string> ApplyInPieces(ClickHouseInsert insert, Func<DateTimeOffset> now, Sabotage sabotage)
    {
        if (insert.Table is View or OutsideAnswers.SnapshotTable)
        {
            yield return Apply(insert, now(), viewFails: false, sabotage);
            yield break;
        }
        var rows = BlockRows.Read(insert, now());
        if (!Window(rows.Table).Contains(rows.Token))
        {
            var half = rows.RowCount / 2;
            if (half > 0)
            {
                Inserts.Add(rows.Rows(0, half));
                yield return $"{half} of {rows.RowCount} rows";
            }
            Inserts.Add(rows.Rows(half, rows.RowCount));
            Window(rows.Table).Add(rows.Token);
            hashOfToken[rows.Token] = rows.Hash;
            yield return "the other rows";
        }
        if (rows.Table != CostLedgerBlock.TableName || Window(View).Contains(rows.Token)) yield break;
        Window(View).Add(rows.Token);
        Hourly.Add((rows, Rollup.Of(rows.Ledger)));
        yield return "the view";
    }

    private string AddToRollup(ClickHouseInsert insert, DateTimeOffset now)
    {
        if (Window(View).Contains(insert.DeduplicationToken)) return "known";
        Window(View).Add(insert.DeduplicationToken);
        var source = new StoredInsert
        {
            Table = View, Token = insert.DeduplicationToken, PostingId = "", Hash = 0, RowCount = 0, PostedAtMillis = 0, AppliedAt = now,
        };
        Hourly.Add((source, BlockRows.Hourly(insert)));
        return "applied";
    }

    /// <summary>The machine of the store crashed: what it had applied after <paramref name="since"/> may be gone, part by part.</summary>
    public int Lose(DateTimeOffset since, Dice dice)
    {
        var lost = 0;
        foreach (var insert in Inserts.Where(insert => insert.AppliedAt > since).ToArray())
        {
            if (dice.Chance(100)) Window(insert.Table).Forget(insert.Token);
            if (dice.Chance(500)) continue;
            // Rows and tokens are different files.
            Inserts.Remove(insert);
            if (dice.Chance(700)) Window(insert.Table).Forget(insert.Token);
            lost++;
        }
        foreach (var part in Hourly.Where(part => part.Source.AppliedAt > since).ToArray())
        {
            if (dice.Chance(500)) continue;
            Hourly.Remove(part);
            if (dice.Chance(700)) Window(View).Forget(part.Source.Token);
            lost++;
        }
        return lost;
    }

    /// <summary>Whether the newest facts of a trace say that it has not settled.</summary>
    public bool IsUnsettled(TraceId trace) =>
        Facts.Where(row => row.Stored.TraceId == trace).MaxBy(row => row.Stored.Revision) is { Stored.Settled: false };

    /// <summary>What is there of a posting.</summary>
    public StoredInsert[] Of(string postingId) => [.. Inserts.Where(insert => insert.PostingId == postingId)];

    public IEnumerable<((string Table, string PostingId) Key, int Rows)> CountPostings(IReadOnlyList<string> postingIds, long sinceMillis) =>
        Since(postingIds, sinceMillis).GroupBy(insert => (insert.Table, insert.PostingId))
            .Select(group => (group.Key, group.Sum(insert => insert.RowCount)));

    public IEnumerable<long> HoursOf(IReadOnlyList<string> postingIds, long sinceMillis) =>
        Since(postingIds, sinceMillis).SelectMany(insert => insert.Ledger).Select(row => Rollup.HourOf(row.Entry)).Distinct();

    /// <summary>Ledger rows of these hours.</summary>
    public long RowsOf(IReadOnlySet<long> hoursMicros) => Ledger.LongCount(row => hoursMicros.Contains(Rollup.HourOf(row.Entry)));

    /// <summary>Ledger minus rollup in these hours, for the groups that differ.</summary>
    public IEnumerable<HourlyRow> GroupsApart(IReadOnlySet<long> hoursMicros)
    {
        var ledger = Rollup.Of(Ledger.Where(row => hoursMicros.Contains(Rollup.HourOf(row.Entry))));
        var hourly = Hourly.SelectMany(part => part.Rows).Where(row => hoursMicros.Contains(row.HourMicros))
            .Select(row => row with { Measures = [.. row.Measures.Select(value => -value)] });
        return Rollup.Sum(ledger.Concat(hourly)).Where(row => row.Measures.Any(value => value != 0));
    }

    /// <summary>All hours there are, in microseconds since the Unix epoch.</summary>
    public HashSet<long> Hours => [.. Ledger.Select(row => Rollup.HourOf(row.Entry)),
        .. Hourly.SelectMany(part => part.Rows).Select(row => row.HourMicros)];

    /// <summary>Hours in which the totals of some customer differ.</summary>
    public IEnumerable<long> HoursApartByCustomer(IReadOnlySet<long> hoursMicros) =>
        Rollup.Sum(GroupsApart(hoursMicros).Select(row => row with { Group = row.Group.Split(Rollup.Separator)[1] }))
            .Where(row => row.Measures.Any(value => value != 0)).Select(row => row.HourMicros).Distinct();

    private IEnumerable<StoredInsert> Since(IReadOnlyList<string> postingIds, long sinceMillis) =>
        Inserts.Where(insert => insert.PostedAtMillis >= sinceMillis && postingIds.Contains(insert.PostingId));

    public static bool Mentions(ClickHouseInsert insert, TraceId trace) => BlockRows.TracesOf(insert).Contains(trace);

    /// <summary>The windows roll over, as they do when others write.</summary>
    public void ForgetTokens() => tokens.Clear();

    private TokenWindow Window(string table)
    {
        if (!tokens.TryGetValue(table, out var found)) tokens[table] = found = new TokenWindow(window);
        return found;
    }
}
