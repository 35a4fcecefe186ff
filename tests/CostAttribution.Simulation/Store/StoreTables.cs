using System.IO.Hashing;
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

    public bool IsEmpty => Inserts.Count == 0;

    public IEnumerable<LedgerRow> LedgerOf(IReadOnlySet<TraceId> traces) =>
        Ledger.Where(row => traces.Contains(row.Entry.TraceId));

    public IEnumerable<FactsRow> FactsOf(IReadOnlySet<TraceId> traces) =>
        Facts.Where(row => traces.Contains(row.Stored.TraceId));

    /// <summary>Applies an insert; returns what happened, for the log.</summary>
    public string Apply(ClickHouseInsert insert, DateTimeOffset now, bool viewFails, Sabotage sabotage)
    {
        if (insert.Table == View) return ApplyToView(insert, now);
        var rows = BlockRows.Read(insert, now);
        if (hashOfToken.TryGetValue(rows.Token, out var before) && before != rows.Hash)
            throw new SimulationFailure($"token {rows.Token} came again with other bytes");
        hashOfToken[rows.Token] = rows.Hash;

        var isNew = !Window(rows.Table).Contains(rows.Token);
        if (isNew)
        {
            rows = sabotage.Change(rows);
            Inserts.Add(rows);
            if (sabotage.Kind != SabotageKind.ForgetsTokens) Window(rows.Table).Add(rows.Token);
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

    /// <summary>The machine of the store crashed: what it had applied after <paramref name="since"/> may be gone, part by part.</summary>
    public int Lose(DateTimeOffset since, Dice dice)
    {
        var lost = 0;
        foreach (var insert in Inserts.Where(insert => insert.AppliedAt > since).ToArray())
        {
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

    /// <summary>What the rollup lacks of the ledger in some hours, group by group.</summary>
    public IEnumerable<HourlyRow> Apart(IReadOnlySet<long> hours)
    {
        var ledger = Rollup.Of(Ledger.Where(row => hours.Contains(Rollup.HourOf(row.Entry))));
        var hourly = Hourly.SelectMany(part => part.Rows).Where(row => hours.Contains(row.HourMicros))
            .Select(row => row with { Measures = [.. row.Measures.Select(value => -value)] });
        return Rollup.Sum(ledger.Concat(hourly)).Where(row => row.Measures.Any(value => value != 0))
            .OrderBy(row => row.HourMicros).ThenBy(row => row.Group, StringComparer.Ordinal);
    }

    // Rows written to the rollup itself, by a repair.
    private string ApplyToView(ClickHouseInsert insert, DateTimeOffset now)
    {
        var hash = XxHash3.HashToUInt64(insert.NativeBlock.Span);
        if (hashOfToken.TryGetValue(insert.DeduplicationToken, out var before) && before != hash)
            throw new SimulationFailure($"token {insert.DeduplicationToken} came again with other bytes");
        hashOfToken[insert.DeduplicationToken] = hash;
        if (Window(View).Contains(insert.DeduplicationToken)) return "known";
        Window(View).Add(insert.DeduplicationToken);
        var source = new StoredInsert
        {
            Table = View, Token = insert.DeduplicationToken, PostingId = "", Hash = hash, RowCount = 0, AppliedAt = now,
        };
        Hourly.Add((source, Rollup.FromBlock(insert.NativeBlock)));
        return "applied";
    }

    private TokenWindow Window(string table)
    {
        if (!tokens.TryGetValue(table, out var found)) tokens[table] = found = new TokenWindow(window);
        return found;
    }
}
