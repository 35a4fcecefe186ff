using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>Fills ledger entries: times, names, dimensions, price.</summary>
internal sealed class EntryWriter(CostingPolicy policy)
{
    private const ulong NanosPerMicro = 1000;
    private const long MicrosPerDay = 86_400_000_000;

    private readonly ulong pastMaxNanos = (ulong)policy.StartBeforeReceiptMax.Ticks * 100;
    private readonly ulong futureMaxNanos = (ulong)policy.StartAfterReceiptMax.Ticks * 100;
    private readonly List<KeyValuePair<string, string>> extra = [];

    public EvidenceResolver Resolver { get; } = new();
    public TraceContext Context { get; set; } = TraceContext.Empty;
    public AttributionTable Attribution { get; set; } = AttributionTable.Default;
    public RateBook Rates { get; set; } = RateBook.Empty;
    public TraceId TraceId { get; set; }
    public string RunId { get; set; } = "";
    public string RootWorkflow { get; set; } = "";

    /// <param name="members">First span of the call, for values another report of it carries; −1 for none.</param>
    public LedgerEntry Write(int node, SpanFacts span, MergedCall call, int members, CallElection calls)
    {
        var entry = new LedgerEntry
        {
            TraceId = TraceId,
            SpanId = span.SpanId,
            ParentSpanId = span.ParentSpanId,
            RunId = RunId,
            Operation = call.Operation,
            Provider = call.Provider,
            Model = call.Model.Name,
            RequestModel = call.RequestModel.Name,
            ServiceTier = call.ServiceTier,
            Region = call.Region.Length > 0 ? call.Region : RegionOf(call.Geography),
            Seller = call.Seller,
            ProviderAccount = call.Account,
            ProviderProject = call.ProviderProject,
            ProviderKey = call.ProviderKey,
            Geography = call.Geography,
            Endpoint = call.Endpoint,
            Speed = call.Speed,
            ProviderReportedCost = call.ReportedCost,
            RateBookVersion = Rates.Version,
            AttributionVersion = Attribution.Version,
            Flags = call.Flags,
        };
        entry.Usage = call.Usage;
        SetTimes(entry, span);
        SetDimensions(entry, node, span, call, members, calls);
        return entry;
    }

    /// <summary>Says that the entry costs something, and that how much of the unit it is cannot be read.</summary>
    public static void Leave(LedgerEntry entry, string unit)
    {
        entry.Cost = new CostBreakdown { Status = PriceStatus.UnpricedUnit, UnpricedUnit = unit, RateId = "" };
        entry.Flags |= SpanFlags.CostItemUnreadable;
    }

    // Where a provider computes is its region, unless it says that this is anywhere.
    private static string RegionOf(string geography) =>
        geography is "" or "global" or "not_available" or "default" ? "" : geography.ToLowerInvariant();

    public void SetTimes(LedgerEntry entry, SpanFacts span)
    {
        // Two clocks meet here: a start that no sane clock gives must not reach a partition of another year.
        var start = span.Start;
        var tooOld = span.Received > pastMaxNanos && start < span.Received - pastMaxNanos;
        var tooNew = start > span.Received && start - span.Received > futureMaxNanos;
        if (tooOld || tooNew)
        {
            start = span.Received;
            entry.Flags |= SpanFlags.ClockSkew;
        }
        entry.EventTimeMicros = (long)Math.Min(start / NanosPerMicro, long.MaxValue / NanosPerMicro);
        entry.AccountingDay = (ushort)Math.Min(entry.EventTimeMicros / MicrosPerDay, ushort.MaxValue);
    }

    private void SetDimensions(LedgerEntry entry, int node, SpanFacts span, MergedCall call, int members, CallElection calls)
    {
        Resolver.Subject = new RuleSubject(span.Resource.Service, call.Provider, call.ProviderProject, call.ProviderKey);
        (entry.CustomerId, entry.CustomerEvidence) = Resolver.Resolve(node, members, calls, (int)Dimension.Customer);
        (entry.FeatureId, entry.FeatureEvidence) = Resolver.Resolve(node, members, calls, (int)Dimension.Feature);
        entry.Product = Value(Dimension.Product);
        entry.Team = Value(Dimension.Team);
        entry.Environment = Value(Dimension.Environment);
        entry.Workflow = Value(Dimension.Workflow);
        if (entry.Workflow.Length == 0) entry.Workflow = RootWorkflow;
        entry.Agent = Value(Dimension.Agent);
        entry.SessionId = Value(Dimension.Session);
        entry.UserId = Value(Dimension.User);
        entry.Plan = Value(Dimension.Plan);
        entry.Audience = Value(Dimension.Audience);
        if (entry.CustomerEvidence is Evidence.Run or Evidence.Session or Evidence.Rule)
            entry.Flags |= SpanFlags.IdentityInferred;

        extra.Clear();
        for (var i = DimensionNames.BuiltIn.Count; i < Attribution.Dimensions.Count; i++)
        {
            var value = Resolver.Resolve(node, members, calls, i).Value;
            if (value.Length > 0) extra.Add(new(Attribution.Dimensions[i], value));
        }
        if (extra.Count > 0) entry.Dimensions = [.. extra];

        string Value(Dimension dimension) => Resolver.Resolve(node, members, calls, (int)dimension).Value;
    }
}
