using System.Runtime.InteropServices;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Joins calls that two instrumentations report side by side: different scopes under one parent, overlapping, the same model
/// family, equal output within a token and inputs that fit. Two calls of one scope are never one.
/// </summary>
internal sealed class SiblingCalls
{
    /// <summary>Open calls with the same parent and output that one call is compared with; more are left apart.</summary>
    private const int ComparedMax = 64;

    /// <summary>Spans of one call that are compared with those of another; calls of more are left apart.</summary>
    private const int MembersMax = 16;

    /// <summary>Pairs of spans compared so far.</summary>
    public long Steps { get; private set; }

    private readonly Dictionary<(ulong Parent, long Output), List<Call>> open = [];
    private readonly Stack<List<Call>> spare = new();
    private readonly Dictionary<ulong, List<Call>?> silent = [];

    public void Merge(CallElection election, TraceTree tree, SpanFacts[] facts)
    {
        for (var node = 0; node < tree.Count; node++)
        {
            if (election.StandingAt(node) is not { HasUsage: true } call) continue;
            if (Find(election, facts, call) is { } twin) election.Join(call, twin);
            else Keep(facts, call);
        }
        MarkSilent(election, tree, facts);
        foreach (var list in open.Values)
        {
            list.Clear();
            if (spare.Count < ComparedMax) spare.Push(list);
        }
        open.Clear();
    }

    /// <summary>
    /// A call without usage beside one with usage from another instrumentation may be that call: nothing proves it, so both
    /// stand, and the silent one says so.
    /// </summary>
    private void MarkSilent(CallElection election, TraceTree tree, SpanFacts[] facts)
    {
        silent.Clear();
        for (var node = 0; node < tree.Count; node++)
        {
            if (election.StandingAt(node) is not { HasUsage: false, Failed: false } call) continue;
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(silent, facts[node].ParentSpanId.Value, out _);
            list ??= [];
            if (list.Count < ComparedMax) list.Add(call);
        }
        if (silent.Count == 0) return;
        for (var node = 0; node < tree.Count; node++)
        {
            if (election.StandingAt(node) is not { HasUsage: true } call) continue;
            if (!silent.TryGetValue(facts[node].ParentSpanId.Value, out var list)) continue;
            foreach (var other in list!)
            {
                var (told, untold) = (facts[call.Owner], facts[other.Owner]);
                if (told.Scope.Name == untold.Scope.Name || !facts[node].Overlaps(facts[other.Top])) continue;
                if (CallElection.ModelsFit(told, untold)) other.Flags |= SpanFlags.SilentSibling;
            }
        }
    }

    private Call? Find(CallElection election, SpanFacts[] facts, Call call)
    {
        var parent = facts[call.Top].ParentSpanId.Value;
        var output = facts[call.Owner].Usage.OutputTotal;
        for (var candidate = output - 1; candidate <= output + 1; candidate++)
        {
            if (!open.TryGetValue((parent, candidate), out var list)) continue;
            for (var i = 0; i < list.Count && i < ComparedMax; i++)
            {
                if (!AreTwins(election, facts, list[i], call)) continue;
                var twin = list[i];
                list.RemoveAt(i);
                return twin;
            }
        }
        return null;
    }

    private void Keep(SpanFacts[] facts, Call call)
    {
        var key = (facts[call.Top].ParentSpanId.Value, facts[call.Owner].Usage.OutputTotal);
        if (!open.TryGetValue(key, out var list)) open[key] = list = spare.TryPop(out var kept) ? kept : [];
        // Siblings come by start: what ended before this one started overlaps no later one either.
        if (list.Count == ComparedMax) list.RemoveAll(other => facts[other.Top].End < facts[call.Top].Start);
        if (list.Count < ComparedMax) list.Add(call);
    }

    private bool AreTwins(CallElection election, SpanFacts[] facts, Call left, Call right)
    {
        var (one, other) = (facts[left.Owner], facts[right.Owner]);
        if (left.ResponseId.Length > 0 && right.ResponseId.Length > 0) return false;
        if (!facts[left.Top].Overlaps(facts[right.Top]) || !CallElection.ModelsFit(one, other)) return false;
        // Calls without output (embeddings) are told apart by their input alone.
        if (!CallElection.InputsFit(one.Usage, other.Usage, one.Usage.OutputTotal == 0 ? 0 : 1)) return false;
        var inLeft = 0;
        for (var a = left.FirstMember; a >= 0; a = election.NextMember(a))
        {
            if (++inLeft > MembersMax) return false;
            var inRight = 0;
            for (var b = right.FirstMember; b >= 0; b = election.NextMember(b))
            {
                if (++inRight > MembersMax) return false;
                Steps++;
                if (facts[a].Scope.Name == facts[b].Scope.Name) return false;
            }
        }
        left.Flags |= SpanFlags.SiblingDuplicate;
        return true;
    }
}
