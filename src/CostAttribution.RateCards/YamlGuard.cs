using CostAttribution.Domain.Pricing;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CostAttribution.RateCards;

/// <summary>
/// Looks through a file's events before its tree is built: the tree is walked recursively, and an alias may make it endless.
/// </summary>
internal static class YamlGuard
{
    /// <summary>Deepest nesting the format needs is 12; the parser is recursive and must not meet more than this.</summary>
    private const int NestingMax = 16;

    /// <summary>Most nodes of a file, counting those behind an alias each time that it is used.</summary>
    private const int NodesMax = 4_000_000;

    /// <summary>Null when the tree can be built. Throws <see cref="YamlException"/> when the text is not YAML.</summary>
    public static RateCardFault? FaultOf(string name, string text)
    {
        var open = new Stack<(AnchorName Anchor, int Depth, long NodesBefore)>();
        var behind = new Dictionary<AnchorName, (long Nodes, int Depth)>();
        var deepest = 0;
        long nodes = 0;
        var depth = 0;
        var parser = new Parser(new StringReader(text));
        while (parser.MoveNext())
        {
            var current = parser.Current!;
            var line = (int)current.Start.Line;
            depth += current.NestingIncrease;
            deepest = Math.Max(deepest, depth);
            if (current is AnchorAlias alias)
            {
                if (!behind.TryGetValue(alias.Value, out var target))
                {
                    return new(name, line, RateCardFaultKind.Unreadable,
                        $"alias '{alias.Value}' stands for nothing that is complete before it");
                }
                nodes += target.Nodes;
                deepest = Math.Max(deepest, depth + target.Depth);
            }
            else if (current is NodeEvent node)
            {
                nodes++;
                if (current.NestingIncrease > 0) open.Push((node.Anchor, depth, nodes));
                else if (!node.Anchor.IsEmpty) behind[node.Anchor] = (1, 0);
            }
            else if (current is SequenceEnd or MappingEnd && open.TryPop(out var closed) && !closed.Anchor.IsEmpty)
            {
                // What lies inside is no deeper than the whole file may be.
                behind[closed.Anchor] = (nodes - closed.NodesBefore + 1, deepest - closed.Depth + 1);
            }
            if (deepest > NestingMax)
                return new(name, line, RateCardFaultKind.LimitPassed, "nested too deeply for a rate card file");
            if (nodes > NodesMax)
            {
                return new(name, line, RateCardFaultKind.LimitPassed,
                    $"more than {NodesMax} values once aliases are followed; split the file or write fewer aliases");
            }
        }
        return null;
    }
}
