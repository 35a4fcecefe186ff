namespace CostAttribution.ClickHouse.Schema;

/// <summary>Where a schema goes: fills the placeholders of the migrations.</summary>
/// <param name="Database">Database name.</param>
/// <param name="Cluster">Cluster for replicated tables and <c>ON CLUSTER</c>; null for a single server.</param>
public sealed record SchemaTarget(string Database, string? Cluster = null)
{
    /// <summary>Migration text with its placeholders filled.</summary>
    public string Render(string template)
    {
        var text = template
            .Replace("{{database}}", SqlText.Identifier(Database), StringComparison.Ordinal)
            .Replace("{{on_cluster}}", Cluster is null ? "" : $"ON CLUSTER {SqlText.Identifier(Cluster)}",
                StringComparison.Ordinal)
            .Replace("{{merge_tree}}", Engine("MergeTree"), StringComparison.Ordinal)
            .Replace("{{aggregating_merge_tree}}", Engine("AggregatingMergeTree"), StringComparison.Ordinal)
            .Replace("{{replacing_merge_tree:version}}", Engine("ReplacingMergeTree", "version"), StringComparison.Ordinal)
            .Replace("{{deduplication_window}}", Cluster is null ? "non_replicated_deduplication_window"
                // The engine's default in seconds would end the window long before the number of blocks does.
                : "replicated_deduplication_window_seconds = 604800, replicated_deduplication_window",
                StringComparison.Ordinal);
        return text.Contains("{{", StringComparison.Ordinal)
            ? throw new InvalidOperationException("a migration has an unknown placeholder")
            : text;
    }

    /// <summary>
    /// Engine with its arguments. Replicated tables take path and replica name from the server's macros; the table's UUID makes
    /// the path unique.
    /// </summary>
    private string Engine(string name, params string[] arguments)
    {
        if (Cluster is null) return arguments.Length == 0 ? name : $"{name}({string.Join(", ", arguments)})";
        string[] replicated = ["'/clickhouse/tables/{uuid}/{shard}'", "'{replica}'", .. arguments];
        return $"Replicated{name}({string.Join(", ", replicated)})";
    }
}
