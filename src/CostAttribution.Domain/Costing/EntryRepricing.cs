using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>What a row that stands would cost by another rate book. Usage, owner and everything else stay.</summary>
public static class EntryRepricing
{
    private const string Batch = "batch";

    /// <summary>
    /// The entry at the book's prices, with the posting identity of <paramref name="standing"/>; null when its price stays. Rows
    /// that are no usage, such as adjustments, keep their price: what they follow from is settled anew for their period.
    /// </summary>
    /// <param name="standing">Not changed.</param>
    /// <param name="book">The prices.</param>
    /// <param name="moves">Calls to be priced as another model's; the first that fits counts.</param>
    public static LedgerEntry? Reprice(LedgerEntry standing, RateBook book, IReadOnlyList<ModelMove> moves)
    {
        if (standing.CostKind != CostKind.Usage || !IsPricedBy(book, standing)) return null;
        var priced = standing.Copy();
        Move(priced, moves);
        DropFee(priced, book);
        EntryPricing.Price(priced, book);
        return SamePrice(standing, priced) ? null : priced;
    }

    /// <summary>Whether two entries cost the same for the same reason; the names of cards and books do not matter.</summary>
    public static bool SamePrice(LedgerEntry a, LedgerEntry b) =>
        a.Cost.InputCost == b.Cost.InputCost && a.Cost.CacheReadCost == b.Cost.CacheReadCost
        && a.Cost.CacheWriteCost == b.Cost.CacheWriteCost && a.Cost.OutputCost == b.Cost.OutputCost
        && a.Cost.ReasoningCost == b.Cost.ReasoningCost && a.Cost.OtherCost == b.Cost.OtherCost
        && a.Cost.ListCost == b.Cost.ListCost && a.Cost.Status == b.Cost.Status && a.RetryCost == b.RetryCost
        && (a.Cost.UnpricedUnit ?? "") == (b.Cost.UnpricedUnit ?? "")
        && (a.Flags & EntryPricing.PriceFlags) == (b.Flags & EntryPricing.PriceFlags);

    // An item is what its rule counts: a book without that rule says nothing about it. What could not be read has no price.
    private static bool IsPricedBy(RateBook book, LedgerEntry entry)
    {
        if ((entry.Flags & SpanFlags.CostItemUnreadable) != 0) return false;
        return entry.CostItem.Length == 0 || entry.CostItem == CostItems.VectorItem || book.CostRules.Any(rule =>
            rule.Name == entry.CostItem && rule.Provider == entry.Provider && rule.Model == entry.Model
            && (entry.Usage.OtherUnits ?? []).Any(unit => unit.Unit == rule.Unit));
    }

    // The fee per request is a unit that the book adds: one that charges none has none.
    private static void DropFee(LedgerEntry entry, RateBook book)
    {
        var units = entry.Usage.OtherUnits ?? [];
        if (entry.Calls != 1 || !units.Contains(new UnitQuantity(UsageUnits.Requests, 1))) return;
        if (book.Charges(EntryPricing.RequestOf(entry, book), UsageUnits.Requests)) return;
        UnitQuantity[] rest = [.. units.Where(unit => unit.Unit != UsageUnits.Requests)];
        entry.Usage.OtherUnits = rest.Length == 0 ? null : rest;
    }

    // Regions and tiers of one provider mean nothing to another; a batch is one everywhere.
    private static void Move(LedgerEntry entry, IReadOnlyList<ModelMove> moves)
    {
        foreach (var move in moves)
        {
            if (entry.Model != move.FromModel || (move.FromProvider.Length > 0 && entry.Provider != move.FromProvider)) continue;
            if (move.ToProvider.Length > 0 && move.ToProvider != entry.Provider)
            {
                entry.Provider = move.ToProvider;
                entry.Seller = entry.Region = entry.Geography = entry.Endpoint = entry.Speed = "";
                entry.ProviderAccount = entry.ProviderProject = entry.ProviderKey = "";
                if (entry.ServiceTier != Batch) entry.ServiceTier = "";
            }
            entry.Model = entry.RequestModel = move.ToModel;
            // What was reported was the price of the other model.
            entry.ProviderReportedCost = null;
            return;
        }
    }
}
