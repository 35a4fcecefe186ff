using System.Collections.Frozen;
using CostAttribution.Domain.Usage;
using static CostAttribution.Domain.Pricing.CacheAction;
using static CostAttribution.Domain.Pricing.UnitDirection;
using static CostAttribution.Domain.Pricing.UnitFamily;
using static CostAttribution.Domain.Pricing.UnitModality;

namespace CostAttribution.Domain.Pricing;

/// <summary>The units that are known to every rate card, as one table. A file may declare more.</summary>
public static class RateUnits
{
    /// <summary>Number of token kinds with columns of their own; they are the first units of every compiled rate table.</summary>
    internal const int TokenKinds = 6;

    /// <summary>The token kinds in table order.</summary>
    internal static readonly string[] TokenKindNames =
    [
        UsageUnits.InputTokens, UsageUnits.CacheReadTokens, UsageUnits.CacheWriteTokens,
        UsageUnits.CacheWrite1hTokens, UsageUnits.OutputTokens, UsageUnits.ReasoningTokens,
    ];

    private const int FiveMinutes = 300;
    private const int OneHour = 3600;

    /// <summary>
    /// Three token units have a default when a card is silent: reasoning is output
    /// (https://platform.openai.com/docs/guides/reasoning), compaction is an ordinary model call outside the totals.
    /// </summary>
    private static readonly RateUnit[] Table =
    [
        Tokens(UsageUnits.InputTokens, Input, Text) with { InInputTotal = true },
        Tokens(UsageUnits.CacheReadTokens, Input, Text, Read, UsageUnits.InputTokens),
        Tokens(UsageUnits.CacheWriteTokens, Input, Text, Write, UsageUnits.InputTokens) with { CacheTtlSeconds = FiveMinutes },
        Tokens(UsageUnits.CacheWrite1hTokens, Input, Text, Write, UsageUnits.CacheWriteTokens) with { CacheTtlSeconds = OneHour },
        Tokens(UsageUnits.OutputTokens, Output, Text),
        Tokens(UsageUnits.ReasoningTokens, Output, Text, parent: UsageUnits.OutputTokens) with
            { Kind = TokenKind.Reasoning, Policy = FallbackPolicy.Unit },
        Tokens(UsageUnits.AudioInputTokens, Input, Audio, parent: UsageUnits.InputTokens),
        Tokens("audio_cache_read_tokens", Input, Audio, Read, UsageUnits.CacheReadTokens),
        Tokens("audio_cache_write_tokens", Input, Audio, Write, UsageUnits.CacheWriteTokens),
        Tokens(UsageUnits.AudioOutputTokens, Output, Audio, parent: UsageUnits.OutputTokens),
        Tokens(UsageUnits.ImageInputTokens, Input, UnitModality.Image, parent: UsageUnits.InputTokens),
        Tokens("image_cache_read_tokens", Input, UnitModality.Image, Read, UsageUnits.CacheReadTokens),
        Tokens("image_cache_write_tokens", Input, UnitModality.Image, Write, UsageUnits.CacheWriteTokens),
        Tokens(UsageUnits.ImageOutputTokens, Output, UnitModality.Image, parent: UsageUnits.OutputTokens),
        Tokens(UsageUnits.VideoInputTokens, Input, Video, parent: UsageUnits.InputTokens),
        Tokens("video_cache_read_tokens", Input, Video, Read, UsageUnits.CacheReadTokens),
        Tokens("video_cache_write_tokens", Input, Video, Write, UsageUnits.CacheWriteTokens),
        Tokens("video_output_tokens", Output, Video, parent: UsageUnits.OutputTokens),
        Tokens("tool_input_tokens", Input, Text, parent: UsageUnits.InputTokens) with { Kind = TokenKind.Tool },
        Tokens("citation_tokens", Output, Text, parent: UsageUnits.OutputTokens) with { Kind = TokenKind.Citation },
        Tokens("computer_use_input_tokens", Input, Text, parent: UsageUnits.InputTokens) with { Kind = TokenKind.ComputerUse },
        Tokens("computer_use_output_tokens", Output, Text, parent: UsageUnits.OutputTokens) with { Kind = TokenKind.ComputerUse },
        // Outside the totals of the call, and therefore also outside what its thresholds are compared with.
        Tokens(UsageUnits.CompactionInputTokens, Input, Text, parent: UsageUnits.InputTokens) with
            { Kind = TokenKind.Compaction, Policy = FallbackPolicy.Unit, InInputTotal = false },
        Tokens(UsageUnits.CompactionOutputTokens, Output, Text, parent: UsageUnits.OutputTokens) with
            { Kind = TokenKind.Compaction, Policy = FallbackPolicy.Unit },

        Count(UsageUnits.Requests, Request, "request"),
        Count("messages", Request, "message"),
        Count("guardrail_units", Request, "text unit"),
        Count("credits", Request, "credit"),
        Count(UsageUnits.WebSearches, Search, "search"),
        Count("web_searches_low", Search, "search", UsageUnits.WebSearches),
        Count("web_searches_medium", Search, "search", UsageUnits.WebSearches),
        Count("web_searches_high", Search, "search", UsageUnits.WebSearches),
        Count(UsageUnits.SearchUnits, Search, "search of up to 100 documents"),
        Count("rerank_searches", Search, "search"),
        Count("file_searches", Search, "search"),
        Count("map_searches", Search, "search"),
        Count("social_searches", Search, "search"),
        Count("tool_calls", Tool, "call"),
        Count("code_executions", Tool, "execution"),
        Count("sessions", Session, "session"),
        Count("code_interpreter_sessions", Session, "session", "sessions"),

        Count("input_images", UnitFamily.Image, "image") with { Direction = Input, Modality = UnitModality.Image },
        .. Sized(UsageUnits.Images, UnitFamily.Image, "image", UnitModality.Image,
            "512", "1024", "1536", "500px", "1k", "2k", "4k", "premium", "premium_1024"),
        Count("input_pixels", Pixel, "pixel") with { Direction = Input, Modality = UnitModality.Image },
        Count("output_pixels", Pixel, "pixel") with { Direction = Output, Modality = UnitModality.Image },
        Count(UsageUnits.Pages, Page, "page"),
        Count("annotated_pages", Page, "page", UsageUnits.Pages),
        Count(UsageUnits.Characters, Character, "character") with { Modality = Text },
        Count("input_characters", Character, "character", UsageUnits.Characters) with { Direction = Input, Modality = Text },
        Count("output_characters", Character, "character", UsageUnits.Characters) with { Direction = Output, Modality = Text },

        Count(UsageUnits.Seconds, Time, "second"),
        Count(UsageUnits.AudioSeconds, Time, "second", UsageUnits.Seconds) with { Modality = Audio },
        Count("audio_input_seconds", Time, "second", UsageUnits.AudioSeconds) with { Direction = Input, Modality = Audio },
        Count("audio_output_seconds", Time, "second", UsageUnits.AudioSeconds) with { Direction = Output, Modality = Audio },
        Count("video_input_seconds", Time, "second") with { Direction = Input, Modality = Video },
        .. Sized("video_output_seconds", Time, "second", Video, "480p", "720p", "768p", "1080p", "2k", "4k"),
        Count(UsageUnits.GpuMilliseconds, Compute, "millisecond"),
        Count("cpu_milliseconds", Compute, "millisecond"),
        Count("compute_milliseconds", Compute, "millisecond"),
        Count("storage_byte_hours", Storage, "byte for an hour"),
        Count("file_storage_byte_hours", Storage, "byte for an hour", "storage_byte_hours"),
        Count("cache_token_hours", Storage, "cached token for an hour"),
        Count(UsageUnits.VectorReadUnits, Vector, "unit") with { Direction = Input },
        Count(UsageUnits.VectorWriteUnits, Vector, "unit") with { Direction = Output },
    ];

    private static readonly FrozenDictionary<string, RateUnit> ByName = Table.ToFrozenDictionary(unit => unit.Name);

    public static bool IsKnown(string unit) => ByName.ContainsKey(unit);

    /// <summary>The description of a known unit; null of any other.</summary>
    public static RateUnit? Find(string unit) => ByName.GetValueOrDefault(unit);

    /// <summary>Names of all known units, ordered.</summary>
    public static IEnumerable<string> All => ByName.Keys.Order(StringComparer.Ordinal);

    /// <summary>All known units in table order.</summary>
    public static IReadOnlyList<RateUnit> Known => Table;

    /// <summary>
    /// What a unit is that a file names without describing it: a name in <c>_tokens</c> is a token without direction, which takes
    /// factors and stays out of the input total.
    /// </summary>
    public static RateUnit Undescribed(string name) => name.EndsWith("_tokens", StringComparison.Ordinal)
        ? new RateUnit(name, Token) { Step = "token", TakesFactors = true } : new RateUnit(name, Other);

    /// <summary>
    /// The names under which larger amounts of a unit are sold: <c>hour</c> of seconds, <c>GB-day</c> of byte hours. 0 when the
    /// unit is not sold by that name.
    /// </summary>
    public static long AmountOf(string name, RateUnit unit) => (unit.Step, name) switch
    {
        ("second", "second") => 1,
        ("second", "minute") => 60,
        ("second", "hour") => 3600,
        ("millisecond", "second") => 1000,
        ("millisecond", "minute") => 60_000,
        ("millisecond", "hour") => 3_600_000,
        ("byte for an hour", "GB-hour") => 1_000_000_000,
        ("byte for an hour", "GB-day") => 24_000_000_000,
        ("byte for an hour", "GiB-hour") => 1L << 30,
        ("byte for an hour", "GiB-day") => 24 * (1L << 30),
        _ => 0,
    };

    /// <summary>Whether a unit without a column of its own counts towards the input total.</summary>
    internal static bool IsOtherInput(string unit) => unit switch
    {
        UsageUnits.AudioInputTokens or "audio_cache_read_tokens" or "audio_cache_write_tokens" => true,
        UsageUnits.ImageInputTokens or "image_cache_read_tokens" or "image_cache_write_tokens" => true,
        UsageUnits.VideoInputTokens or "video_cache_read_tokens" or "video_cache_write_tokens" => true,
        "tool_input_tokens" or "computer_use_input_tokens" => true,
        _ => false,
    };

    private static RateUnit Tokens(string name, UnitDirection direction, UnitModality modality, CacheAction cache = default,
        string parent = "") => new(name, Token)
    {
        Direction = direction, Modality = modality, Kind = TokenKind.Plain, Cache = cache, Step = "token", Parent = parent,
        TakesFactors = true, InInputTotal = direction == Input,
    };

    private static RateUnit Count(string name, UnitFamily family, string step, string parent = "") =>
        new(name, family) { Step = step, Parent = parent };

    private static IEnumerable<RateUnit> Sized(string name, UnitFamily family, string step, UnitModality modality,
        params string[] sizes) => sizes.Select(size => Count($"{name}_{size}", family, step, name))
        .Prepend(Count(name, family, step)).Select(unit => unit with { Direction = Output, Modality = modality });
}
