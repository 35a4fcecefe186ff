namespace CostAttribution.Domain.Usage;

/// <summary>
/// Names of units in <c>other_units</c>, in the rate cards and in <c>unpriced_usage</c>. Persisted: append only.
/// </summary>
public static class UsageUnits
{
    // The six token kinds have columns of their own; their names appear in rate cards and reports.
    public const string InputTokens = "input_tokens";
    public const string CacheReadTokens = "cache_read_tokens";
    public const string CacheWriteTokens = "cache_write_tokens";
    public const string CacheWrite1hTokens = "cache_write_1h_tokens";
    public const string OutputTokens = "output_tokens";
    public const string ReasoningTokens = "reasoning_tokens";

    public const string AudioInputTokens = "audio_input_tokens";
    public const string AudioOutputTokens = "audio_output_tokens";
    public const string ImageInputTokens = "image_input_tokens";
    public const string ImageOutputTokens = "image_output_tokens";
    public const string VideoInputTokens = "video_input_tokens";

    /// <summary>Server-side compaction input, outside the provider's input total (Anthropic); billed as input.</summary>
    public const string CompactionInputTokens = "compaction_input_tokens";

    /// <summary>Server-side compaction output, outside the provider's output total (Anthropic); billed as output.</summary>
    public const string CompactionOutputTokens = "compaction_output_tokens";

    public const string Requests = "requests";
    public const string WebSearches = "web_searches";
    public const string SearchUnits = "search_units";
    public const string Images = "images";
    public const string Pages = "pages";
    public const string Characters = "characters";
    public const string Seconds = "seconds";
    public const string AudioSeconds = "audio_seconds";
    public const string GpuMilliseconds = "gpu_milliseconds";
    public const string VectorReadUnits = "vector_read_units";
    public const string VectorWriteUnits = "vector_write_units";

    /// <summary>The units with one more, ordered by name; the given array is left as it is.</summary>
    internal static UnitQuantity[] With(UnitQuantity[]? units, string unit, long quantity)
    {
        var before = units ?? [];
        var at = 0;
        while (at < before.Length && string.CompareOrdinal(before[at].Unit, unit) < 0) at++;
        return [.. before[..at], new UnitQuantity(unit, quantity), .. before[at..]];
    }
}
