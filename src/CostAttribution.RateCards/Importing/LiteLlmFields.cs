using System.Collections.Frozen;
using System.Globalization;
using CostAttribution.Domain.Usage;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Names of LiteLLM's price fields: a base, then <c>_above_1hr</c>, then <c>_above_200k_tokens</c>, then a service tier.
/// </summary>
internal static class LiteLlmFields
{
    /// <summary>What a field prices.</summary>
    /// <param name="Per">Quantity that the field's amount is for.</param>
    /// <param name="Problem">Why a rate card cannot say it; empty when it can.</param>
    internal readonly record struct Meaning(string Unit, long Per, string Tier, long Above, string Problem);

    private static readonly (string Suffix, string Tier)[] Tiers =
    [
        ("_batch_requests", "batch"), ("_batches", "batch"), ("_flex", "flex"), ("_priority", "priority"),
        ("_ultrafast", "ultrafast"),
    ];

    private static readonly FrozenDictionary<string, (string Unit, long Per)> Bases = new Dictionary<string, (string, long)>
    {
        ["input_cost_per_token"] = (UsageUnits.InputTokens, 1),
        ["output_cost_per_token"] = (UsageUnits.OutputTokens, 1),
        ["output_cost_per_reasoning_token"] = (UsageUnits.ReasoningTokens, 1),
        ["citation_cost_per_token"] = (ImportUnits.CitationTokens, 1),
        ["cache_creation_input_token_cost"] = (UsageUnits.CacheWriteTokens, 1),
        ["cache_creation_input_token_cost_above_1hr"] = (UsageUnits.CacheWrite1hTokens, 1),
        ["cache_read_input_token_cost"] = (UsageUnits.CacheReadTokens, 1),
        ["input_cost_per_token_cache_hit"] = (UsageUnits.CacheReadTokens, 1),
        ["cache_creation_input_audio_token_cost"] = (ImportUnits.AudioCacheWriteTokens, 1),
        ["cache_read_input_audio_token_cost"] = (ImportUnits.AudioCacheReadTokens, 1),
        ["cache_read_input_image_token_cost"] = (ImportUnits.ImageCacheReadTokens, 1),
        ["cache_read_input_video_token_cost"] = (ImportUnits.VideoCacheReadTokens, 1),
        ["input_cost_per_audio_token"] = (UsageUnits.AudioInputTokens, 1),
        ["output_cost_per_audio_token"] = (UsageUnits.AudioOutputTokens, 1),
        ["input_cost_per_image_token"] = (UsageUnits.ImageInputTokens, 1),
        ["output_cost_per_image_token"] = (UsageUnits.ImageOutputTokens, 1),
        ["input_cost_per_video_token"] = (UsageUnits.VideoInputTokens, 1),
        ["output_cost_per_video_token"] = (ImportUnits.VideoOutputTokens, 1),
        ["input_cost_per_audio_per_second"] = (UsageUnits.AudioSeconds, 1),
        ["output_cost_per_audio_per_second"] = (ImportUnits.AudioOutputSeconds, 1),
        ["input_cost_per_video_per_second"] = (ImportUnits.VideoInputSeconds, 1),
        ["output_cost_per_video_per_second"] = (ImportUnits.VideoOutputSeconds, 1),
        ["input_cost_per_image"] = (ImportUnits.InputImages, 1),
        ["output_cost_per_image"] = (UsageUnits.Images, 1),
        ["input_cost_per_pixel"] = (ImportUnits.InputPixels, 1),
        ["output_cost_per_pixel"] = (ImportUnits.OutputPixels, 1),
        ["input_cost_per_character"] = (UsageUnits.Characters, 1),
        ["output_cost_per_character"] = (ImportUnits.OutputCharacters, 1),
        ["input_cost_per_request"] = (UsageUnits.Requests, 1),
        ["google_maps_grounding_cost_per_query"] = (ImportUnits.MapSearches, 1),
        ["code_interpreter_cost_per_session"] = (ImportUnits.CodeSessions, 1),
        ["file_search_cost_per_1k_calls"] = (ImportUnits.FileSearches, 1_000),
        ["file_search_cost_per_gb_per_day"] = (ImportUnits.FileStorageByteHours, ImportUnits.ByteHoursPerGbDay),
        ["vector_store_cost_per_gb_per_day"] = (ImportUnits.StorageByteHours, ImportUnits.ByteHoursPerGbDay),
        ["computer_use_input_cost_per_1k_tokens"] = (ImportUnits.ComputerUseInputTokens, 1_000),
        ["computer_use_output_cost_per_1k_tokens"] = (ImportUnits.ComputerUseOutputTokens, 1_000),
        ["ocr_cost_per_credit"] = (ImportUnits.Credits, 1),
        ["ocr_cost_per_page"] = (UsageUnits.Pages, 1),
        ["annotation_cost_per_page"] = (ImportUnits.AnnotatedPages, 1),
    }.ToFrozenDictionary();

    private static readonly FrozenSet<string> Sizes =
        new[] { "512", "1024", "1536", "0.5K", "1K", "2K", "4K", "480p", "720p", "768p", "1080p", "2k", "4k" }.ToFrozenSet();

    private static readonly FrozenSet<string> Descriptive = new[]
    {
        "mode", "litellm_provider", "output_vector_size", "deprecation_date", "inference_geo", "source", "comment", "metadata",
        "rpm", "tpm", "rpd", "prompt_cache_min_tokens", "tool_use_system_prompt_tokens", "web_search_billing_unit",
        "ptu_count", "ptu_effective_from", "ptu_effective_to",
    }.ToFrozenSet();

    /// <summary>Fields that are no price and change none.</summary>
    public static bool IsDescriptive(string field) => Descriptive.Contains(field)
        || field.StartsWith("supports_", StringComparison.Ordinal) || field.StartsWith("supported_", StringComparison.Ordinal)
        || field.StartsWith("max_", StringComparison.Ordinal);

    /// <summary>What a field means in an entry of a mode; false for a field that is not a price known here.</summary>
    public static bool TryRead(string field, string mode, out Meaning meaning)
    {
        meaning = default;
        if (NotSayable(field) is { Length: > 0 } problem)
        {
            meaning = new("", 1, "", 0, problem);
            return true;
        }
        var (name, tier) = TakeTier(field);
        if (!TryTakeThreshold(ref name, out var above)) return false;
        var (unit, per) = BaseOf(name, mode);
        if (unit.Length == 0) return false;
        meaning = new(unit, per, tier, above, "");
        return true;
    }

    private static (string Unit, long Per) BaseOf(string name, string mode)
    {
        if (Bases.TryGetValue(name, out var known)) return known;
        switch (name)
        {
            case "input_cost_per_query":
                return (mode == "search" ? UsageUnits.WebSearches : UsageUnits.SearchUnits, 1);
            case "input_cost_per_second":
                return (mode == "audio_transcription" ? UsageUnits.AudioSeconds : UsageUnits.Seconds, 1);
            case "output_cost_per_second":
                return (mode switch
                {
                    "video_generation" => ImportUnits.VideoOutputSeconds,
                    "audio_speech" => ImportUnits.AudioOutputSeconds,
                    "audio_transcription" => "",
                    _ => UsageUnits.Seconds,
                }, 1);
        }
        if (Size(name, "output_cost_per_image_") is { } size) return (ImportUnits.ImagesOf(size), 1);
        return Size(name, "output_cost_per_second_") is { } lines ? (ImportUnits.VideoSecondsOf(lines), 1) : ("", 1);
    }

    private static string? Size(string name, string start) =>
        name.StartsWith(start, StringComparison.Ordinal) && Sizes.Contains(name[start.Length..]) ? name[start.Length..] : null;

    private static (string Name, string Tier) TakeTier(string field)
    {
        foreach (var (suffix, tier) in Tiers)
        {
            if (field.EndsWith(suffix, StringComparison.Ordinal)) return (field[..^suffix.Length], tier);
        }
        return (field, "");
    }

    private static bool TryTakeThreshold(ref string name, out long above)
    {
        above = 0;
        const string start = "_above_", end = "k_tokens";
        var at = name.LastIndexOf(start, StringComparison.Ordinal);
        if (at < 0 || !name.EndsWith(end, StringComparison.Ordinal)) return true;
        if (!long.TryParse(name.AsSpan(at + start.Length, name.Length - at - start.Length - end.Length), NumberStyles.None,
            CultureInfo.InvariantCulture, out above) || above is 0 or > 1_000_000)
        {
            return false;
        }
        above *= 1_000;
        name = name[..at];
        return true;
    }

    private static string NotSayable(string field) => field switch
    {
        "guardrail_cost_per_unit" => "guardrail units are counters of one provider",
        "input_dbu_cost_per_token" or "output_dbu_cost_per_token" or "output_db_cost_per_token" =>
            "in Databricks units, not in US dollars",
        "cost_per_ptu_per_hour" => "provisioned capacity is posted per period, not per call",
        _ when field.Contains("premium_image", StringComparison.Ordinal) || field.EndsWith("_pixels", StringComparison.Ordinal) =>
            "image prices by quality cannot be told apart on a call",
        _ when field.EndsWith("s_interval", StringComparison.Ordinal) => "a rate by length of the clip has no unit",
        _ => "",
    };
}
