using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Ledger;

/// <summary>
/// One row of <c>cost_ledger</c>: one posting of one elected span or cost item. Costing fills the content; the posting stage
/// alone gives it identity (<see cref="EntryId"/> … <see cref="PostedAtMillis"/>). Content values are those of a positive
/// row; a reversal is the same object graph with <see cref="Sign"/> −1, and the writer negates additive columns.
/// </summary>
public sealed class LedgerEntry
{
    // identity of the posting, set by the posting stage
    public UInt128 EntryId { get; set; }

    /// <summary>The entry a reversal negates or an adjustment refers to; zero for none.</summary>
    public UInt128 Corrects { get; set; }
    public EntryKind EntryKind { get; set; } = EntryKind.Usage;
    public sbyte Sign { get; set; } = 1;
    public PostingReason Reason { get; set; }
    public string PostingId { get; set; } = "";

    /// <summary>Milliseconds since the Unix epoch, UTC.</summary>
    public long PostedAtMillis { get; set; }

    /// <summary>1 for the first row of a (trace, span, cost item), +1 for every replacement.</summary>
    public int Revision { get; set; } = 1;

    // content
    public CostKind CostKind { get; set; } = CostKind.Usage;

    /// <summary>Empty for the span's usage, else the name of the rule that made the row.</summary>
    public string CostItem { get; set; } = "";

    /// <summary>Start of the span (or receive time when skewed), microseconds since the Unix epoch, UTC.</summary>
    public long EventTimeMicros { get; set; }

    /// <summary>Days since 1970-01-01 of the accounting date.</summary>
    public ushort AccountingDay { get; set; }

    public TraceId TraceId { get; set; }
    public SpanId SpanId { get; set; }
    public SpanId ParentSpanId { get; set; }

    public string RunId { get; set; } = "";
    public string Workflow { get; set; } = "";
    public string Step { get; set; } = "";
    public string Agent { get; set; } = "";
    public ushort Attempt { get; set; } = 1;
    public CallStatus CallStatus { get; set; }

    public string Operation { get; set; } = "";
    public string Provider { get; set; } = "";
    public string Model { get; set; } = "";
    public string RequestModel { get; set; } = "";
    public string ServiceTier { get; set; } = "";
    public string Region { get; set; } = "";

    /// <summary>Reseller or gateway that bills the call; empty when it is the provider itself.</summary>
    public string Seller { get; set; } = "";

    /// <summary>Account, project and key with the provider, where spans name them: contracts may be for them.</summary>
    public string ProviderAccount { get; set; } = "";
    public string ProviderProject { get; set; } = "";
    public string ProviderKey { get; set; } = "";

    /// <summary>What of the request changes its price: where it is computed, kind of endpoint, speed; empty if unknown.</summary>
    public string Geography { get; set; } = "";
    public string Endpoint { get; set; } = "";
    public string Speed { get; set; } = "";

    public string CustomerId { get; set; } = "";
    public string FeatureId { get; set; } = "";
    public string Product { get; set; } = "";
    public string Team { get; set; } = "";
    public string Environment { get; set; } = "";
    public string UserId { get; set; } = "";
    public string SessionId { get; set; } = "";
    public string Plan { get; set; } = "";
    public string Audience { get; set; } = "";

    /// <summary>Configured extra dimensions, ordered by name; empty when none.</summary>
    public KeyValuePair<string, string>[] Dimensions { get; set; } = [];
    public Evidence CustomerEvidence { get; set; }
    public Evidence FeatureEvidence { get; set; }

    private UsageVector usage;
    private CostBreakdown cost;

    /// <summary>The span's own usage, by reference: a large value on a hot path.</summary>
    public ref UsageVector Usage => ref usage;
    public ref CostBreakdown Cost => ref cost;

    /// <summary>
    /// Set by costing, not kept: the book that priced it has contracts for some customers, so that another owner may mean
    /// another price.
    /// </summary>
    public bool PriceHangsOnCustomer { get; set; }

    /// <summary>1 per elected provider call that succeeded or returned usage; else 0.</summary>
    public sbyte Calls { get; set; }

    /// <summary>1 per attempt that failed without usage; else 0.</summary>
    public sbyte FailedCalls { get; set; }

    /// <summary>Cost the provider or gateway reported on the span; null when none.</summary>
    public Money? ProviderReportedCost { get; set; }

    /// <summary>The part of the cost spent on attempts that did not succeed.</summary>
    public Money RetryCost { get; set; }

    public long RateBookVersion { get; set; }
    public long AttributionVersion { get; set; }
    public Ownership Ownership { get; set; } = Ownership.Owner;
    public SpanFlags Flags { get; set; }

    /// <summary>Another entry with the same content.</summary>
    internal LedgerEntry Copy() => (LedgerEntry)MemberwiseClone();
}
