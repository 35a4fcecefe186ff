using System.Runtime.InteropServices;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Costing;

/// <summary>
/// What spans of a trace tell about each other: one that shows the version of its SDK settles how its fellows of the same
/// resource and scope counted. Independent of the order of spans. Reused from trace to trace.
/// </summary>
internal sealed class Lessons
{
    private const SpanFlags Guesses = SpanFlags.CacheInclusionGuessed | SpanFlags.ReasoningInclusionGuessed;

    private readonly HashSet<(ulong Resource, ulong Scope)> shown = [];
    private readonly List<(int Node, ulong Resource, ulong Scope)> undecided = [];
    private readonly List<int> taught = [];

    public void Begin()
    {
        shown.Clear();
        undecided.Clear();
        taught.Clear();
    }

    public void Note(int node, SpanFacts span)
    {
        var lesson = span.Dialect.LearnsFromOthers;
        if (lesson == SpanTraits.None) return;
        if ((span.Traits & lesson) != 0) shown.Add((span.Resource.Hash, span.Scope.Hash));
        else if ((span.Flags & Guesses) != 0) undecided.Add((node, span.Resource.Hash, span.Scope.Hash));
    }

    /// <summary>Spans that guessed and need not have.</summary>
    public ReadOnlySpan<int> Taught()
    {
        foreach (var (node, resource, scope) in undecided)
        {
            if (shown.Contains((resource, scope))) taught.Add(node);
        }
        return CollectionsMarshal.AsSpan(taught);
    }
}
