using System.Runtime.InteropServices;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// Finds which spans report the same provider call and which one stands for it (docs/dialects.md §10.6, steps 2 and 3). Walks
/// the tree once from the leaves up; every node passes a summary of the calls below it to its parent, so the work is linear.
/// </summary>
internal sealed class CallElection
{
    /// <summary>Clocks of two processes and the bookkeeping of two libraries differ by less.</summary>
    private const ulong SkewNanos = 2_000_000_000;

    /// <summary>The calls visible below a node: how many of each kind and, while it is one, which.</summary>
    private struct Summary
    {
        public int WithUsage, Silent, Failed;
        public Call? OneWithUsage, OneSilent, OneFailed;

        public void Add(in Summary other)
        {
            WithUsage += other.WithUsage;
            Silent += other.Silent;
            Failed += other.Failed;
            OneWithUsage ??= other.OneWithUsage;
            OneSilent ??= other.OneSilent;
            OneFailed ??= other.OneFailed;
        }

        public void Add(Call call)
        {
            if (call.HasUsage) (WithUsage, OneWithUsage) = (WithUsage + 1, OneWithUsage ?? call);
            else if (call.Failed) (Failed, OneFailed) = (Failed + 1, OneFailed ?? call);
            else (Silent, OneSilent) = (Silent + 1, OneSilent ?? call);
        }
    }

    private readonly SiblingCalls siblings = new();
    private readonly Dictionary<string, int> byResponse = [];
    private Summary[] below = [];
    private Call?[] callOf = [];
    private int[] nextMember = [];
    private readonly List<Call> pool = [];
    private int pooled;
    private TraceTree tree = null!;
    private SpanFacts[] facts = [];

    /// <summary>Calls that stand, by their outermost span in preorder.</summary>
    public List<Call> Calls { get; } = [];

    public long SiblingSteps => siblings.Steps;

    /// <summary>The call a span reports; null when it reports none.</summary>
    public Call? CallOf(int node) => callOf[node]?.Standing;

    /// <summary>Next span of the same call; −1 at the end.</summary>
    public int NextMember(int node) => nextMember[node];

    /// <summary>Whether a call span turned out to be a total over several calls below it.</summary>
    public bool ActsAsContainer(int node) => facts[node].Role == SpanRole.Leaf && callOf[node] is null;

    public void Elect(TraceTree tree, SpanFacts[] facts)
    {
        this.tree = tree;
        this.facts = facts;
        Scratch.Ensure(ref below, tree.Count);
        Scratch.Ensure(ref callOf, tree.Count);
        Scratch.Ensure(ref nextMember, tree.Count);
        Array.Clear(below, 0, tree.Count);
        Array.Clear(callOf, 0, tree.Count);
        Array.Fill(nextMember, -1, 0, tree.Count);
        byResponse.Clear();
        Calls.Clear();
        pooled = 0;
        if (pool.Count > Scratch.KeptMax) pool.Clear();

        for (var node = tree.Count - 1; node >= 0; node--)
        {
            if (facts[node].Role == SpanRole.Leaf) ElectLeaf(node);
            var parent = tree.Parent(node);
            if (parent >= 0) below[parent].Add(below[node]);
        }
        MergeEqualResponses();
        siblings.Merge(this, tree, facts);
        for (var node = 0; node < tree.Count; node++)
        {
            if (callOf[node] is { MergedInto: null } call && call.Top == node) Calls.Add(call);
        }
    }

    private void ElectLeaf(int node)
    {
        var leaf = facts[node];
        ref var summary = ref below[node];
        if (leaf.HasUsage) ElectWithUsage(node, leaf, ref summary);
        else ElectWithoutUsage(node, leaf, ref summary);
    }

    private void ElectWithUsage(int node, SpanFacts leaf, ref Summary summary)
    {
        if (summary.WithUsage == 0)
        {
            if (summary.Silent > 1) return;
            var own = Open(node);
            if (summary.Silent == 1 && CallsFit(leaf, facts[summary.OneSilent!.Owner]))
            {
                Join(summary.OneSilent, own);
                (summary.Silent, summary.OneSilent) = (0, null);
            }
            summary.Add(own);
            return;
        }
        if (SameResponseBelow(node, leaf.ResponseId) is { } known)
        {
            if (OutputsFit(leaf, known))
            {
                Join(known, node);
            }
            else if (summary.WithUsage == 1)
            {
                Join(known, node, largerOutputOwns: true);
                known.Flags |= SpanFlags.DuplicateUsageMismatch;
            }
            return;
        }
        if (summary.WithUsage > 1) return;
        var only = summary.OneWithUsage!.Standing;
        if (IsSameCall(leaf, only)) Join(only, node);
        else leaf.Flags |= SpanFlags.LeafNestedMismatch;
    }

    private void ElectWithoutUsage(int node, SpanFacts leaf, ref Summary summary)
    {
        if (summary.WithUsage > 1) return;
        if (summary.WithUsage == 1)
        {
            var call = summary.OneWithUsage!.Standing;
            if (CallsFit(leaf, facts[call.Owner])) Join(call, node);
            else summary.Add(Open(node));
            return;
        }
        if (summary.Silent > 1) return;
        if (summary.Silent == 1 && CallsFit(leaf, facts[summary.OneSilent!.Standing.Owner]))
        {
            Join(summary.OneSilent.Standing, node);
            return;
        }
        if (leaf.Failed && summary.Failed > 1) return;
        if (leaf.Failed && summary.Failed == 1 && CallsFit(leaf, facts[summary.OneFailed!.Standing.Owner]))
            Join(summary.OneFailed.Standing, node);
        else summary.Add(Open(node));
    }

    /// <summary>Rules 2b and 2d: the one call below reports the same numbers.</summary>
    private bool IsSameCall(SpanFacts outer, Call call)
    {
        var inner = facts[call.Owner];
        if (!outer.Encloses(inner, SkewNanos) || !ModelsFit(outer, inner)) return false;
        ref readonly var left = ref outer.Usage;
        ref readonly var right = ref inner.Usage;
        if (outer.ResponseId.Length == 0 || call.ResponseId.Length == 0)
            return left.OutputTotal == right.OutputTotal && InputsFit(left, right, 0);
        var broker = outer.Dialect.Gateway || outer.Dialect.VendorPushed || inner.Dialect.Gateway || inner.Dialect.VendorPushed;
        return broker && Math.Abs(left.OutputTotal - right.OutputTotal) * 100 <= Math.Max(left.OutputTotal, right.OutputTotal);
    }

    /// <summary>Whether two input counts can be of one call although one may leave the cache out.</summary>
    internal static bool InputsFit(in ReportedUsage left, in ReportedUsage right, long slack)
    {
        if (left.RawInput < 0 || right.RawInput < 0) return true;
        return Math.Abs(left.InputTotal - right.InputTotal) <= slack || Math.Abs(left.RawInput - right.RawInput) <= slack
            || Math.Abs(left.RawInput - right.Vector.InputTokens) <= slack
                || Math.Abs(right.RawInput - left.Vector.InputTokens) <= slack;
    }

    internal static bool ModelsFit(SpanFacts left, SpanFacts right) =>
        ModelName.Compatible(left.Model, right.Model) || ModelName.Compatible(left.RequestModel, right.Model)
        || ModelName.Compatible(left.Model, right.RequestModel);

    // Of spans without numbers nothing else says that they are one call.
    private static bool CallsFit(SpanFacts left, SpanFacts right) => ModelsFit(left, right)
        && IsChat(left.Operation) == IsChat(right.Operation);

    private static bool IsChat(string operation) => operation is not ("embeddings" or "rerank");

    private bool OutputsFit(SpanFacts leaf, Call call)
    {
        var other = facts[call.Owner];
        return !leaf.HasUsage || !other.HasUsage || leaf.Usage.OutputTotal == other.Usage.OutputTotal
            || (leaf.Usage.Parts & UsageParts.Output) == 0 || (other.Usage.Parts & UsageParts.Output) == 0;
    }

    private Call? SameResponseBelow(int node, string responseId) =>
        responseId.Length > 0 && byResponse.TryGetValue(responseId, out var other) && tree.Holds(node, other)
            ? callOf[other]?.Standing : null;

    private Call Open(int node)
    {
        if (pooled == pool.Count) pool.Add(new Call());
        var call = pool[pooled++];
        call.Begin(node, facts[node]);
        callOf[node] = call;
        Note(node);
        return call;
    }

    /// <summary>Adds an outer span to a call.</summary>
    private void Join(Call call, int node, bool largerOutputOwns = false)
    {
        callOf[node] = call;
        nextMember[call.LastMember] = node;
        call.LastMember = node;
        call.Top = Math.Min(call.Top, node);
        call.Bottom = Math.Max(call.Bottom, node);
        var leaf = facts[node];
        var owner = facts[call.Owner];
        var takesOver = largerOutputOwns && leaf.Usage.OutputTotal != owner.Usage.OutputTotal
            ? leaf.Usage.OutputTotal > owner.Usage.OutputTotal
            : Prefer(node, call.Owner);
        if (takesOver) call.Owner = node;
        if (call.ResponseId.Length == 0) call.ResponseId = leaf.ResponseId;
        call.Failed &= !leaf.HasUsage && leaf.Failed;
        call.HasUsage |= leaf.HasUsage;
        Note(node);
    }

    /// <summary>Adds all spans of one call to another.</summary>
    internal void Join(Call from, Call into)
    {
        from = from.Standing;
        into = into.Standing;
        if (from == into) return;
        nextMember[into.LastMember] = from.FirstMember;
        into.LastMember = from.LastMember;
        into.Top = Math.Min(into.Top, from.Top);
        into.Bottom = Math.Max(into.Bottom, from.Bottom);
        into.Flags |= from.Flags;
        if (Prefer(from.Owner, into.Owner)) into.Owner = from.Owner;
        if (into.ResponseId.Length == 0) into.ResponseId = from.ResponseId;
        into.Failed &= from.Failed;
        into.HasUsage |= from.HasUsage;
        from.MergedInto = into;
    }

    private void Note(int node)
    {
        if (facts[node].ResponseId.Length > 0) byResponse[facts[node].ResponseId] = node;
    }

    /// <summary>Step 3: the most detailed report stands for the call, then the deeper, but never a pushed one on a tie.</summary>
    private bool Prefer(int node, int than)
    {
        var left = facts[node];
        var right = facts[than];
        if (left.HasUsage != right.HasUsage) return left.HasUsage;
        var score = Detail(left).CompareTo(Detail(right));
        if (score != 0) return score > 0;
        if (left.Dialect.VendorPushed != right.Dialect.VendorPushed) return right.Dialect.VendorPushed;
        if (tree.Holds(than, node)) return true;
        if (tree.Holds(node, than)) return false;
        return left.SpanId < right.SpanId;
    }

    private static int Detail(SpanFacts span)
    {
        var score = 0;
        if ((span.Usage.Parts & (UsageParts.TtlSplit | UsageParts.Compaction)) != 0) score += 8;
        if ((span.Usage.Parts & (UsageParts.CacheRead | UsageParts.CacheWrite)) != 0) score += 4;
        if (span.ServiceTier.Length > 0) score += 2;
        if (span.ResponseModel.Name.Length > 0) score += 2;
        if (span.ResponseId.Length > 0) score++;
        return score;
    }

    /// <summary>
    /// The provider names a response once: the same id elsewhere in the trace is a repeat, whatever the tree says.
    /// </summary>
    private void MergeEqualResponses()
    {
        byResponse.Clear();
        for (var node = 0; node < tree.Count; node++)
        {
            var id = facts[node].ResponseId;
            if (id.Length == 0 || callOf[node]?.Standing is not { } call) continue;
            ref var first = ref CollectionsMarshal.GetValueRefOrAddDefault(byResponse, id, out var known);
            if (!known)
            {
                first = node;
                continue;
            }
            var other = callOf[first]!.Standing;
            if (other == call) continue;
            if (OutputsFit(facts[call.Owner], other) && IsOneResponse(id, facts[call.Owner], facts[other.Owner]))
            {
                Join(call, other);
            }
            else
            {
                call.Flags |= SpanFlags.DuplicateUsageMismatch;
                other.Flags |= SpanFlags.DuplicateUsageMismatch;
            }
        }
    }

    // Small servers hand out ids again (chatcmpl-123): there the same numbers must be told of the same time.
    private static bool IsOneResponse(string id, SpanFacts left, SpanFacts right) => ResponseKey.IsUnique(id)
        || (CallsFit(left, right) && left.Overlaps(right)
            && (!left.HasUsage || !right.HasUsage || InputsFit(left.Usage, right.Usage, 1)));

    /// <summary>Calls that stand, in preorder of their outermost span.</summary>
    internal Call? StandingAt(int node) => callOf[node] is { MergedInto: null } call && call.Top == node ? call : null;
}
