using CostAttribution.Api.Spans;

namespace CostAttribution.Api.Runs;

/// <summary>
/// Builds the tree of a run from its spans and ledger rows. Total: a span without its parent is a root, a loop is cut at its
/// earliest span, a row without a span is a root of its own, so that the roots' costs always add up to all rows.
/// </summary>
internal sealed class RunTree
{
    private readonly Dictionary<(string Trace, string Span), SpanFacts> facts = [];
    private readonly ILookup<(string Trace, string Span), LedgerRow> rows;
    private readonly ILookup<(string Trace, string Span), SpanFacts> children;
    private readonly HashSet<(string Trace, string Span)> placed = [];

    private RunTree(IEnumerable<SpanFacts> spans, IReadOnlyList<LedgerRow> ledger)
    {
        rows = ledger.ToLookup(row => (row.TraceId, row.SpanId));
        foreach (var span in spans) facts.TryAdd((span.TraceId, span.SpanId), span);
        foreach (var row in ledger) facts.TryAdd((row.TraceId, row.SpanId), FromRow(row));
        children = InOrder(facts.Values).ToLookup(span => (span.TraceId, span.ParentSpanId));
    }

    public static List<RunSpan> Build(IEnumerable<SpanFacts> spans, IReadOnlyList<LedgerRow> ledger)
    {
        var tree = new RunTree(spans, ledger);
        var ordered = InOrder(tree.facts.Values).ToArray();
        var roots = new List<RunSpan>();
        foreach (var span in ordered)
        {
            if (!tree.facts.ContainsKey((span.TraceId, span.ParentSpanId))) roots.AddRange(tree.Place(span, 1));
        }
        // Whatever no root leads to sits in a loop of parents.
        foreach (var span in ordered)
        {
            if (!tree.placed.Contains((span.TraceId, span.SpanId))) roots.AddRange(tree.Place(span, 1));
        }
        return roots;
    }

    // Returns the span, or, on the last level, the span and all below it side by side.
    private List<RunSpan> Place(SpanFacts span, int level)
    {
        var key = (span.TraceId, span.SpanId);
        if (!placed.Add(key)) return [];
        if (level == ApiLimits.TreeLevelsMax) return [Make(span, []), .. BelowSideBySide(key)];
        var below = new List<RunSpan>();
        foreach (var child in children[key]) below.AddRange(Place(child, level + 1));
        return [Make(span, below)];
    }

    private List<RunSpan> BelowSideBySide((string Trace, string Span) top)
    {
        var flat = new List<RunSpan>();
        var open = new Queue<(string Trace, string Span)>([top]);
        while (open.TryDequeue(out var key))
        {
            foreach (var child in children[key])
            {
                var childKey = (child.TraceId, child.SpanId);
                if (!placed.Add(childKey)) continue;
                flat.Add(Make(child, []));
                open.Enqueue(childKey);
            }
        }
        return flat;
    }

    private RunSpan Make(SpanFacts span, IReadOnlyList<RunSpan> below)
    {
        var own = rows[(span.TraceId, span.SpanId)].ToArray();
        var cost = LedgerRows.Sum(own, row => row.Cost);
        return new RunSpan
        {
            TraceId = span.TraceId,
            SpanId = span.SpanId,
            ParentSpanId = span.ParentSpanId,
            Name = span.Name,
            Service = span.Service,
            Scope = span.Scope,
            StartTime = span.StartTime,
            EndTime = span.EndTime,
            Role = span.Role,
            Ownership = span.Ownership,
            SupersededBy = span.SupersededBy.Length == 0 ? null : SpanLink.To(span.TraceId, span.SupersededBy),
            Dialect = span.Dialect,
            Settled = span.Settled,
            Flags = span.Flags,
            Items = LedgerRows.Standing(own),
            Cost = cost,
            CostWithChildren = below.Aggregate(cost, (sum, child) => sum + child.CostWithChildren),
            Explain = SpanLink.To(span.TraceId, span.SpanId).Explain,
            Children = below,
        };
    }

    private static IEnumerable<SpanFacts> InOrder(IEnumerable<SpanFacts> spans) =>
        spans.OrderBy(span => span.StartTime).ThenBy(span => span.TraceId, StringComparer.Ordinal)
            .ThenBy(span => span.SpanId, StringComparer.Ordinal);

    private static SpanFacts FromRow(LedgerRow row) => new()
    {
        TraceId = row.TraceId,
        SpanId = row.SpanId,
        ParentSpanId = row.ParentSpanId,
        Name = "",
        Service = "",
        Scope = "",
        StartTime = row.EventTime,
        EndTime = row.EventTime,
        Role = "",
        Ownership = row.Ownership,
        SupersededBy = "",
        Dialect = "",
        Flags = row.Flags,
        Settled = false,
        Customer = row.Attribution.Customer,
        Feature = row.Attribution.Feature,
        Reported = new Dictionary<string, long>(),
        Excess = new Dictionary<string, long>(),
    };
}
