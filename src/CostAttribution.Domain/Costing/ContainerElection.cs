using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Decides about spans that report totals over others (docs/dialects.md §10.6 step 4, with the residual rule of the design):
/// what is billed below a container is subtracted; only what no call below can explain is billed there.
/// </summary>
internal sealed class ContainerElection
{
    private struct Below
    {
        public UsageSum Billed;
        public bool CallUsage, ContainerUsage;

        /// <summary>A span below repeats a call that stands outside: what is billed below cannot be told exactly.</summary>
        public bool Foreign;
        public int SilentCalls, Calls;

        public void Add(in Below other)
        {
            Billed.Add(other.Billed);
            CallUsage |= other.CallUsage;
            ContainerUsage |= other.ContainerUsage;
            Foreign |= other.Foreign;
            SilentCalls += other.SilentCalls;
            Calls += other.Calls;
        }
    }

    private Below[] below = [];

    /// <summary>
    /// Containers to bill, in preorder, with what to bill; <c>Calls</c> says whether rows below already count calls.
    /// </summary>
    public List<(int Node, UsageVector Usage, bool HasCallsBelow)> Billed { get; } = [];

    public void Elect(TraceTree tree, SpanFacts[] facts, CallElection calls)
    {
        Scratch.Ensure(ref below, tree.Count);
        Array.Clear(below, 0, tree.Count);
        Billed.Clear();
        for (var node = tree.Count - 1; node >= 0; node--)
        {
            ref var here = ref below[node];
            AddOwnCall(node, tree, facts, calls, ref here);
            var span = facts[node];
            var totals = span.Role == SpanRole.Container || calls.ActsAsContainer(node);
            if (totals && span.HasUsage) ElectContainer(node, span, ref here);
            var parent = tree.Parent(node);
            if (parent >= 0) below[parent].Add(here);
        }
        Billed.Reverse();
    }

    private static void AddOwnCall(int node, TraceTree tree, SpanFacts[] facts, CallElection calls, ref Below here)
    {
        if (calls.CallOf(node) is not { } call) return;
        if (facts[node].HasUsage) here.CallUsage = true;
        if (call.Bottom == node)
        {
            here.Calls++;
            if (call.HasUsage) here.Billed.Add(facts[call.Owner].Usage);
            else if (!call.Failed) here.SilentCalls++;
        }
        else if (!tree.Holds(node, call.Bottom))
        {
            here.Foreign = true;
        }
    }

    private void ElectContainer(int node, SpanFacts span, ref Below here)
    {
        var surplus = UsageSum.Surplus(span.Usage, here.Billed);
        if (here.CallUsage)
        {
            span.Ownership = Ownership.Aggregate;
            span.Excess = surplus.ToVector();
            if (here.SilentCalls > 0 && !here.Foreign && surplus.IsGain)
                Bill(node, span, surplus, SpanFlags.AggregateFallbackResidual, ref here);
            else if (surplus.InputTotal > 0 || surplus.OutputTotal > 0)
                span.Flags |= SpanFlags.UnexplainedResidual;
        }
        else if (here.ContainerUsage)
        {
            span.Ownership = Ownership.Aggregate;
            span.Excess = surplus.ToVector();
            if (surplus.IsGain) Bill(node, span, surplus, SpanFlags.AggregateFallbackResidual, ref here);
        }
        else
        {
            span.Ownership = Ownership.AggregateFallback;
            span.Flags |= SpanFlags.AggregateFallback;
            if (span.Dialect.LifetimeTotals) span.Flags |= SpanFlags.CumulativeSuspect;
            Billed.Add((node, span.Usage.Vector, here.Calls > 0));
            here.Billed.Add(span.Usage);
            here.SilentCalls = 0;
        }
        here.ContainerUsage = true;
    }

    private void Bill(int node, SpanFacts span, in UsageSum surplus, SpanFlags flag, ref Below here)
    {
        span.Ownership = Ownership.AggregateFallback;
        span.Flags |= flag;
        Billed.Add((node, surplus.ToVector(), true));
        here.Billed.Add(surplus);
        here.SilentCalls = 0;
    }
}
