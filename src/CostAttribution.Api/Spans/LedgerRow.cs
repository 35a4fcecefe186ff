using CostAttribution.Api.Reading;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Spans;

/// <summary>One row of <c>cost_ledger</c>. On a reversal every measure has its opposite sign.</summary>
public sealed record LedgerRow
{
    /// <summary>Identity of the row, 32 hexadecimal digits.</summary>
    public required string EntryId { get; init; }

    /// <summary>The row this one takes back or refers to; empty when none.</summary>
    public required string Corrects { get; init; }

    /// <summary>How the row came about: usage, reversal, allocation or adjustment.</summary>
    public required string EntryKind { get; init; }

    /// <summary>What the row is: usage, allocation or adjustment.</summary>
    public required string CostKind { get; init; }

    /// <summary>1, or −1 on a reversal.</summary>
    public required long Sign { get; init; }

    /// <summary>Empty for the span's own usage, else the rule that made the row.</summary>
    public required string CostItem { get; init; }

    /// <summary>Why it was posted.</summary>
    public required string Reason { get; init; }

    /// <summary>The posting it came with.</summary>
    public required string PostingId { get; init; }

    /// <summary>When it was posted.</summary>
    public required DateTimeOffset PostedAt { get; init; }

    /// <summary>Start of the span, or when it was received if its clock was wrong.</summary>
    public required DateTimeOffset EventTime { get; init; }

    /// <summary>UTC date it counts in.</summary>
    public required string AccountingDate { get; init; }

    /// <summary>Trace, 32 hexadecimal digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>Span, 16 hexadecimal digits.</summary>
    public required string SpanId { get; init; }

    /// <summary>Span above; empty on a root.</summary>
    public required string ParentSpanId { get; init; }

    /// <summary>The run it belongs to.</summary>
    public required string RunId { get; init; }

    /// <summary>Name of the workflow.</summary>
    public required string Workflow { get; init; }

    /// <summary>Nearest named step or tool above, else the span's name.</summary>
    public required string Step { get; init; }

    /// <summary>Name of the agent.</summary>
    public required string Agent { get; init; }

    /// <summary>1 for the first attempt of a call.</summary>
    public required long Attempt { get; init; }

    /// <summary>ok, error, aborted or unknown.</summary>
    public required string CallStatus { get; init; }

    /// <summary>Kind of call.</summary>
    public required string Operation { get; init; }

    /// <summary>Who sold the call.</summary>
    public required string Provider { get; init; }

    /// <summary>Model that answered, else the one asked for.</summary>
    public required string Model { get; init; }

    /// <summary>Model that was asked for.</summary>
    public required string RequestModel { get; init; }

    /// <summary>Provider's service tier; empty when unknown.</summary>
    public required string ServiceTier { get; init; }

    /// <summary>Provider's region; empty when unknown.</summary>
    public required string Region { get; init; }

    /// <summary>Reseller or gateway that bills the call instead of the provider; empty otherwise.</summary>
    public required string Seller { get; init; }

    /// <summary>Whose and for what.</summary>
    public required Attribution Attribution { get; init; }

    /// <summary>What was used.</summary>
    public required SpanUsage Usage { get; init; }

    /// <summary>Provider calls that succeeded or returned usage.</summary>
    public required long Calls { get; init; }

    /// <summary>Attempts that failed without usage.</summary>
    public required long FailedCalls { get; init; }

    /// <summary>USD by component.</summary>
    public required CostComponents Components { get; init; }

    /// <summary>The sum of the components, USD.</summary>
    public required Money Cost { get; init; }

    /// <summary>The same usage at list price, USD.</summary>
    public required Money ListCost { get; init; }

    /// <summary>What the provider or gateway said it cost, USD; null when it said nothing.</summary>
    public required Money? ProviderReportedCost { get; init; }

    /// <summary>The part of cost spent on an attempt that did not succeed, USD.</summary>
    public required Money RetryCost { get; init; }

    /// <summary>How the cost was found.</summary>
    public required string PriceStatus { get; init; }

    /// <summary>The unit that has no price; empty when all have one.</summary>
    public required string UnpricedUnit { get; init; }

    /// <summary>The rate that priced it; empty when none did.</summary>
    public required string RateId { get; init; }

    /// <summary>Rate book that priced it.</summary>
    public required long RateBookVersion { get; init; }

    /// <summary>Attribution rules that decided whose it is.</summary>
    public required long AttributionVersion { get; init; }

    /// <summary>owner, or aggregate_fallback.</summary>
    public required string Ownership { get; init; }

    /// <summary>Guesses and oddities by name.</summary>
    public required IReadOnlyList<string> Flags { get; init; }
}

/// <summary>Usage in disjoint kinds.</summary>
public sealed record SpanUsage
{
    /// <summary>Input neither read from nor written to a cache.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Input read from a cache.</summary>
    public required long CacheReadTokens { get; init; }

    /// <summary>Input written to a cache with a five-minute or an unknown time to live.</summary>
    public required long CacheWriteTokens { get; init; }

    /// <summary>Input written to a cache with a one-hour time to live.</summary>
    public required long CacheWrite1hTokens { get; init; }

    /// <summary>Output without reasoning.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Reasoning output.</summary>
    public required long ReasoningTokens { get; init; }

    /// <summary>Quantities of all other units by unit.</summary>
    public required IReadOnlyDictionary<string, long> OtherUnits { get; init; }

    internal bool IsZero =>
        (InputTokens | CacheReadTokens | CacheWriteTokens | CacheWrite1hTokens | OutputTokens | ReasoningTokens) == 0
            && OtherUnits.Count == 0;

    internal static SpanUsage Read(StoreRow row) => new()
    {
        InputTokens = row.Count("input_tokens"),
        CacheReadTokens = row.Count("cache_read_tokens"),
        CacheWriteTokens = row.Count("cache_write_tokens"),
        CacheWrite1hTokens = row.Count("cache_write_1h_tokens"),
        OutputTokens = row.Count("output_tokens"),
        ReasoningTokens = row.Count("reasoning_tokens"),
        OtherUnits = row.CountMap("other_units"),
    };
}

/// <summary>Cost by component, USD.</summary>
public sealed record CostComponents
{
    /// <summary>Uncached input.</summary>
    public required Money Input { get; init; }

    /// <summary>Input read from a cache.</summary>
    public required Money CacheRead { get; init; }

    /// <summary>Cache writes of either time to live.</summary>
    public required Money CacheWrite { get; init; }

    /// <summary>Output without reasoning.</summary>
    public required Money Output { get; init; }

    /// <summary>Reasoning output.</summary>
    public required Money Reasoning { get; init; }

    /// <summary>Everything that is not one of the token kinds.</summary>
    public required Money Other { get; init; }
}

/// <summary>Whose cost it is and for what; empty = unattributed.</summary>
public sealed record Attribution
{
    /// <summary>Customer.</summary>
    public required string Customer { get; init; }

    /// <summary>Where the customer was found: none, own, ancestor, link, run, resource, session or rule.</summary>
    public required string CustomerEvidence { get; init; }

    /// <summary>Feature.</summary>
    public required string Feature { get; init; }

    /// <summary>Where the feature was found.</summary>
    public required string FeatureEvidence { get; init; }

    /// <summary>Product.</summary>
    public required string Product { get; init; }

    /// <summary>Team.</summary>
    public required string Team { get; init; }

    /// <summary>Deployment environment.</summary>
    public required string Environment { get; init; }

    /// <summary>End user.</summary>
    public required string User { get; init; }

    /// <summary>Session or conversation.</summary>
    public required string Session { get; init; }

    /// <summary>The customer's plan.</summary>
    public required string Plan { get; init; }

    /// <summary>For whom the work was done.</summary>
    public required string Audience { get; init; }

    /// <summary>Configured extra dimensions by name.</summary>
    public required IReadOnlyDictionary<string, string> Dimensions { get; init; }
}
