using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Costing;

// Which items there are hangs on the rules of a rate book, unlike who owns a call.
internal sealed partial class CostingStage
{
    private static readonly Comparer<LedgerEntry> EntryOrder = Comparer<LedgerEntry>.Create(TraceCosts.InOrder);

    /// <summary>
    /// Puts the items together: one that stands as its own rules say; of a span that was posted before, what the rules of the
    /// trace's earliest entry say, so that a new rule changes nothing about it; of a new span what today's rules say.
    /// </summary>
    private bool TakeItems(OpenTrace trace, TraceContext context, KeptPair basis)
    {
        var standing = trace.Standing;
        var anyStands = standing.Entries.Keys.Any(key => key.CostItem.Length > 0);
        var anyHere = costs.Entries.Exists(entry => entry.CostItem.Length > 0);
        var hasNew = standing.KnownSpans < trace.Spans.Count && current.Rates!.CostRules.Count > 0;
        if (!anyStands && !anyHere && !hasNew) return false;

        var pairs = new List<KeptPair>();
        foreach (var (key, old) in standing.Entries)
        {
            if (key.CostItem.Length > 0) AddPair(PairOf(standing, old));
        }
        if (standing.KnownSpans < trace.Spans.Count) AddPair(current);
        costs.Entries.RemoveAll(entry => entry.CostItem.Length > 0 && PairOfItem(trace, entry, basis)?.Key != basis.Key);
        foreach (var pair in pairs)
        {
            foreach (var entry in CostsWith(trace, context, pair).Entries)
            {
                if (entry.CostItem.Length == 0 || PairOfItem(trace, entry, basis)?.Key != pair.Key) continue;
                if (!pair.IsWhole) entry.Flags |= SpanFlags.SnapshotMissing;
                LackedSnapshot |= !pair.IsWhole;
                costs.Entries.Add(entry);
            }
        }
        if (anyStands) KeepUnknowable(standing);
        costs.Entries.Sort(TraceCosts.InOrder);
        return true;

        void AddPair(KeptPair pair)
        {
            if (pair.Key != basis.Key && !pairs.Exists(known => known.Key == pair.Key)) pairs.Add(pair);
        }
    }

    // Null where the rules were not kept that would say whether a span that was posted before has the item.
    private KeptPair? PairOfItem(OpenTrace trace, LedgerEntry entry, KeptPair basis)
    {
        if (trace.Standing.Entries.TryGetValue((entry.SpanId, entry.CostItem), out var old)) return PairOf(trace.Standing, old);
        if (trace.Spans.Find(entry.SpanId) >= trace.Standing.KnownSpans) return current;
        return basis.Rates is null ? null : basis;
    }

    // Rules that were not kept cannot say that an item is gone.
    private void KeepUnknowable(StandingTrace standing)
    {
        foreach (var (key, old) in standing.Entries)
        {
            if (key.CostItem.Length == 0 || PairOf(standing, old).Rates is not null) continue;
            if (!costs.Entries.Exists(entry => entry.SpanId == key.SpanId && entry.CostItem == key.CostItem))
                costs.Entries.Add(LedgerContent.Copy(old));
        }
    }

    private static LedgerEntry? TwinOf(LedgerEntry entry, TraceCosts other)
    {
        var at = other.Entries.BinarySearch(entry, EntryOrder);
        return at < 0 ? null : other.Entries[at];
    }
}
