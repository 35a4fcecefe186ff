using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// The price of a ledger entry: a function of what the row itself says and a rate book, so that a row that stands can be priced
/// again without its spans.
/// </summary>
public static class EntryPricing
{
    /// <summary>What the rate book says about an entry beside its price.</summary>
    public const SpanFlags PriceFlags = SpanFlags.UnknownModel | SpanFlags.CostOverflow | SpanFlags.UnitFallbackPrice
        | SpanFlags.ListPriceMissing | SpanFlags.ReportedCostDeviates;

    private const long NanosPerMicro = 1000;

    /// <summary>Prices the entry's usage, or says why not; sets cost, retry cost, version and what the book says of it.</summary>
    /// <param name="entry">With everything filled in but its price.</param>
    /// <param name="rates">The book.</param>
    public static void Price(LedgerEntry entry, RateBook rates)
    {
        ref var cost = ref entry.Cost;
        entry.RateBookVersion = rates.Version;
        entry.Flags &= ~PriceFlags;
        if (!entry.Usage.IsZero)
        {
            var request = RequestOf(entry, rates);
            // A fee per request is due once for a call, on top of its tokens; a card without one has no such unit.
            if (entry.Calls == 1 && rates.Charges(request, UsageUnits.Requests) && !Holds(entry, UsageUnits.Requests))
                entry.Usage.OtherUnits = UsageUnits.With(entry.Usage.OtherUnits, UsageUnits.Requests, 1);
            entry.PriceHangsOnCustomer = rates.TellsCustomersApart;
            Pricer.Price(rates, request, entry.Usage, ref cost);
            if (cost.Overflowed) entry.Flags |= SpanFlags.CostOverflow;
            if (cost.UsedFallback) entry.Flags |= SpanFlags.UnitFallbackPrice;
            if (cost.ListPriceMissing) entry.Flags |= SpanFlags.ListPriceMissing;
            if (entry.Model.Length == 0 || cost.Status == PriceStatus.UnpricedModel) entry.Flags |= SpanFlags.UnknownModel;
        }
        else
        {
            cost = new CostBreakdown { Status = PriceStatus.NoUsage, RateId = "" };
        }
        ReportedCosting.Settle(entry, rates);
        entry.RetryCost = entry.CallStatus is CallStatus.Error or CallStatus.Aborted ? cost.Cost : Money.Zero;
    }

    private static bool Holds(LedgerEntry entry, string unit)
    {
        foreach (var other in entry.Usage.OtherUnits ?? [])
        {
            if (other.Unit == unit) return true;
        }
        return false;
    }

    /// <summary>The question that a row asks a rate book.</summary>
    public static PricingRequest RequestOf(LedgerEntry entry, RateBook rates) => new()
    {
        Provider = entry.Provider,
        Seller = entry.Seller,
        Model = entry.Model,
        RequestModel = entry.RequestModel,
        Region = entry.Region,
        ServiceTier = ServiceTiers.Of(entry.ServiceTier, entry.Speed),
        Scope = rates.ScopeOf(entry.ProviderAccount, entry.ProviderProject, entry.ProviderKey, entry.CustomerId),
        Traits = rates.TraitsOf(entry.Geography, entry.Endpoint, entry.Speed, entry.ServiceTier),
        EventTimeNanos = entry.EventTimeMicros * NanosPerMicro,
    };
}
