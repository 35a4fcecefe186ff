using CostAttribution.Domain.Usage;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Units that third parties price beyond those every card knows. Files written by an import declare the ones they use, so
/// that their prices wait for usage of that name instead of being lost.
/// </summary>
internal static class ImportUnits
{
    public const string AudioCacheReadTokens = "audio_cache_read_tokens";
    public const string ImageCacheReadTokens = "image_cache_read_tokens";
    public const string VideoCacheReadTokens = "video_cache_read_tokens";
    public const string AudioCacheWriteTokens = "audio_cache_write_tokens";
    public const string ImageCacheWriteTokens = "image_cache_write_tokens";
    public const string VideoCacheWriteTokens = "video_cache_write_tokens";
    public const string VideoOutputTokens = "video_output_tokens";
    public const string CitationTokens = "citation_tokens";
    public const string ToolInputTokens = "tool_input_tokens";
    public const string InputImages = "input_images";
    public const string InputPixels = "input_pixels";
    public const string OutputPixels = "output_pixels";
    public const string OutputCharacters = "output_characters";
    public const string AudioOutputSeconds = "audio_output_seconds";
    public const string VideoInputSeconds = "video_input_seconds";
    public const string VideoOutputSeconds = "video_output_seconds";
    public const string MapSearches = "map_searches";
    public const string SocialSearches = "social_searches";
    public const string FileSearches = "file_searches";
    public const string CodeSessions = "code_interpreter_sessions";
    public const string CodeExecutions = "code_executions";
    public const string Messages = "messages";
    public const string AnnotatedPages = "annotated_pages";
    public const string ComputerUseInputTokens = "computer_use_input_tokens";
    public const string ComputerUseOutputTokens = "computer_use_output_tokens";
    public const string RerankSearches = "rerank_searches";
    public const string Credits = "credits";
    public const string FileStorageByteHours = "file_storage_byte_hours";
    public const string StorageByteHours = "storage_byte_hours";

    /// <summary>Byte hours in a gigabyte for a day.</summary>
    public const long ByteHoursPerGbDay = 24L * 1_000_000_000;

    /// <summary>Searches of one size of context: <c>low</c>, <c>medium</c> or <c>high</c>.</summary>
    public static string WebSearchesOf(string size) => $"{UsageUnits.WebSearches}_{size}";

    /// <summary>Images of one size: <c>images_1024</c>, <c>images_2k</c>.</summary>
    public static string ImagesOf(string size) => $"{UsageUnits.Images}_{(size == "0.5K" ? "500px" : Plain(size))}";

    /// <summary>Seconds of video of one resolution: <c>video_output_seconds_720p</c>.</summary>
    public static string VideoSecondsOf(string resolution) => $"{VideoOutputSeconds}_{Plain(resolution)}";

    private static string Plain(string size) => size.ToLowerInvariant();

    public static bool IsToken(string unit) => unit.EndsWith("_tokens", StringComparison.Ordinal);
}
