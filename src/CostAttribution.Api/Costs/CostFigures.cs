using System.Text.Json.Serialization;
using CostAttribution.Api.Reading;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Costs;

/// <summary>What a set of ledger rows adds up to. Reversals are in it with their signs, so it is net.</summary>
public record CostFigures
{
    /// <summary>USD. A lower bound when unpricedCalls or usageMissingCalls is not 0.</summary>
    public Money Cost { get; init; }

    /// <summary>The same usage at list price, USD.</summary>
    public Money ListCost { get; init; }

    /// <summary>The part of cost spent on attempts that did not succeed, USD.</summary>
    public Money RetryCost { get; init; }

    /// <summary>Provider calls that succeeded or returned usage.</summary>
    public long Calls { get; init; }

    /// <summary>Attempts that failed without usage.</summary>
    public long FailedCalls { get; init; }

    /// <summary>Input neither read from nor written to a cache. All token counts are disjoint.</summary>
    public long InputTokens { get; init; }

    /// <summary>Input read from a cache.</summary>
    public long CacheReadTokens { get; init; }

    /// <summary>Input written to a cache with a five-minute or an unknown time to live.</summary>
    public long CacheWriteTokens { get; init; }

    /// <summary>Input written to a cache with a one-hour time to live.</summary>
    public long CacheWrite1hTokens { get; init; }

    /// <summary>Output without reasoning.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Reasoning output.</summary>
    public long ReasoningTokens { get; init; }

    /// <summary>Quantities of all other units by unit: audio and image tokens, searches, pages, seconds, ….</summary>
    public IReadOnlyDictionary<string, long> OtherUnits { get; init; } = new SortedDictionary<string,
        long>(StringComparer.Ordinal);

    /// <summary>Calls whose cost is unknown in whole or in part, because no rate fits their model or a unit.</summary>
    public long UnpricedCalls { get; init; }

    /// <summary>Calls that reported no usage, so that nothing could be priced.</summary>
    public long UsageMissingCalls { get; init; }

    internal static CostFigures Read(StoreRow row) => new()
    {
        Cost = row.Money("cost_sum"),
        ListCost = row.Money("list_cost_sum"),
        RetryCost = row.Money("retry_cost_sum"),
        Calls = row.Count("calls_sum"),
        FailedCalls = row.Count("failed_calls_sum"),
        InputTokens = row.Count("input_tokens_sum"),
        CacheReadTokens = row.Count("cache_read_tokens_sum"),
        CacheWriteTokens = row.Count("cache_write_tokens_sum"),
        CacheWrite1hTokens = row.Count("cache_write_1h_tokens_sum"),
        OutputTokens = row.Count("output_tokens_sum"),
        ReasoningTokens = row.Count("reasoning_tokens_sum"),
        OtherUnits = row.CountMap("other_units_sum"),
        UnpricedCalls = row.Count("unpriced_calls_sum"),
        UsageMissingCalls = row.Count("usage_missing_calls_sum"),
    };
}

/// <summary>The sum over everything the filters select, also over rows that the limit cut off.</summary>
public sealed record CostTotal : CostFigures
{
    internal CostTotal(CostFigures figures)
        : base(figures)
    {
    }

    /// <summary>The part of cost without a customer, USD.</summary>
    [JsonPropertyOrder(1)]
    public Money UnattributedCost { get; init; }

    /// <summary>
    /// Cost that is known but not posted yet, USD, in the whole hours that touch the range; not part of cost. Null when it
    /// cannot be told for these filters.
    /// </summary>
    [JsonPropertyOrder(1)]
    public Money? OpenCost { get; init; }

    /// <summary>When the store was asked.</summary>
    [JsonPropertyOrder(1)]
    public DateTimeOffset AsOf { get; init; }
}

/// <summary>One group: a value for every dimension of groupBy, then its figures.</summary>
/// <param name="Dimensions">In the order of groupBy.</param>
/// <param name="Figures">Never all zero: a group that was corrected away is not a row.</param>
public sealed record CostRow(IReadOnlyList<KeyValuePair<string, string>> Dimensions, CostFigures Figures);
