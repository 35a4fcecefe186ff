using System.Collections.Frozen;
using CostAttribution.Domain.Usage;

namespace CostAttribution.Domain.Pricing;

/// <summary>The units a rate card may price, and which of them stand in for one that the card does not name.</summary>
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

    /// <summary>
    /// Units billed at another unit's rate when the card does not name them: reasoning is output
    /// (https://platform.openai.com/docs/guides/reasoning), compaction is an ordinary model call outside the totals.
    /// </summary>
    internal static readonly (string Unit, string At)[] Defaults =
    [
        (UsageUnits.ReasoningTokens, UsageUnits.OutputTokens),
        (UsageUnits.CompactionInputTokens, UsageUnits.InputTokens),
        (UsageUnits.CompactionOutputTokens, UsageUnits.OutputTokens),
    ];

    private static readonly FrozenSet<string> Known = FrozenSet.ToFrozenSet(
    [
        .. TokenKindNames,
        UsageUnits.AudioInputTokens, UsageUnits.AudioOutputTokens, UsageUnits.ImageInputTokens, UsageUnits.ImageOutputTokens,
        UsageUnits.VideoInputTokens, UsageUnits.CompactionInputTokens, UsageUnits.CompactionOutputTokens, UsageUnits.Requests,
        UsageUnits.WebSearches, UsageUnits.SearchUnits, UsageUnits.Images, UsageUnits.Pages, UsageUnits.Characters,
        UsageUnits.Seconds, UsageUnits.AudioSeconds, UsageUnits.GpuMilliseconds, UsageUnits.VectorReadUnits,
        UsageUnits.VectorWriteUnits,
    ]);

    public static bool IsKnown(string unit) => Known.Contains(unit);

    /// <summary>All known units, ordered by name.</summary>
    public static IEnumerable<string> All => Known.Order(StringComparer.Ordinal);

    /// <summary>Whether tier, region and daily factors apply: they are published for tokens, not for searches or pages.</summary>
    internal static bool IsToken(string unit) => unit.EndsWith("_tokens", StringComparison.Ordinal);

    /// <summary>Whether the unit counts towards the input total that context thresholds are compared with.</summary>
    internal static bool IsOtherInput(string unit) =>
        unit is UsageUnits.AudioInputTokens or UsageUnits.ImageInputTokens or UsageUnits.VideoInputTokens;
}
