using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// The spans of a trace as nodes in preorder: a parent comes before its children, a subtree is a contiguous range, siblings
/// stand by start and id. Numbering does not depend on the order of arrival. A loop of parents is cut at its earliest span.
/// </summary>
internal sealed class TraceTree
{
    private const int SmallMax = 32;
    private const byte OnPathMark = 1, DoneMark = 2, InLoopMark = 3;

    private int[] positions = [], parents = [], ends = [], firstChild = [], nextSibling = [], sorted = [], stack = [];
    private int[] parentOfSorted = [], nodeOfSorted = [], sortedOfPosition = [];
    private byte[] marks = [];
    private bool[] loops = [], orphans = [];
    private (ulong Start, ulong Id)[] keys = [];

    public int Count { get; private set; }

    /// <summary>True when at least one span names a parent that is not in the trace.</summary>
    public bool HasOrphans { get; private set; }

    /// <summary>The earliest span without a parent id; −1 when there is none.</summary>
    public int Root { get; private set; }

    /// <summary>The node at a place in the order of start and span id.</summary>
    public int NodeByStart(int place) => nodeOfSorted[place];
    public int Position(int node) => positions[node];

    /// <summary>The node of the span at a position of the trace.</summary>
    public int NodeAt(int position) => nodeOfSorted[sortedOfPosition[position]];
    public int Parent(int node) => parents[node];

    /// <summary>Last node of the subtree, the node itself included.</summary>
    public int SubtreeEnd(int node) => ends[node];
    public bool InLoop(int node) => loops[node];
    public bool IsOrphan(int node) => orphans[node];
    public bool Holds(int ancestor, int node) => node >= ancestor && node <= ends[ancestor];

    public void Build(TraceSpans trace)
    {
        Count = trace.Count;
        EnsureCapacity();
        Sort(trace);
        FindParents(trace);
        CutLoops();
        Number(trace);
    }

    private void EnsureCapacity()
    {
        Scratch.Ensure(ref positions, Count);
        Scratch.Ensure(ref parents, Count);
        Scratch.Ensure(ref ends, Count);
        Scratch.Ensure(ref firstChild, Count + 1);
        Scratch.Ensure(ref nextSibling, Count);
        Scratch.Ensure(ref sorted, Count);
        Scratch.Ensure(ref stack, Count + 1);
        Scratch.Ensure(ref parentOfSorted, Count);
        Scratch.Ensure(ref nodeOfSorted, Count);
        Scratch.Ensure(ref sortedOfPosition, Count);
        Scratch.Ensure(ref marks, Count);
        Scratch.Ensure(ref loops, Count);
        Scratch.Ensure(ref orphans, Count);
        Scratch.Ensure(ref keys, Count);
    }

    private void Sort(TraceSpans trace)
    {
        for (var i = 0; i < Count; i++)
        {
            var span = trace[i];
            keys[i] = (span.StartNanos, span.SpanId.Value);
            sorted[i] = i;
        }
        if (Count <= SmallMax) SortSmall();
        else Array.Sort(keys, sorted, 0, Count);
        for (var i = 0; i < Count; i++) sortedOfPosition[sorted[i]] = i;
    }

    // Most traces are small and nearly in order.
    private void SortSmall()
    {
        for (var i = 1; i < Count; i++)
        {
            var (key, position) = (keys[i], sorted[i]);
            var at = i;
            for (; at > 0 && (keys[at - 1].Start > key.Start || (keys[at - 1].Start == key.Start
                && keys[at - 1].Id > key.Id)); at--)
                (keys[at], sorted[at]) = (keys[at - 1], sorted[at - 1]);
            (keys[at], sorted[at]) = (key, position);
        }
    }

    private void FindParents(TraceSpans trace)
    {
        HasOrphans = false;
        for (var i = 0; i < Count; i++)
        {
            var parentId = trace[sorted[i]].ParentSpanId;
            var position = parentId.IsZero ? -1 : trace.Find(parentId);
            parentOfSorted[i] = position < 0 ? -1 : sortedOfPosition[position];
            marks[i] = 0;
        }
    }

    private void CutLoops()
    {
        for (var start = 0; start < Count; start++)
        {
            var depth = 0;
            var at = start;
            while (at >= 0 && marks[at] == 0)
            {
                marks[at] = OnPathMark;
                stack[depth++] = at;
                at = parentOfSorted[at];
            }
            if (at >= 0 && marks[at] == OnPathMark)
            {
                var earliest = at;
                for (var i = depth - 1; i >= 0; i--)
                {
                    marks[stack[i]] = InLoopMark;
                    earliest = Math.Min(earliest, stack[i]);
                    if (stack[i] == at) break;
                }
                parentOfSorted[earliest] = -1;
            }
            for (var i = 0; i < depth; i++)
            {
                if (marks[stack[i]] == OnPathMark) marks[stack[i]] = DoneMark;
            }
        }
    }

    private void Number(TraceSpans trace)
    {
        // Slot Count holds the roots. Filled from the back, so that lists are in ascending order.
        Array.Fill(firstChild, -1, 0, Count + 1);
        for (var i = Count - 1; i >= 0; i--)
        {
            var parent = parentOfSorted[i] < 0 ? Count : parentOfSorted[i];
            nextSibling[i] = firstChild[parent];
            firstChild[parent] = i;
        }

        var node = 0;
        for (var root = firstChild[Count]; root >= 0; root = nextSibling[root]) NumberTree(root, ref node);

        Root = -1;
        for (var i = Count - 1; i >= 0; i--)
        {
            ends[i] = Math.Max(ends[i], i);
            if (parents[i] >= 0) ends[parents[i]] = Math.Max(ends[parents[i]], ends[i]);
            var parentId = trace[positions[i]].ParentSpanId;
            orphans[i] = parents[i] < 0 && !parentId.IsZero && !loops[i];
            HasOrphans |= orphans[i];
            if (parentId.IsZero) Root = i;
        }
    }

    private void NumberTree(int root, ref int node)
    {
        var at = root;
        while (true)
        {
            nodeOfSorted[at] = node;
            positions[node] = sorted[at];
            parents[node] = parentOfSorted[at] < 0 ? -1 : nodeOfSorted[parentOfSorted[at]];
            ends[node] = node;
            loops[node] = marks[at] == InLoopMark;
            node++;
            if (firstChild[at] >= 0)
            {
                at = firstChild[at];
                continue;
            }
            while (at != root && nextSibling[at] < 0) at = parentOfSorted[at];
            if (at == root) return;
            at = nextSibling[at];
        }
    }
}
