namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>
/// Decides from the engine's own syntax tree whether a statement may run: only known kinds of nodes, only the product's tables
/// and a few system tables, no table function that reaches outside, no function that reads files, sleeps or asks the network.
/// The session is <c>readonly=1</c> besides; that alone is not enough, since the function <c>file()</c> reads under it.
/// </summary>
internal sealed class QueryGuard(string database)
{
    private static readonly HashSet<string> NodeKinds =
    [
        "SelectWithUnionQuery", "SelectIntersectExceptQuery", "SelectQuery", "ExpressionList", "Function", "Identifier",
        "TableIdentifier", "Literal",
        "Asterisk", "QualifiedAsterisk", "ColumnsRegexpMatcher", "ColumnsListMatcher", "QualifiedColumnsRegexpMatcher",
        "QualifiedColumnsListMatcher",
        "ColumnsTransformerList", "ColumnsExceptTransformer", "ColumnsReplaceTransformer",
        "ColumnsReplaceTransformer::Replacement",
        "TablesInSelectQuery", "TablesInSelectQueryElement", "TableExpression", "TableJoin", "ArrayJoin", "Subquery",
        "WithElement", "OrderByElement",
        "WindowDefinition", "WindowListElement", "SampleRatio", "InterpolateElement", "QueryParameter", "Explain",
        "DescribeQuery",
        "ShowTables", "ShowColumns", "ShowIndexes", "ShowCreateTableQuery", "ShowCreateViewQuery", "ExistsTableQuery",
        "ExistsViewQuery",
        "ExistsDatabaseQuery", "StorageOrderByElement",
    ];

    private static readonly HashSet<string> TableFunctions =
        new(StringComparer.OrdinalIgnoreCase) { "numbers", "numbers_mt", "zeros", "zeros_mt", "generateSeries",
            "generate_series", "values", "SQLStandardValues" };

    /// <summary>System tables that drivers and dashboards ask; none shows data, files or other sessions.</summary>
    private static readonly HashSet<string> SystemTables = new(StringComparer.OrdinalIgnoreCase)
    {
        "system.one", "system.numbers", "system.zeros", "system.tables", "system.columns", "system.databases", "system.functions",
        "system.data_type_families", "system.table_functions", "system.formats", "system.time_zones", "system.keywords",
        "system.completions",
        "information_schema.tables", "information_schema.columns", "information_schema.schemata", "information_schema.views",
    };

    private static readonly HashSet<string> SystemDatabases = new(StringComparer.OrdinalIgnoreCase) { "system",
        "information_schema" };

    /// <summary>Functions whose second argument may be a table.</summary>
    private static readonly HashSet<string> InFunctions = new(StringComparer.OrdinalIgnoreCase)
    {
        "in", "notIn", "globalIn", "globalNotIn", "nullIn", "notNullIn", "globalNullIn", "globalNotNullIn", "inIgnoreSet",
        "notInIgnoreSet",
    };

    /// <summary>Throws <see cref="RefusedQueryException"/> unless every node of the tree is one that may run.</summary>
    /// <param name="tree">Output of <c>EXPLAIN AST</c> for the statement.</param>
    public void Check(string tree)
    {
        // From the statement down to the parent of the current node, each with the number of its children seen so far.
        var path = new List<(QueryTreeNode Node, int Children)>();
        foreach (var line in tree.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var node = QueryTreeNode.Parse(line);
            while (path.Count > 0 && path[^1].Node.Depth >= node.Depth) path.RemoveAt(path.Count - 1);
            if (path.Count > 0) path[^1] = (path[^1].Node, path[^1].Children + 1);
            CheckNode(node, path);
            path.Add((node, 0));
        }
    }

    private void CheckNode(QueryTreeNode node, List<(QueryTreeNode Node, int Children)> path)
    {
        // A SETTINGS clause is a Set node; inside a subquery it would lift limits even of a read-only session. EXPLAIN has its
        // own.
        if (node.Kind == "Set" && path[^1].Node.Kind == "Explain") return;
        if (node.Kind == "Set") throw new RefusedQueryException("SETTINGS are not accepted", RefusedQueryException.ReadOnly);
        if (!NodeKinds.Contains(node.Kind)) throw new RefusedQueryException($"this form of query is not accepted ({node.Kind})");
        switch (node.Kind)
        {
            case "Function" when path.Count > 0 && path[^1].Node.Kind == "TableExpression":
                if (!TableFunctions.Contains(node.Detail)) throw new RefusedQueryException(
                    $"the table function {node.Detail} is not accepted");
                break;
            case "Function":
                CheckFunction(node.Detail);
                break;
            case "TableIdentifier":
                CheckTable(node.Detail);
                break;
            case "Identifier":
                CheckName(node.Detail);
                if (IsRightSideOfIn(path)) CheckTable(node.Detail);
                break;
            case "ExistsTableQuery" or "ExistsViewQuery" or "ShowCreateTableQuery" or "ShowCreateViewQuery":
                CheckTable(node.Detail.Trim().Replace(' ', '.'));
                break;
        }
    }

    private static bool IsRightSideOfIn(List<(QueryTreeNode Node, int Children)> path) =>
        path.Count >= 2 && path[^1] is { Node.Kind: "ExpressionList", Children: 2 } &&
        path[^2].Node.Kind == "Function" && InFunctions.Contains(path[^2].Node.Detail);

    private static void CheckFunction(string name)
    {
        if (DeniedFunctions.Contains(name)
            || DeniedFunctions.IsInternal(name)) throw new RefusedQueryException($"the function {name} is not accepted");
    }

    /// <summary>
    /// An unqualified name is a table of the session's database, which the endpoint sets, or a name the query gives.
    /// </summary>
    private void CheckTable(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0) return;
        if (name[..dot] == database && !name[(dot + 1)..].Contains('.', StringComparison.Ordinal)) return;
        if (!SystemTables.Contains(name)) throw new RefusedQueryException(
            $"the table {name} is not accepted: only those of {database} are");
    }

    /// <summary>
    /// A name may also be a function handed to another one, as in <c>arrayMap(file, …)</c>, or a table where the tree does not
    /// say so: a denied function or a system table is refused wherever it is named.
    /// </summary>
    private static void CheckName(string name)
    {
        if (DeniedFunctions.Contains(name)) throw new RefusedQueryException(
            $"the name {name} is not accepted: it is a function that is not");
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !SystemDatabases.Contains(name[..dot]) || SystemTables.Contains(name)) return;
        throw new RefusedQueryException($"the table {name} is not accepted");
    }
}
