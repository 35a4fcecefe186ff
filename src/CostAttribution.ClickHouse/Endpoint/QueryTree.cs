namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>One line of <c>EXPLAIN AST</c>: <c>Kind detail (alias x) (children n)</c>, one space of indent per level.</summary>
/// <param name="Depth">Level, 0 for the statement.</param>
/// <param name="Kind">First word.</param>
/// <param name="Detail">The rest, without alias and number of children.</param>
internal readonly record struct QueryTreeNode(int Depth, string Kind, string Detail)
{
    public static QueryTreeNode Parse(string line)
    {
        var depth = 0;
        while (depth < line.Length && line[depth] == ' ') depth++;
        var body = line[depth..];
        body = CutLast(body, " (children ");
        body = CutLast(body, " (alias ");
        var space = body.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? new QueryTreeNode(depth, body, "") : new QueryTreeNode(depth, body[..space], body[(space + 1)..]);
    }

    private static string CutLast(string text, string marker)
    {
        var at = text.LastIndexOf(marker, StringComparison.Ordinal);
        return at >= 0 && text[^1] == ')' ? text[..at] : text;
    }
}
