using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>Lays the cost that a provider reported beside ours, and takes it where the book says so.</summary>
internal static class ReportedCosting
{
    /// <summary>Reported costs are often rounded to a millionth of a dollar: less than that is no difference.</summary>
    private static readonly Int128 DifferenceMinPico = 1_000_000;

    private const long NanosPerMicro = 1000;

    /// <summary>
    /// Comes after the entry's own price. Both numbers stay on the row: where the reported one counts, ours at list is
    /// <c>list_cost</c>, priced by the card that the row names.
    /// </summary>
    public static void Settle(LedgerEntry entry, RateBook rates)
    {
        entry.Flags &= ~SpanFlags.ReportedCostDeviates;
        if (entry.ProviderReportedCost is not { } reported) return;
        ref var cost = ref entry.Cost;
        var rule = rates.ReportedCosts.For(entry.Provider, entry.Seller, entry.EventTimeMicros * NanosPerMicro);
        if (cost.Status is PriceStatus.Priced or PriceStatus.Free && Deviates(cost.Cost, reported, rule.AlertAbove))
            entry.Flags |= SpanFlags.ReportedCostDeviates;
        if (!Takes(rule.Take, entry)) return;
        cost = new CostBreakdown
        {
            Status = PriceStatus.ProviderReported, OtherCost = reported, ListCost = cost.ListCost, RateId = cost.RateId,
            UnpricedUnit = cost.UnpricedUnit,
        };
    }

    private static bool Takes(ReportedCostUse use, LedgerEntry entry)
    {
        if (entry.Usage.IsZero || entry.Model.Length == 0) return true;
        // What made ours too large to be true may have made theirs, too.
        var isUnknown = entry.Cost.Status is PriceStatus.UnpricedModel or PriceStatus.UnpricedUnit && !entry.Cost.Overflowed;
        return use == ReportedCostUse.Reported || (use == ReportedCostUse.ReportedIfUnpriced && isUnknown);
    }

    private static bool Deviates(Money ours, Money theirs, Rational above)
    {
        var difference = Int128.Abs(theirs.PicoUsd - ours.PicoUsd);
        return difference >= DifferenceMinPico && new Rational(difference, 1) > above * new Rational(ours.PicoUsd, 1);
    }
}
