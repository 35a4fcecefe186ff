using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>What a ledger row is about: at most one row per key stands at a time.</summary>
public readonly record struct LedgerKey(TraceId TraceId, SpanId SpanId, string CostItem)
{
    public static LedgerKey Of(LedgerEntry entry) => new(entry.TraceId, entry.SpanId, entry.CostItem);
}

/// <summary>The ledger rows of some traces, netted.</summary>
/// <param name="Standing">Positive rows that no reversal corrects, with the content they were posted with.</param>
/// <param name="RevisionMax">Highest revision ever given per key, also where nothing stands any more; the next one is one
/// higher.</param>
/// <param name="Surplus">
/// Positive rows beyond the first that stand for one key: they should not exist and are the audit's to reverse.
/// </param>
public sealed record LedgerHistory(
    IReadOnlyList<LedgerEntry> Standing, IReadOnlyDictionary<LedgerKey, int> RevisionMax, IReadOnlyList<LedgerEntry> Surplus);

/// <summary>Nets rows in any order.</summary>
internal sealed class LedgerHistoryBuilder
{
    private readonly List<LedgerEntry> positive = [];
    private readonly Dictionary<UInt128, int> reversals = [];
    private readonly Dictionary<LedgerKey, int> revisionMax = [];

    public void Add(LedgerEntry row)
    {
        var key = LedgerKey.Of(row);
        revisionMax[key] = Math.Max(row.Revision, revisionMax.GetValueOrDefault(key));
        if (row.Sign > 0) positive.Add(row);
        else reversals[row.Corrects] = reversals.GetValueOrDefault(row.Corrects) + 1;
    }

    public LedgerHistory Build()
    {
        // The newest first, so that of several standing rows the newest is the one that counts.
        positive.Sort(static (left, right) => right.Revision.CompareTo(left.Revision));
        var standing = new Dictionary<LedgerKey, LedgerEntry>();
        var surplus = new List<LedgerEntry>();
        foreach (var row in positive)
        {
            if (reversals.TryGetValue(row.EntryId, out var left) && left > 0)
            {
                reversals[row.EntryId] = left - 1;
                continue;
            }
            if (!standing.TryAdd(LedgerKey.Of(row), row)) surplus.Add(row);
        }
        return new LedgerHistory([.. standing.Values], revisionMax, surplus);
    }
}
