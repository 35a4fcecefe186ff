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
    IReadOnlyList<LedgerEntry> Standing, IReadOnlyDictionary<LedgerKey, int> RevisionMax, IReadOnlyList<LedgerEntry> Surplus)
{
    /// <summary>Reversals that negate no posted row: they should not exist either, and count against their customers.</summary>
    public IReadOnlyList<LedgerEntry> StrayReversals { get; init; } = [];

    /// <summary>
    /// Traces with a row that this program cannot read, and why: what stands of them is not known, so nothing of them is in the
    /// other lists.
    /// </summary>
    public IReadOnlyDictionary<TraceId, string> Unreadable { get; init; } = new Dictionary<TraceId, string>();
}

/// <summary>Nets rows in any order.</summary>
internal sealed class LedgerHistoryBuilder
{
    private readonly List<LedgerEntry> positive = [];
    private readonly Dictionary<UInt128, List<LedgerEntry>> reversals = [];
    private readonly Dictionary<LedgerKey, int> revisionMax = [];
    private readonly Dictionary<TraceId, string> unreadable = [];

    public bool IsUnreadable(TraceId trace) => unreadable.Count > 0 && unreadable.ContainsKey(trace);

    /// <summary>A row of the trace cannot be read.</summary>
    public void Refuse(TraceId trace, string why) => unreadable[trace] = why;

    public void Add(LedgerEntry row)
    {
        var key = LedgerKey.Of(row);
        revisionMax[key] = Math.Max(row.Revision, revisionMax.GetValueOrDefault(key));
        if (row.Sign > 0)
        {
            positive.Add(row);
            return;
        }
        if (!reversals.TryGetValue(row.Corrects, out var rows)) reversals[row.Corrects] = rows = [];
        rows.Add(row);
    }

    public LedgerHistory Build()
    {
        if (unreadable.Count > 0) LeaveOutUnreadable();
        // The newest revision first, and of copies the one that was posted first: of several standing rows that one counts.
        positive.Sort(static (left, right) => left.Revision != right.Revision ? right.Revision.CompareTo(left.Revision)
            : left.PostedAtMillis != right.PostedAtMillis ? left.PostedAtMillis.CompareTo(right.PostedAtMillis)
            : string.CompareOrdinal(left.PostingId, right.PostingId));
        var standing = new Dictionary<LedgerKey, LedgerEntry>();
        var surplus = new List<LedgerEntry>();
        foreach (var row in positive)
        {
            if (TakeReversalOf(row)) continue;
            if (!standing.TryAdd(LedgerKey.Of(row), row)) surplus.Add(row);
        }
        return new LedgerHistory([.. standing.Values], revisionMax, surplus)
        {
            StrayReversals = [.. reversals.Values.SelectMany(static rows => rows)],
            Unreadable = unreadable,
        };
    }

    private void LeaveOutUnreadable()
    {
        positive.RemoveAll(row => unreadable.ContainsKey(row.TraceId));
        foreach (var rows in reversals.Values) rows.RemoveAll(row => unreadable.ContainsKey(row.TraceId));
        foreach (var key in revisionMax.Keys.Where(key => unreadable.ContainsKey(key.TraceId)).ToArray()) revisionMax.Remove(key);
    }

    // Two copies of an entry may say different things: a reversal takes back the one it copied.
    private bool TakeReversalOf(LedgerEntry row)
    {
        if (!reversals.TryGetValue(row.EntryId, out var rows) || rows.Count == 0) return false;
        var content = EntryContent.HashOf(row);
        var at = rows.FindIndex(reversal => EntryContent.HashOf(reversal) == content);
        if (at >= 0) rows.RemoveAt(at);
        return at >= 0;
    }
}
