using System.Globalization;
using System.Xml.Linq;

namespace CostAttribution.ClickHouse.Embedded;

/// <summary>
/// The engine's configuration file: small pools and caches, so that an idle server stays small, and tables that are durable
/// when an insert returns (<c>fsync_after_insert</c>, <c>fsync_part_directory</c>, <c>min_rows_to_fsync_after_merge</c>).
/// </summary>
internal static class EngineConfig
{
    public static XDocument Create(ChdbOptions options) => new(new XElement("clickhouse",
        // On a terminal the engine would otherwise write its own log into the program's output.
        new XElement("logger", new XElement("console", "false"), new XElement("level", "none")),
        Number("max_server_memory_usage", options.MemoryBytesMax),
        Number("max_thread_pool_size", 128),
        Number("max_thread_pool_free_size", 8),
        Number("background_pool_size", 2),
        Number("background_merges_mutations_concurrency_ratio", 1),
        Number("background_schedule_pool_size", 2),
        Number("background_common_pool_size", 2),
        Number("background_move_pool_size", 1),
        Number("background_fetches_pool_size", 1),
        Number("background_buffer_flush_schedule_pool_size", 1),
        Number("background_message_broker_schedule_pool_size", 1),
        Number("background_distributed_schedule_pool_size", 1),
        Number("tables_loader_foreground_pool_size", 1),
        Number("tables_loader_background_pool_size", 1),
        Number("mark_cache_size", options.MarkCacheBytes),
        Number("uncompressed_cache_size", 0),
        Number("index_mark_cache_size", options.MarkCacheBytes / 4),
        Number("compiled_expression_cache_size", 16 << 20),
        Number("mmap_cache_size", 0),
        // No table function may reach a file: the directory never exists.
        new XElement("user_files_path", Path.Combine(Path.GetFullPath(options.Directory), "no-user-files") +
            Path.DirectorySeparatorChar),
        new XElement("merge_tree",
            Number("fsync_after_insert", 1),
            Number("fsync_part_directory", 1),
            Number("min_rows_to_fsync_after_merge", 1),
            Number("max_bytes_to_merge_at_max_space_in_pool", 20L << 30),
            Number("number_of_free_entries_in_pool_to_lower_max_size_of_merge", 1),
            Number("number_of_free_entries_in_pool_to_execute_mutation", 1),
            Number("number_of_free_entries_in_pool_to_execute_optimize_entire_partition", 1))));

    private static XElement Number(string name, long value) => new(name, value.ToString(CultureInfo.InvariantCulture));
}
