using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Domain.Ledger;
using CostAttribution.Simulation.Store;

namespace CostAttribution.Simulation.Checks;

/// <summary>
/// What must hold of the ledger's rows by themselves: ids are unique, a reversal negates one earlier entry column by column and no
/// entry has two, at most one entry stands per (trace, span, cost item), revisions count up, the cost is the sum of its parts.
/// </summary>
internal static class LedgerRules
{
    private static readonly string[] CostParts =
        ["input_cost", "cache_read_cost", "cache_write_cost", "output_cost", "reasoning_cost", "other_cost"];

    /// <summary>Checks the rows in the order of posting and returns what stands.</summary>
    public static Dictionary<LedgerKey, LedgerEntry> Check(IEnumerable<LedgerRow> rows, Findings findings)
    {
        var positive = new Dictionary<UInt128, LedgerRow>();
        var reversed = new HashSet<UInt128>();
        var reversals = new HashSet<UInt128>();
        var standing = new Dictionary<LedgerKey, LedgerEntry>();
        var revisions = new Dictionary<LedgerKey, int>();
        foreach (var row in rows)
        {
            var entry = row.Entry;
            var key = LedgerKey.Of(entry);
            CheckSums(row, findings);
            if (entry.Sign > 0)
            {
                findings.Expect(positive.TryAdd(entry.EntryId, row), () => $"{Name(entry)} stands in the ledger twice");
                findings.Expect(standing.TryAdd(key, entry), () => $"{Name(entry)} is posted while an earlier revision stands");
                findings.Expect(entry.Revision == revisions.GetValueOrDefault(key) + 1,
                    () => $"{Name(entry)} follows revision {revisions.GetValueOrDefault(key)}");
                revisions[key] = entry.Revision;
                continue;
            }
            findings.Expect(reversals.Add(entry.EntryId), () => $"the reversal of {Name(entry)} stands in the ledger twice");
            if (!positive.TryGetValue(entry.Corrects, out var corrected))
            {
                findings.Add($"the reversal of {Name(entry)} corrects an entry that does not stand before it");
                continue;
            }
            findings.Expect(reversed.Add(entry.Corrects), () => $"{Name(entry)} is reversed twice");
            CheckCopy(corrected, row, findings);
            if (standing.TryGetValue(key, out var old) && old.EntryId == entry.Corrects) standing.Remove(key);
        }
        return standing;
    }

    public static string Name(LedgerEntry entry) =>
        $"entry {entry.TraceId}/{entry.SpanId}{(entry.CostItem.Length > 0 ? "/" + entry.CostItem : "")} revision {entry.Revision} of {entry.PostingId}";

    private static void CheckSums(LedgerRow row, Findings findings)
    {
        var parts = CostParts.Aggregate((Int128)0, (sum, name) => sum + Measure(row, name));
        findings.Expect(parts == Measure(row, "cost"), () => $"{Name(row.Entry)} costs {Measure(row, "cost")}, its parts {parts}");
    }

    private static void CheckCopy(LedgerRow corrected, LedgerRow reversal, Findings findings)
    {
        var difference = EntryText.Difference(corrected.Entry, reversal.Entry, wholeFlags: true);
        findings.Expect(difference.Length == 0, () => $"the reversal of {Name(corrected.Entry)} differs: {difference}");
        findings.Expect(reversal.Entry.EntryKind == EntryKind.Reversal, () => $"the reversal of {Name(corrected.Entry)} is no reversal by kind");
        for (var i = 0; i < corrected.Measures.Count; i++)
        {
            var name = BlockRows.MeasureNames[i];
            findings.Expect(corrected.Measures[i] == -reversal.Measures[i], () => $"the reversal of {Name(corrected.Entry)} does not negate {name}");
        }
    }

    private static Int128 Measure(LedgerRow row, string name) => row.Measures[Array.IndexOf(BlockRows.MeasureNames, name)];
}
