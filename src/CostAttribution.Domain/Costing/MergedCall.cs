using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>What all spans of one call say together: the owner's word first, gaps filled from the others.</summary>
internal sealed class MergedCall
{
    private readonly ByReference<string, string> regions = new(ProviderNames.RegionFromAddress);

    public string Provider = "", Seller = "", Operation = "", ServiceTier = "", Region = "", FinishReason = "",
        ProviderProject = "", ProviderKey = "", ServerAddress = "";
    public string Account = "", Geography = "", Endpoint = "", Speed = "";
    public ModelName Model = ModelName.None;
    public ModelName RequestModel = ModelName.None;
    public Money? ReportedCost;
    public UsageVector Usage;
    public SpanFlags Flags;
    public bool Streamed, TierAsked, Vendor;

    public void FromSpan(SpanFacts span)
    {
        Provider = span.Provider;
        Seller = span.Seller;
        Operation = span.Operation;
        ServiceTier = span.ServiceTier;
        FinishReason = span.FinishReason;
        ProviderProject = span.ProviderProject;
        ProviderKey = span.ProviderKey;
        ServerAddress = span.ServerAddress;
        (Account, Geography, Endpoint, Speed) = (span.Account, span.Geography, span.Endpoint, span.Speed);
        Model = span.ResponseModel;
        RequestModel = span.RequestModel;
        ReportedCost = span.Usage.Cost;
        Usage = span.Usage.Vector;
        Flags = span.Flags;
        Streamed = (span.Traits & SpanTraits.Stream) != 0;
        TierAsked = span.TierAsked;
        Vendor = span.Dialect.VendorPushed;
    }

    /// <summary>What an item is: the rule's word on who bills it, the span's on where it belongs.</summary>
    public void FromItem(SpanFacts span, in CostItem item)
    {
        const SpanFlags ofSpan = SpanFlags.ParentLoop | SpanFlags.Orphan | SpanFlags.MissingRoot | SpanFlags.IdentityConflict
            | SpanFlags.EndBeforeStart
            | SpanFlags.Sampled | SpanFlags.ValueTruncated | SpanFlags.AttributesOverLimit;
        FromSpan(span);
        Provider = item.Rule?.Provider ?? CostItems.VectorProvider;
        Model = RequestModel = ModelName.None with { Name = item.Rule?.Model ?? CostItems.VectorItem };
        Seller = ServiceTier = Region = "";
        Usage = new UsageVector { OtherUnits = item.Units };
        ReportedCost = null;
        Flags = span.Flags & ofSpan;
    }

    public void FromCall(Call call, CallElection election, SpanFacts[] facts)
    {
        var owner = facts[call.Owner];
        FromSpan(owner);
        Flags |= call.Flags;
        var known = owner.Usage.Parts;
        for (var node = call.FirstMember; node >= 0; node = election.NextMember(node))
        {
            if (node != call.Owner) FillFrom(facts[node], owner, ref known);
        }
        Finish();
    }

    /// <summary>Settles what follows from the rest: provider from the model, region, the model to price.</summary>
    public void Finish()
    {
        if (Model.Name.Length == 0) Model = RequestModel;
        if (Provider.Length == 0) Provider = Model.Provider.Length > 0 ? Model.Provider : RequestModel.Provider;
        if (Provider.Length == 0) Provider = ProviderNames.FromAddress(ServerAddress);
        Region = Model.Region.Length > 0 ? Model.Region : RequestModel.Region;
        if (Region.Length == 0 && ServerAddress.Length > 0) Region = regions.Of(ServerAddress);
        if (TierAsked && ServiceTier.Length == 0) Flags |= SpanFlags.TierUnknown;
    }

    /// <summary>Puts the model in the place of a deployment's name, where the answer names no model of its own.</summary>
    public void ResolveDeployment(ModelDeployments deployments)
    {
        if (string.Equals(Model.Name, RequestModel.Name, StringComparison.OrdinalIgnoreCase)
            && deployments.ModelOf(Provider, Model.Name) is { } model) Model = model;
    }

    private void FillFrom(SpanFacts other, SpanFacts owner, ref UsageParts known)
    {
        if (Provider.Length == 0) Provider = other.Provider;
        if (Seller.Length == 0) Seller = other.Seller;
        if (Operation.Length == 0) Operation = other.Operation;
        if (ServiceTier.Length == 0) ServiceTier = other.ServiceTier;
        if (FinishReason.Length == 0) FinishReason = other.FinishReason;
        if (ProviderProject.Length == 0) ProviderProject = other.ProviderProject;
        if (ProviderKey.Length == 0) ProviderKey = other.ProviderKey;
        if (ServerAddress.Length == 0) ServerAddress = other.ServerAddress;
        if (Account.Length == 0) Account = other.Account;
        if (Geography.Length == 0) Geography = other.Geography;
        if (Endpoint.Length == 0) Endpoint = other.Endpoint;
        if (Speed.Length == 0) Speed = other.Speed;
        if (Model.Name.Length == 0) Model = other.ResponseModel;
        if (RequestModel.Name.Length == 0) RequestModel = other.RequestModel;
        ReportedCost ??= other.Usage.Cost;
        Streamed |= (other.Traits & SpanTraits.Stream) != 0;
        TierAsked |= other.TierAsked;
        if (other.HasUsage && owner.HasUsage) FillUsage(owner.Usage, other.Usage, ref known);
    }

    /// <summary>Takes a finer breakdown from another report, only where the totals agree.</summary>
    private void FillUsage(in ReportedUsage owner, in ReportedUsage other, ref UsageParts known)
    {
        const UsageParts cache = UsageParts.CacheRead | UsageParts.CacheWrite;
        var takesInput = (known & UsageParts.Input) == 0 && (known & cache) == 0 && (other.Parts & UsageParts.Input) != 0;
        var takesCache = (known & cache) == 0 && (other.Parts & cache) != 0 && CallElection.InputsFit(owner, other, 1);
        var takesSplit = (known & UsageParts.TtlSplit) == 0 && (other.Parts & UsageParts.TtlSplit) != 0
            && other.Vector.CacheWriteTokens + other.Vector.CacheWrite1hTokens == Usage.CacheWriteTokens;
        if (takesInput) ModalitySplit.TakeInput(ref Usage, other.Vector);
        // Other modalities on one side only: where they do not fit together, the owner's count stays whole.
        else if (takesCache) takesCache = ModalitySplit.TryTakeCacheRead(ref Usage, other.Vector, ref Flags);
        else if (CallElection.InputsFit(owner, other, 1)) ModalitySplit.TryTakeInputParts(ref Usage, other.Vector, ref Flags);
        if (takesInput || takesCache || takesSplit)
        {
            Usage.CacheWriteTokens = other.Vector.CacheWriteTokens;
            Usage.CacheWrite1hTokens = other.Vector.CacheWrite1hTokens;
            if ((other.Parts & UsageParts.TtlSplit) != 0) Flags &= ~SpanFlags.TtlUnknown;
            if ((other.Parts & UsageParts.CacheRead) != 0) Flags &= ~SpanFlags.CacheReadUnobservable;
            if ((other.Parts & UsageParts.CacheWrite) != 0) Flags &= ~SpanFlags.CacheWriteUnobservable;
            known |= other.Parts & (UsageParts.Input | cache | UsageParts.TtlSplit);
        }
        var takesOutput = (known & UsageParts.Output) == 0 && (other.Parts & UsageParts.Output) != 0;
        var takesReasoning = (known & UsageParts.Reasoning) == 0 && (other.Parts & UsageParts.Reasoning) != 0
            && owner.OutputTotal == other.OutputTotal;
        if (takesOutput) ModalitySplit.TakeOutput(ref Usage, other.Vector);
        else if (takesReasoning) takesReasoning = ModalitySplit.TryTakeReasoning(ref Usage, other.Vector);
        else if (owner.OutputTotal == other.OutputTotal) ModalitySplit.TryTakeOutputParts(ref Usage, other.Vector);
        if (!takesOutput && !takesReasoning) return;
        if ((other.Parts & UsageParts.Reasoning) != 0) Flags &= ~SpanFlags.ReasoningUnobservable;
        known |= other.Parts & (UsageParts.Output | UsageParts.Reasoning);
    }
}
