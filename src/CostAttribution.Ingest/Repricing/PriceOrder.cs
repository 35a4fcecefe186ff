using CostAttribution.ClickHouse.Repricing;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Ingest.Repricing;

/// <summary>
/// That what stands of a trace be priced by a book. Usage, owner and attribution stay as they stand, whatever costing would make
/// of the spans by now: a re-pricing changes prices alone.
/// </summary>
internal sealed class PriceOrder(RateBook book, RowFilter filter)
{
    public RateBook Book => book;

    /// <summary>Appends a reversal and a replacement for each entry that the order covers and whose price differs.</summary>
    public void Append(StandingTrace standing, List<LedgerEntry> rows, List<(LedgerEntry Old, LedgerEntry Priced)> changed)
    {
        if (standing.EntryCount == 0) return;
        foreach (var old in standing.Entries.Values.Where(filter.Holds).OrderBy(entry => entry.EntryId).ToArray())
        {
            if (EntryRepricing.Reprice(old, book, []) is not { } priced) continue;
            standing.Hold(PairFor(standing, old));
            LedgerDifference.Replace(standing, old, priced, PostingReason.Reprice, rows);
            changed.Add((old, priced));
        }
    }

    // What comes later for the entry is costed with these rates and the rules that it stands with.
    private KeptPair PairFor(StandingTrace standing, LedgerEntry old)
    {
        var rules = old.AttributionVersion;
        var attribution = standing.Pairs.FirstOrDefault(pair => pair.Key.AttributionVersion == rules)?.Attribution;
        return new KeptPair(new PairKey(book.Version, rules), book, attribution);
    }
}
