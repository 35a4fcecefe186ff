using System.Runtime.InteropServices;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Joins calls that two instrumentations report side by side: different scopes under one parent, overlapping, the same model
/// family, equal output within a token and inputs that fit. Two calls of one scope are never one, nor are two response ids.
/// A call stands at several places: beside each of its spans, and beside a span that only wraps it and says the same.
/// </summary>
internal sealed class SiblingCalls
{
    /// <summary>Spans with the same parent and output that one call is compared with; more are left apart.</summary>
    private const int ComparedMax = 64;

    /// <summary>Spans of one call that are compared with those of another; calls of more are left apart.</summary>
    private const int MembersMax = 16;

    /// <summary>Spans around one call that say the same and no more.</summary>
    private const int WrappersMax = 4;

    /// <summary>A call and the span of it, or around it, that stands beside others.</summary>
    private readonly record struct Place(Call Call, int Node);

    /// <summary>Pairs of spans compared so far.</summary>
    public long Steps { get; private set; }

    private readonly Dictionary<(ulong Parent, long Output), List<Place>> open = [];
    private readonly Stack<List<Place>> spare = new();
    private readonly Dictionary<ulong, List<Place>> silent = [];
    private readonly List<int> places = [];
    private CallElection election = null!;
    private TraceTree tree = null!;
    private SpanFacts[] facts = [];

    public void Merge(CallElection election, TraceTree tree, SpanFacts[] facts)
    {
        (this.election, this.tree, this.facts) = (election, tree, facts);
        if (!SeveralScopesTell()) return;
        for (var node = 0; node < tree.Count; node++)
        {
            if (election.StandingAt(node) is not { HasUsage: true } call) continue;
            FindPlaces(call);
            var output = facts[call.Owner].Usage.OutputTotal;
            if (Find(call, output) is { } twin)
            {
                twin.Flags |= SpanFlags.SiblingDuplicate;
                election.Join(call, twin);
            }
            foreach (var place in places) Keep(new Place(call.Standing, place), output);
        }
        MarkSilent();
        foreach (var list in open.Values)
        {
            list.Clear();
            if (spare.Count < ComparedMax) spare.Push(list);
        }
        open.Clear();
    }

    // Most traces come from one instrumentation.
    private bool SeveralScopesTell()
    {
        string? first = null;
        for (var node = 0; node < tree.Count; node++)
        {
            if (election.CallOf(node) is null) continue;
            first ??= facts[node].Scope.Name;
            if (first != facts[node].Scope.Name) return true;
        }
        return false;
    }

    /// <summary>
    /// A call without usage beside one from another instrumentation may be that call: nothing proves it, so both stand, and the
    /// silent one says so; of two silent ones the later.
    /// </summary>
    private void MarkSilent()
    {
        silent.Clear();
        for (var node = 0; node < tree.Count; node++)
        {
            if (election.StandingAt(node) is not { HasUsage: false, Failed: false } call) continue;
            FindPlaces(call);
            foreach (var place in places)
            {
                ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(silent, facts[place].ParentSpanId.Value, out _);
                list ??= [];
                MarkBeside(new Place(call, place), list, isLater: true);
                if (list.Count < ComparedMax) list.Add(new Place(call, place));
            }
        }
        if (silent.Count == 0) return;
        for (var node = 0; node < tree.Count; node++)
        {
            if (election.StandingAt(node) is not { HasUsage: true } call) continue;
            FindPlaces(call);
            foreach (var place in places)
            {
                if (silent.TryGetValue(facts[place].ParentSpanId.Value, out var list))
                    MarkBeside(new Place(call, place), list, isLater: false);
            }
        }
    }

    private void MarkBeside(Place told, List<Place> untold, bool isLater)
    {
        foreach (var other in untold)
        {
            var call = isLater ? told.Call : other.Call;
            if (other.Call == told.Call || (call.Flags & SpanFlags.SilentSibling) != 0) continue;
            if (!facts[told.Node].Overlaps(facts[other.Node]) || HaveTwoIds(told.Call, other.Call)) continue;
            if (CallElection.ModelsFit(facts[told.Call.Owner], facts[other.Call.Owner])
                && AreOfOtherScopes(told.Call, other.Call))
                call.Flags |= SpanFlags.SilentSibling;
        }
    }

    /// <summary>The spans beside which another report of the call may stand: its own, and those that only wrap it.</summary>
    private void FindPlaces(Call call)
    {
        places.Clear();
        for (var node = call.FirstMember; node >= 0 && places.Count < MembersMax; node = election.NextMember(node))
            places.Add(node);
        var (owner, around) = (facts[call.Owner], tree.Parent(call.Top));
        for (var count = 0; around >= 0 && count < WrappersMax && Wraps(around, owner); count++, around = tree.Parent(around))
            places.Add(around);
    }

    private bool Wraps(int node, SpanFacts owner)
    {
        var span = facts[node];
        return owner.HasUsage && span.HasUsage && span.Scope.Name == owner.Scope.Name && election.CallOf(node) is null
            && span.Usage.OutputTotal == owner.Usage.OutputTotal && CallElection.InputsFit(span.Usage, owner.Usage, 0);
    }

    /// <summary>The fitting call that runs most nearly at the same time.</summary>
    private Call? Find(Call call, long output)
    {
        Call? found = null;
        var least = ulong.MaxValue;
        foreach (var place in places)
        {
            var span = facts[place];
            for (var candidate = output - 1; candidate <= output + 1; candidate++)
            {
                if (!open.TryGetValue((span.ParentSpanId.Value, candidate), out var list)) continue;
                foreach (var (kept, node) in list)
                {
                    var (other, beside) = (kept.Standing, facts[node]);
                    var apart = Apart(span.Start, beside.Start) / 2 + Apart(span.End, beside.End) / 2;
                    if (apart >= least || !beside.Overlaps(span) || !AreTwins(other, call)) continue;
                    (found, least) = (other, apart);
                }
            }
        }
        return found;
    }

    private static ulong Apart(ulong left, ulong right) => left > right ? left - right : right - left;

    private void Keep(Place place, long output)
    {
        var span = facts[place.Node];
        var key = (span.ParentSpanId.Value, output);
        if (!open.TryGetValue(key, out var list)) open[key] = list = spare.TryPop(out var kept) ? kept : [];
        // Siblings come by start: what ended before this one started overlaps no later one either.
        if (list.Count == ComparedMax) list.RemoveAll(other => facts[other.Node].End < span.Start);
        // A call that has been told twice waits for a third less than one that has been told once waits for its second.
        if (list.Count == ComparedMax && list.FindIndex(IsTold) is var told and >= 0) list.RemoveAt(told);
        if (list.Count < ComparedMax) list.Add(place);
    }

    private static bool IsTold(Place place) => (place.Call.Standing.Flags & SpanFlags.SiblingDuplicate) != 0;

    private bool AreTwins(Call left, Call right)
    {
        if (left == right || HaveTwoIds(left, right)) return false;
        var (one, other) = (facts[left.Owner], facts[right.Owner]);
        if (one.Scope.Name == other.Scope.Name || !CallElection.ModelsFit(one, other)) return false;
        // Calls without output (embeddings) are told apart by their input alone.
        var slack = one.Usage.OutputTotal == 0 ? 0 : 1;
        return CallElection.InputsFit(one.Usage, other.Usage, slack) && AreOfOtherScopes(left, right);
    }

    private static bool HaveTwoIds(Call left, Call right) =>
        left.ResponseId.Length > 0 && right.ResponseId.Length > 0 && left.ResponseId != right.ResponseId;

    private bool AreOfOtherScopes(Call left, Call right)
    {
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
        return true;
    }
}
