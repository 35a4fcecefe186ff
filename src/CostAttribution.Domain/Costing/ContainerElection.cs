using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>What a container is billed for.</summary>
/// <param name="HasCallsBelow">Whether rows below already count calls.</param>
/// <param name="Reported">The cost it reports, without what is billed below by a reported cost alone.</param>
internal readonly record struct BilledContainer(int Node, UsageVector Usage, bool HasCallsBelow, Money? Reported);

/// <summary>
/// Decides about spans that report totals over others (docs/dialects.md §10.6 step 4, with the residual rule of the design):
/// what is billed below a container is subtracted; only what no call below can explain is billed there. A container or tool
/// that reports a cost and no usage is billed by that cost where nothing below it is billed.
/// </summary>
internal sealed class ContainerElection
{
    private struct Below
    {
        public UsageSum Billed;

        /// <summary>Billed by reported cost alone.</summary>
        public Money Reported;
        public bool CallUsage, ContainerUsage, CallCost;

        /// <summary>
        /// Last span of any call that a span below tells: beyond the subtree, the call is billed outside, and what is billed
        /// below cannot be told exactly.
        /// </summary>
        public int Reach;
        public int SilentCalls, Calls;

        public void Add(in Below other)
        {
            Billed.Add(other.Billed);
            Reported += other.Reported;
            CallUsage |= other.CallUsage;
            ContainerUsage |= other.ContainerUsage;
            CallCost |= other.CallCost;
            Reach = Math.Max(Reach, other.Reach);
            SilentCalls += other.SilentCalls;
            Calls += other.Calls;
        }
    }

    private Below[] below = [];

    /// <summary>Containers to bill, in preorder.</summary>
    public List<BilledContainer> Billed { get; } = [];

    public void Elect(TraceTree tree, SpanFacts[] facts, CallElection calls)
    {
        Scratch.Ensure(ref below, tree.Count);
        Array.Clear(below, 0, tree.Count);
        Billed.Clear();
        for (var node = tree.Count - 1; node >= 0; node--)
        {
            ref var here = ref below[node];
            AddOwnCall(node, facts, calls, ref here);
            var span = facts[node];
            var totals = span.Role == SpanRole.Container || calls.ActsAsContainer(node);
            if (totals && span.HasUsage) ElectContainer(node, span, here.Reach > tree.SubtreeEnd(node), ref here);
            else if ((totals || span.Role == SpanRole.Tool) && span.Usage.Cost is { IsZero: false } cost)
                ElectCost(node, span, cost, ref here);
            var parent = tree.Parent(node);
            if (parent >= 0) below[parent].Add(here);
        }
        Billed.Reverse();
    }

    private static void AddOwnCall(int node, SpanFacts[] facts, CallElection calls, ref Below here)
    {
        if (calls.CallOf(node) is not { } call) return;
        if (facts[node].HasUsage) here.CallUsage = true;
        // A call without usage is billed by the cost that one of its spans reports.
        else here.CallCost |= facts[node].Usage.Cost is not null;
        if (call.Bottom == node)
        {
            here.Calls++;
            if (call.HasUsage) here.Billed.Add(facts[call.Owner].Usage);
            else if (!call.Failed) here.SilentCalls++;
        }
        here.Reach = Math.Max(here.Reach, call.Bottom);
    }

    private void ElectContainer(int node, SpanFacts span, bool isBilledOutside, ref Below here)
    {
        var surplus = UsageSum.Surplus(span.Usage, here.Billed);
        if (here.CallUsage)
        {
            span.Ownership = Ownership.Aggregate;
            if (isBilledOutside)
            {
                here.ContainerUsage = true;
                return;
            }
            span.Excess = surplus.ToVector();
            if (here.SilentCalls > 0 && surplus.IsGain) BillResidual(node, span, surplus, ref here);
            else if (surplus.InputTotal > 0 || surplus.OutputTotal > 0) span.Flags |= SpanFlags.UnexplainedResidual;
        }
        else if (here.ContainerUsage)
        {
            span.Ownership = Ownership.Aggregate;
            span.Excess = surplus.ToVector();
            if (surplus.IsGain) BillResidual(node, span, surplus, ref here);
            // Totals that exceed each other in different kinds do not speak of the same calls.
            else if (surplus.InputTotal > 0 || surplus.OutputTotal > 0) span.Flags |= SpanFlags.UnexplainedResidual;
        }
        else
        {
            var reported = span.Usage.Cost is { } cost && cost > here.Reported ? cost - here.Reported : (Money?)null;
            Bill(span, SpanFlags.AggregateFallback, new(node, span.Usage.Vector, here.Calls > 0, reported));
            here.Billed.Add(span.Usage);
            here.SilentCalls = 0;
        }
        here.ContainerUsage = true;
    }

    /// <summary>A cost without usage says nothing about what the priced spans below it cost: then it is only a total.</summary>
    private void ElectCost(int node, SpanFacts span, Money cost, ref Below here)
    {
        if (here.CallUsage || here.ContainerUsage || here.CallCost || cost <= here.Reported)
        {
            span.Ownership = Ownership.Aggregate;
            return;
        }
        var flag = here.Reported.IsZero ? SpanFlags.AggregateFallback : SpanFlags.AggregateFallbackResidual;
        // A tool's cost is of no provider call.
        Bill(span, flag, new(node, default, here.Calls > 0 || span.Role == SpanRole.Tool, cost - here.Reported));
        here.Reported = cost;
    }

    // The reported cost is of the whole, so it says nothing about the rest.
    private void BillResidual(int node, SpanFacts span, in UsageSum surplus, ref Below here)
    {
        Bill(span, SpanFlags.AggregateFallbackResidual, new(node, surplus.ToVector(), true, null));
        here.Billed.Add(surplus);
        here.SilentCalls = 0;
    }

    private void Bill(SpanFacts span, SpanFlags flag, BilledContainer container)
    {
        span.Ownership = Ownership.AggregateFallback;
        span.Flags |= flag;
        Billed.Add(container);
    }
}
