using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Domain.Ledger;
using CostAttribution.Simulation.Store;

namespace CostAttribution.Simulation.Checks;

/// <summary>
/// What must hold of the ledger's rows by themselves: ids are unique, a reversal negates one earlier entry column by column and no
/// entry has two, at most one entry stands per (trace, span, cost item), revisions count up, nothing is reversed to be posted again
/// unchanged, the cost is the sum of its parts.
/// </summary>
internal static class LedgerRules
{
    private static readonly string[] CostParts =
        ["input_cost", "cache_read_cost", "cache_write_cost", "output_cost", "reasoning_cost", "other_cost"];

    /// <summary>Checks all rows and returns what stands.</summary>
    public static Dictionary<LedgerKey, LedgerEntry> Check(IEnumerable<LedgerRow> rows, Findings findings)
    {
        var positive = new Dictionary<UInt128, LedgerRow>();
        var reversals = new Dictionary<UInt128, LedgerRow>();
        foreach (var row in rows)
        {
            CheckSums(row, findings);
            var isFirst = row.Entry.Sign > 0 ? positive.TryAdd(row.Entry.EntryId, row) : reversals.TryAdd(row.Entry.EntryId, row);
            findings.Expect(isFirst, () => $"{(row.Entry.Sign > 0 ? "" : "the reversal of ")}{Name(row.Entry)} stands in the ledger twice");
        }
        var reversed = new HashSet<UInt128>();
        foreach (var reversal in reversals.Values)
        {
            var of = reversal.Entry.Corrects;
            findings.Expect(reversed.Add(of), () => $"{Name(reversal.Entry)} is reversed twice");
            if (positive.TryGetValue(of, out var corrected)) CheckCopy(corrected, reversal, findings);
            else findings.Add($"the reversal of {Name(reversal.Entry)} corrects an entry that is not there");
        }
        var replacedBy = reversals.Values.GroupBy(row => row.Entry.Corrects).ToDictionary(rows => rows.Key, rows => rows.First().Entry.PostingId);
        return Standing(positive.Values, replacedBy, findings);
    }

    private static Dictionary<LedgerKey, LedgerEntry> Standing(IEnumerable<LedgerRow> positive, Dictionary<UInt128, string> reversedBy,
        Findings findings)
    {
        var standing = new Dictionary<LedgerKey, LedgerEntry>();
        foreach (var history in positive.Select(row => row.Entry).GroupBy(LedgerKey.Of))
        {
            var revision = 0;
            LedgerEntry? before = null;
            foreach (var entry in history.OrderBy(entry => entry.Revision))
            {
                // Replaced where it stood.
                if (before is not null && reversedBy.GetValueOrDefault(before.EntryId) == entry.PostingId)
                {
                    var kept = (before.RateBookVersion, before.AttributionVersion) == (entry.RateBookVersion, entry.AttributionVersion);
                    // Only to have other rates is a row priced anew, and then nothing but its price differs.
                    if (entry.Reason == PostingReason.Reprice) CheckRepriced(before, entry, findings);
                    else findings.Expect(kept, () => $"{Name(entry)} has other rates or rules than the one that it replaces");
                    findings.Expect(!EntryText.AreAlike(before, entry), () => $"{Name(entry)} says what the one says that it replaces");
                }
                before = entry;
                findings.Expect(entry.Revision == ++revision, () => $"{Name(entry)} follows revision {revision - 1}");
                if (reversedBy.ContainsKey(entry.EntryId)) continue;
                findings.Expect(standing.TryAdd(history.Key, entry), () => $"{Name(entry)} was posted while an earlier revision stood");
            }
        }
        return standing;
    }

    public static string Name(LedgerEntry entry) =>
        $"entry {entry.TraceId}/{entry.SpanId}{(entry.CostItem.Length > 0 ? "/" + entry.CostItem : "")} revision {entry.Revision} of {entry.PostingId}";

    private static readonly string[] OfPrices = ["input_cost", "cache_read_cost", "output_cost", "cost", "list_cost", "retry_cost", "price_status",
        "unpriced_unit", "rate_id", "rate_book_version", "flags"];

    private static void CheckRepriced(LedgerEntry before, LedgerEntry entry, Findings findings)
    {
        var other = EntryText.Of(before).Zip(EntryText.Of(entry)).Where(pair => !Equals(pair.First.Value, pair.Second.Value))
            .Select(pair => pair.First.Column).Except(OfPrices);
        findings.Expect(!other.Any(), () => $"{Name(entry)} was priced anew and has other {string.Join(' ', other)}");
    }

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
