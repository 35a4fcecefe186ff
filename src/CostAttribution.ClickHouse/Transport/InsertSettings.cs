namespace CostAttribution.ClickHouse.Transport;

/// <summary>
/// Settings sent with every insert, so that one posting is one INSERT is one block and a repeated token is recognised in the
/// table and in every dependent view, whatever the server's defaults are.
/// </summary>
internal static class InsertSettings
{
    /// <summary>Rows and bytes above which the engine would cut a block: far above the largest posting.</summary>
    private const string RowsMax = "16000000";

    public static readonly KeyValuePair<string, string>[] Fixed =
    [
        new("async_insert", "0"),
        new("insert_deduplicate", "1"),
        new("deduplicate_blocks_in_dependent_materialized_views", "1"),
        new("max_insert_threads", "1"),
        new("max_insert_block_size", RowsMax),
        new("min_insert_block_size_rows", RowsMax),
        new("min_insert_block_size_bytes", "0"),
        new("min_insert_block_size_rows_for_materialized_views", RowsMax),
        new("min_insert_block_size_bytes_for_materialized_views", "0"),
        new("max_block_size", RowsMax),
        // How many a posting may have is ours to bound; refused for it, it would be refused for ever.
        new("max_partitions_per_insert_block", "0"),
        new("parallel_view_processing", "0"),
        new("materialized_views_ignore_errors", "0"),
        new("input_format_native_allow_types_conversion", "1"),
    ];

    public static string Into(ClickHouseInsert insert, string settings) =>
        $"INSERT INTO {SqlText.Identifier(insert.Table)} " +
            $"({string.Join(", ", insert.Columns.Select(SqlText.Identifier))}){settings}";

    /// <summary>The settings as a SETTINGS clause, the token included.</summary>
    public static string Clause(string token) =>
        $" SETTINGS {string.Join(", ", Fixed.Select(setting => $"{setting.Key} = {setting.Value}"))}, " +
            $"insert_deduplication_token = {SqlText.String(token)}";
}
