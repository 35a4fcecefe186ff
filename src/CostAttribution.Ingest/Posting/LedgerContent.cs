using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Ingest.Posting;

/// <summary>Compares and copies what a ledger row says, apart from how and when it was posted.</summary>
internal static class LedgerContent
{
    // Says how a row came about, not what it is.
    private const SpanFlags PostingFlags = SpanFlags.LateCorrection | SpanFlags.SnapshotMissing;

    /// <summary>
    /// Whether a replacement would say nothing new. The attribution version alone is no news: where the rules of a standing entry
    /// were not kept, today's that say the same leave it standing.
    /// </summary>
    public static bool Equal(LedgerEntry a, LedgerEntry b) =>
        SameContext(a, b) && SameOwner(a, b) && SameUsage(a.Usage, b.Usage) && SameCost(a.Cost, b.Cost)
        && a.Calls == b.Calls && a.FailedCalls == b.FailedCalls && a.ProviderReportedCost == b.ProviderReportedCost
        && a.RetryCost == b.RetryCost && a.RateBookVersion == b.RateBookVersion
        && a.Ownership == b.Ownership && (a.Flags & ~PostingFlags) == (b.Flags & ~PostingFlags);

    /// <summary>
    /// Whether the same rate card question is asked about the same quantities. Another customer is another question where
    /// contracts tell customers apart.
    /// </summary>
    public static bool SamePricedUsage(LedgerEntry a, LedgerEntry b) =>
        (a.CustomerId == b.CustomerId || !(a.PriceHangsOnCustomer || b.PriceHangsOnCustomer))
        && a.EventTimeMicros == b.EventTimeMicros && a.Provider == b.Provider && a.Model == b.Model
        && a.RequestModel == b.RequestModel && a.ServiceTier == b.ServiceTier && a.Region == b.Region
        && SameBilling(a, b) && a.ProviderReportedCost == b.ProviderReportedCost && SameUsage(a.Usage, b.Usage);

    /// <summary>A copy with its own posting identity to be filled in.</summary>
    public static LedgerEntry Copy(LedgerEntry from)
    {
        var copy = new LedgerEntry
        {
            CostKind = from.CostKind, CostItem = from.CostItem, EventTimeMicros = from.EventTimeMicros,
            AccountingDay = from.AccountingDay, TraceId = from.TraceId, SpanId = from.SpanId, ParentSpanId = from.ParentSpanId,
            RunId = from.RunId, Workflow = from.Workflow, Step = from.Step, Agent = from.Agent, Attempt = from.Attempt,
            CallStatus = from.CallStatus, Operation = from.Operation, Provider = from.Provider, Model = from.Model,
            RequestModel = from.RequestModel, ServiceTier = from.ServiceTier, Region = from.Region, Seller = from.Seller,
            ProviderAccount = from.ProviderAccount, ProviderProject = from.ProviderProject, ProviderKey = from.ProviderKey,
            Geography = from.Geography, Endpoint = from.Endpoint, Speed = from.Speed, CustomerId = from.CustomerId,
            FeatureId = from.FeatureId, Product = from.Product, Team = from.Team, Environment = from.Environment,
            UserId = from.UserId, SessionId = from.SessionId, Plan = from.Plan, Audience = from.Audience,
            Dimensions = from.Dimensions, CustomerEvidence = from.CustomerEvidence, FeatureEvidence = from.FeatureEvidence,
            Calls = from.Calls, FailedCalls = from.FailedCalls, ProviderReportedCost = from.ProviderReportedCost,
            RetryCost = from.RetryCost, RateBookVersion = from.RateBookVersion, AttributionVersion = from.AttributionVersion,
            Ownership = from.Ownership, Flags = from.Flags,
        };
        copy.Usage = from.Usage;
        copy.Cost = from.Cost;
        return copy;
    }

    private static bool SameContext(LedgerEntry a, LedgerEntry b) =>
        a.CostKind == b.CostKind && a.CostItem == b.CostItem && a.EventTimeMicros == b.EventTimeMicros
        && a.AccountingDay == b.AccountingDay && a.TraceId == b.TraceId && a.SpanId == b.SpanId
        && a.ParentSpanId == b.ParentSpanId && a.RunId == b.RunId && a.Workflow == b.Workflow && a.Step == b.Step
        && a.Agent == b.Agent && a.Attempt == b.Attempt && a.CallStatus == b.CallStatus && a.Operation == b.Operation
        && a.Provider == b.Provider && a.Model == b.Model && a.RequestModel == b.RequestModel && a.ServiceTier == b.ServiceTier
        && a.Region == b.Region && SameBilling(a, b);

    private static bool SameBilling(LedgerEntry a, LedgerEntry b) =>
        a.Seller == b.Seller && a.ProviderAccount == b.ProviderAccount && a.ProviderProject == b.ProviderProject
        && a.ProviderKey == b.ProviderKey && a.Geography == b.Geography && a.Endpoint == b.Endpoint && a.Speed == b.Speed;

    private static bool SameOwner(LedgerEntry a, LedgerEntry b) =>
        a.CustomerId == b.CustomerId && a.FeatureId == b.FeatureId && a.Product == b.Product && a.Team == b.Team
        && a.Environment == b.Environment && a.UserId == b.UserId && a.SessionId == b.SessionId && a.Plan == b.Plan
        && a.Audience == b.Audience && a.CustomerEvidence == b.CustomerEvidence && a.FeatureEvidence == b.FeatureEvidence
        && a.Dimensions.AsSpan().SequenceEqual(b.Dimensions);

    private static bool SameUsage(in UsageVector a, in UsageVector b) =>
        a.InputTokens == b.InputTokens && a.CacheReadTokens == b.CacheReadTokens && a.CacheWriteTokens == b.CacheWriteTokens
        && a.CacheWrite1hTokens == b.CacheWrite1hTokens && a.OutputTokens == b.OutputTokens
        && a.ReasoningTokens == b.ReasoningTokens && (a.OtherUnits ?? []).AsSpan().SequenceEqual(b.OtherUnits ?? []);

    private static bool SameCost(in CostBreakdown a, in CostBreakdown b) =>
        a.InputCost == b.InputCost && a.CacheReadCost == b.CacheReadCost && a.CacheWriteCost == b.CacheWriteCost
        && a.OutputCost == b.OutputCost && a.ReasoningCost == b.ReasoningCost && a.OtherCost == b.OtherCost
        && a.ListCost == b.ListCost && a.Status == b.Status && (a.RateId ?? "") == (b.RateId ?? "")
        && (a.UnpricedUnit ?? "") == (b.UnpricedUnit ?? "");
}
