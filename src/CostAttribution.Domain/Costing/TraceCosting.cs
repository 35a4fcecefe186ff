using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Costs one trace: elects which span reports each piece of usage, attributes it, prices it. A pure function of the set of
/// spans, the context, the rate book and the attribution table; the order of arrival does not matter. Work is linear in the
/// spans but for sorting them by start. A reusable worker with scratch memory of its own: not thread-safe, one per worker.
/// </summary>
public sealed class TraceCosting
{
    /// <summary>Spans between a call and the HTTP request that carried it.</summary>
    private const int HttpDepthMax = 4;

    /// <summary>
    /// Spans looked at for the calls they belong to, beyond once each; for holding the work against the size of a trace.
    /// </summary>
    internal long Steps => calls.SiblingSteps + writer.Resolver.MembersSeen;

    private readonly FactsReader reader = new();
    private readonly TraceTree tree = new();
    private readonly Lessons lessons = new();
    private readonly IdentityTable identities = new();
    private readonly CallElection calls = new();
    private readonly ContainerElection containers = new();
    private readonly CumulativeLoops loops = new();
    private readonly CallsElsewhere elsewhere = new();
    private readonly LifetimeSeries lifetimes = new();
    private readonly Attempts attempts = new();
    private readonly EntryWriter writer;
    private readonly RunSummary summary = new();
    private readonly CostItems items = new();
    private readonly MergedCall merged = new();
    private readonly Dictionary<Call, List<int>> failedRequests = [];
    private SpanFacts[] facts = [];
    private SpanFlags[] entryFlags = [];
    private int[] stepOf = [];

    private readonly int spansMax;

    public TraceCosting(CostingPolicy policy)
    {
        writer = new EntryWriter(policy);
        spansMax = policy.SpansPerTraceMax;
    }

    public TraceCosting()
        : this(CostingPolicy.Default)
    {
    }

    /// <summary>Clears <paramref name="result"/> and fills it. Never throws on data.</summary>
    public void Cost(TraceSpans trace, TraceContext context, RateBook rates, AttributionTable attribution, TraceCosts result)
    {
        result.Clear();
        tree.Build(trace);
        ReadSpans(trace, attribution, context.Final);
        calls.Elect(tree, facts);
        if (attribution.CumulativeLoopServices.Count > 0) loops.Apply(calls, facts, attribution.CumulativeLoopServices);
        lifetimes.Apply(trace, tree, facts, calls, context, result);
        containers.Elect(tree, facts, calls);
        elsewhere.Collect(calls, facts, result);
        FindFailedRequests();
        Begin(trace, context, rates, attribution, result);

        summary.Begin(trace, tree, facts, context, writer.RunId, result);
        foreach (var call in calls.Calls) PostCall(call, result);
        foreach (var container in containers.Billed) PostContainer(container, result);
        items.Find(trace, tree, facts, calls, rates, attribution.Keys);
        foreach (var item in items.Found) PostItem(item, result);
        result.Entries.Sort(TraceCosts.InOrder);
        OutcomeWriter.Write(tree, facts, entryFlags, identities, writer.Resolver, result);
        summary.Finish(tree, facts, result.Entries);
        OutsideNeeds.Collect(trace, tree, facts, calls, containers, identities, attribution, writer.Resolver, result,
            items.Found);
        result.CostRelevant |= items.Found.Count > 0;
        foreach (var span in facts.AsSpan(0, tree.Count)) result.CostRelevant |= span.HasUsage || span.Role == SpanRole.Leaf
            || span.Ownership == Ownership.AggregateFallback || span.IsDifference;
    }

    private void ReadSpans(TraceSpans trace, AttributionTable attribution, bool final)
    {
        reader.Use(attribution);
        identities.Begin(tree.Count, attribution.SlotCount);
        lessons.Begin();
        EnsureFacts();
        for (var node = 0; node < tree.Count; node++)
        {
            var span = facts[node];
            var parent = tree.Parent(node);
            reader.Read(trace, trace[tree.Position(node)], span, SpanTraits.None);
            lessons.Note(node, span);
            CostItems.TakeOwnUnits(span);
            if (tree.InLoop(node)) span.Flags |= SpanFlags.ParentLoop;
            if (final && tree.IsOrphan(node)) span.Flags |= SpanFlags.Orphan | (tree.Root < 0 ? SpanFlags.MissingRoot : 0);
            // The feature a user asked for is the outermost one; a sub-agent's name inside does not change it.
            const ulong outermost = 1UL << ((int)Dimension.Feature * 2 + 1);
            identities.Add(node, parent, reader.Reading, outermost, givesOn: !span.Dialect.VendorPushed);
            if (parent >= 0 && ChangesCustomer(node, parent)) span.Flags |= SpanFlags.IdentityConflict;
            stepOf[node] = span.IsStep ? node : parent < 0 ? -1 : stepOf[parent];
            entryFlags[node] = SpanFlags.None;
        }
        foreach (var node in lessons.Taught())
        {
            const SpanFlags fromTree = SpanFlags.ParentLoop | SpanFlags.Orphan | SpanFlags.MissingRoot
                | SpanFlags.IdentityConflict;
            var (span, kept) = (facts[node], facts[node].Flags & fromTree);
            reader.Read(trace, trace[tree.Position(node)], span, span.Dialect.LearnsFromOthers);
            CostItems.TakeOwnUnits(span);
            span.Flags |= kept;
        }
        // Said once: the rows of so large a trace are not written again for it.
        if (tree.Count >= spansMax) facts[Math.Max(tree.Root, 0)].Flags |= SpanFlags.TraceOverLimit;
    }

    private bool ChangesCustomer(int node, int parent)
    {
        const int slot = (int)Dimension.Customer * 2;
        var (value, source) = identities.Nearest(node, slot);
        return source == node && identities.Nearest(parent, slot) is { Node: >= 0 } inherited && inherited.Value != value;
    }

    private void EnsureFacts()
    {
        Scratch.Ensure(ref stepOf, tree.Count);
        Scratch.Ensure(ref entryFlags, tree.Count);
        var before = facts.Length;
        if (before < tree.Count) Array.Resize(ref facts, Math.Max(16, tree.Count));
        else if (before > Scratch.KeptMax && tree.Count <= Scratch.KeptMax) Array.Resize(ref facts, Scratch.KeptMax);
        for (var i = before; i < facts.Length; i++) facts[i] = new SpanFacts();
    }

    private void Begin(TraceSpans trace, TraceContext context, RateBook rates, AttributionTable attribution, TraceCosts result)
    {
        writer.Resolver.Begin(trace, tree, facts, identities, attribution, context);
        (writer.Context, writer.Attribution, writer.Rates, writer.TraceId) = (context, attribution, rates, trace.TraceId);
        for (var node = 0; node < tree.Count && result.ExplicitRunId.Length == 0; node++) result.ExplicitRunId =
            facts[node].RunId;
        writer.RunId = result.ExplicitRunId.Length > 0 ? result.ExplicitRunId : trace.TraceId.ToString();
        writer.RootWorkflow = tree.Root >= 0 && facts[tree.Root].Role != SpanRole.Leaf ? facts[tree.Root].Name : "";
        attempts.Begin(tree, facts);
    }

    private void PostCall(Call call, TraceCosts result)
    {
        merged.FromCall(call, calls, facts);
        merged.ResolveDeployment(writer.Attribution.Deployments);
        if (call.Adjusted) merged.Usage = call.Adjustment;
        var isElsewhere = elsewhere.IsBilledElsewhere(call, writer.Context, writer.TraceId, out var differs);
        if (isElsewhere) (merged.Usage, merged.ReportedCost) = (default, null);
        else if (differs) merged.Flags |= SpanFlags.DuplicateUsageMismatch;
        var owner = facts[call.Owner];
        for (var node = call.FirstMember; node >= 0; node = calls.NextMember(node))
        {
            facts[node].Ownership = node == call.Owner ? Ownership.Owner : Ownership.Duplicate;
            facts[node].SupersededBy = node == call.Owner ? -1 : call.Owner;
        }
        var failedWithin = PostFailedRequests(call, result);
        var entry = writer.Write(call.Owner, owner, merged, call.FirstMember, calls);
        entry.Step = StepOf(call.Top, owner);
        SetOutcome(entry, call, owner);
        if (isElsewhere)
        {
            entry.Calls = 0;
            entry.Flags = (entry.Flags & ~SpanFlags.UsageMissing) | SpanFlags.CrossTraceDuplicate;
        }
        entry.Attempt = attempts.Number(call.Top, facts[call.Top], entry, failedWithin);
        EntryPricing.Price(entry, writer.Rates);
        Post(entry, call.Owner, result);
        summary.AddCall(entry, stepOf[call.Top] >= 0);
    }

    private void SetOutcome(LedgerEntry entry, Call call, SpanFacts owner)
    {
        if (call.HasUsage)
        {
            entry.Calls = 1;
            entry.CallStatus = owner.Failed ? CallStatus.Error : CallStatus.Ok;
            return;
        }
        var cancelled = merged.Streamed && IsCancellation(owner.ErrorType);
        if (call.Failed && !cancelled)
        {
            entry.FailedCalls = 1;
            entry.CallStatus = CallStatus.Error;
            entry.Flags |= SpanFlags.FailedNoUsage;
            return;
        }
        entry.Calls = 1;
        entry.Flags |= SpanFlags.UsageMissing;
        var finished = merged.FinishReason.Length > 0 || owner.Status == SpanStatus.Ok;
        entry.CallStatus = cancelled || (merged.Streamed && !finished) ? CallStatus.Aborted : finished ? CallStatus.Ok
            : CallStatus.Unknown;
    }

    private static bool IsCancellation(string errorType) =>
        errorType.Contains("Cancel", StringComparison.OrdinalIgnoreCase)
            || errorType.Contains("Abort", StringComparison.OrdinalIgnoreCase);

    private void PostContainer(in BilledContainer container, TraceCosts result)
    {
        var node = container.Node;
        var span = facts[node];
        merged.FromSpan(span);
        merged.Finish();
        merged.ResolveDeployment(writer.Attribution.Deployments);
        merged.Usage = container.Usage;
        merged.ReportedCost = container.Reported;
        var entry = writer.Write(node, span, merged, -1, calls);
        entry.Ownership = Ownership.AggregateFallback;
        entry.Step = StepOf(node, span);
        // At least one call was made; how many is not known. Calls with rows of their own are not counted again.
        entry.Calls = container.HasCallsBelow ? (sbyte)0 : (sbyte)1;
        EntryPricing.Price(entry, writer.Rates);
        entry.CallStatus = span.Failed ? CallStatus.Error : CallStatus.Ok;
        Post(entry, node, result);
        summary.AddContainer(entry);
    }

    private void PostItem(in CostItem item, TraceCosts result)
    {
        var span = facts[item.Node];
        merged.FromItem(span, item);
        var call = calls.CallOf(item.Node);
        var entry = writer.Write(item.Node, span, merged, call?.FirstMember ?? -1, calls);
        entry.CostItem = item.Name;
        entry.Step = StepOf(call?.Top ?? item.Node, span);
        entry.CallStatus = span.Failed ? CallStatus.Error : CallStatus.Ok;
        if (item.Units is null) EntryWriter.Leave(entry, item.Rule!.Unit);
        else EntryPricing.Price(entry, writer.Rates);
        Post(entry, item.Node, result);
        summary.AddContainer(entry);
    }

    private void Post(LedgerEntry entry, int node, TraceCosts result)
    {
        entryFlags[node] |= entry.Flags;
        result.Entries.Add(entry);
    }

    private string StepOf(int top, SpanFacts owner)
    {
        var step = stepOf[top];
        if (step < 0) return owner.Name;
        var span = facts[step];
        return span.ToolName.Length > 0 ? span.ToolName : span.StepName.Length > 0 ? span.StepName : span.Name;
    }

    /// <summary>HTTP requests of a call that failed in a way clients retry: attempts of which a span exists.</summary>
    private void FindFailedRequests()
    {
        failedRequests.Clear();
        for (var node = 0; node < tree.Count; node++)
        {
            var span = facts[node];
            if (span.Role != SpanRole.Other || !span.IsHttp || span.Kind != SpanKind.Client || !span.Failed) continue;
            if (span.HttpStatus is > 0 and < 500 and not (408 or 409 or 429)) continue;
            if (CarriedCall(node) is not { } call) continue;
            if (!failedRequests.TryGetValue(call, out var requests)) failedRequests[call] = requests = [];
            requests.Add(node);
        }
    }

    private Call? CarriedCall(int node)
    {
        var at = tree.Parent(node);
        for (var depth = 0; at >= 0 && depth < HttpDepthMax; depth++, at = tree.Parent(at))
        {
            if (facts[at].Role == SpanRole.Leaf) return calls.CallOf(at);
            if (facts[at].Role != SpanRole.Other || facts[at].IsHttp) return null;
        }
        return null;
    }

    private int PostFailedRequests(Call call, TraceCosts result)
    {
        if (!failedRequests.TryGetValue(call, out var requests)) return 0;
        // A failed call's own row is its last attempt.
        var count = call.Failed ? requests.Count - 1 : requests.Count;
        var usage = merged.Usage;
        var cost = merged.ReportedCost;
        merged.Usage = default;
        merged.ReportedCost = null;
        LedgerEntry? first = null;
        for (var i = 0; i < count; i++)
        {
            var span = facts[requests[i]];
            // Whose they are takes a look at every span of the call, and is the same for all.
            var entry = first?.Copy() ?? writer.Write(call.Owner, facts[call.Owner], merged, call.FirstMember, calls);
            first ??= entry;
            (entry.SpanId, entry.ParentSpanId) = (span.SpanId, span.ParentSpanId);
            writer.SetTimes(entry, span);
            entry.Step = StepOf(call.Top, facts[call.Owner]);
            entry.FailedCalls = 1;
            entry.CallStatus = CallStatus.Error;
            entry.Attempt = (ushort)Math.Min(i + 1, ushort.MaxValue);
            entry.Flags = SpanFlags.FailedNoUsage | span.Flags;
            EntryPricing.Price(entry, writer.Rates);
            span.Ownership = Ownership.Owner;
            Post(entry, requests[i], result);
            summary.AddCall(entry, inStep: true);
        }
        merged.Usage = usage;
        merged.ReportedCost = cost;
        return count;
    }
}
