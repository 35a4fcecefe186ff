using System.Collections.Frozen;
using CostAttribution.Domain.Usage;

namespace CostAttribution.RateCards.Importing;

/// <summary>genai-prices' price keys: the unit and the quantity a price is for.</summary>
internal static class GenAiUnits
{
    private const long Million = 1_000_000;

    private static readonly FrozenDictionary<string, (string Unit, long Per)> Known = new Dictionary<string, (string, long)>
    {
        ["input_mtok"] = (UsageUnits.InputTokens, Million),
        ["input_text_mtok"] = (UsageUnits.InputTokens, Million),
        ["output_mtok"] = (UsageUnits.OutputTokens, Million),
        ["output_text_mtok"] = (UsageUnits.OutputTokens, Million),
        ["output_reasoning_mtok"] = (UsageUnits.ReasoningTokens, Million),
        ["output_text_reasoning_mtok"] = (UsageUnits.ReasoningTokens, Million),
        ["output_citation_mtok"] = (ImportUnits.CitationTokens, Million),
        ["cache_read_mtok"] = (UsageUnits.CacheReadTokens, Million),
        ["cache_text_read_mtok"] = (UsageUnits.CacheReadTokens, Million),
        ["cache_write_mtok"] = (UsageUnits.CacheWriteTokens, Million),
        ["cache_write_5m_mtok"] = (UsageUnits.CacheWriteTokens, Million),
        ["cache_text_write_mtok"] = (UsageUnits.CacheWriteTokens, Million),
        ["cache_text_write_5m_mtok"] = (UsageUnits.CacheWriteTokens, Million),
        ["cache_write_1h_mtok"] = (UsageUnits.CacheWrite1hTokens, Million),
        ["cache_text_write_1h_mtok"] = (UsageUnits.CacheWrite1hTokens, Million),
        ["input_audio_mtok"] = (UsageUnits.AudioInputTokens, Million),
        ["output_audio_mtok"] = (UsageUnits.AudioOutputTokens, Million),
        ["input_image_mtok"] = (UsageUnits.ImageInputTokens, Million),
        ["output_image_mtok"] = (UsageUnits.ImageOutputTokens, Million),
        ["input_video_mtok"] = (UsageUnits.VideoInputTokens, Million),
        ["output_video_mtok"] = (ImportUnits.VideoOutputTokens, Million),
        ["cache_audio_read_mtok"] = (ImportUnits.AudioCacheReadTokens, Million),
        ["cache_image_read_mtok"] = (ImportUnits.ImageCacheReadTokens, Million),
        ["cache_video_read_mtok"] = (ImportUnits.VideoCacheReadTokens, Million),
        ["cache_audio_write_mtok"] = (ImportUnits.AudioCacheWriteTokens, Million),
        ["cache_image_write_mtok"] = (ImportUnits.ImageCacheWriteTokens, Million),
        ["cache_video_write_mtok"] = (ImportUnits.VideoCacheWriteTokens, Million),
        ["input_tool_mtok"] = (ImportUnits.ToolInputTokens, Million),
        ["requests_kcount"] = (UsageUnits.Requests, 1_000),
        ["web_searches_kcount"] = (UsageUnits.WebSearches, 1_000),
        ["social_searches_kcount"] = (ImportUnits.SocialSearches, 1_000),
        ["storage_searches_kcount"] = (ImportUnits.FileSearches, 1_000),
        ["rerank_searches_kcount"] = (ImportUnits.RerankSearches, 1_000),
        ["code_executions_kcount"] = (ImportUnits.CodeExecutions, 1_000),
        ["input_text_messages_kcount"] = (ImportUnits.Messages, 1_000),
        ["input_mchars"] = (UsageUnits.Characters, Million),
        ["audio_hours"] = (UsageUnits.AudioSeconds, 3_600),
        ["input_audio_hours"] = (UsageUnits.AudioSeconds, 3_600),
        ["output_audio_hours"] = (ImportUnits.AudioOutputSeconds, 3_600),
        ["input_gpixels"] = (ImportUnits.InputPixels, 1_000_000_000),
        ["input_document_kpages"] = (UsageUnits.Pages, 1_000),
        ["input_annotated_document_kpages"] = (ImportUnits.AnnotatedPages, 1_000),
    }.ToFrozenDictionary();

    /// <summary>Of two keys for one unit, the one that says less.</summary>
    private static readonly FrozenDictionary<string, string> Beside = new Dictionary<string, string>
    {
        ["audio_hours"] = "input_audio_hours", ["input_text_mtok"] = "input_mtok", ["output_text_mtok"] = "output_mtok",
        ["cache_text_read_mtok"] = "cache_read_mtok", ["cache_write_mtok"] = "cache_write_5m_mtok",
    }.ToFrozenDictionary();

    public static bool TryRead(string key, out string unit, out long per)
    {
        var known = Known.TryGetValue(key, out var meaning);
        (unit, per) = meaning;
        return known;
    }

    /// <summary>A key that prices the same unit and is to be used instead when it is present; null for none.</summary>
    public static string? Instead(string key) => Beside.GetValueOrDefault(key);
}
