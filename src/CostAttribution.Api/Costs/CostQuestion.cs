using CostAttribution.Api.Requests;

namespace CostAttribution.Api.Costs;

/// <summary>A checked question about costs.</summary>
internal sealed record CostQuestion
{
    public required TimeRange Range { get; init; }

    /// <summary>Zone in which hours, days and months begin.</summary>
    public required TimeZoneInfo Zone { get; init; }

    /// <summary>Names of dimensions, periods and <c>dim.*</c>, each once.</summary>
    public required IReadOnlyList<string> GroupBy { get; init; }

    /// <summary>Name → accepted values, in the order sent.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Filters { get; init; }

    public required int Limit { get; init; }

    /// <summary>True when the rollup can answer for the whole hours of the range.</summary>
    public bool FitsRollup =>
        Range.HasWholeHours
        && GroupBy.Concat(Filters.Keys)
            .All(name => CostDimensions.IsPeriod(name) || CostDimensions.Find(name) is { InRollup: true })
        && (!GroupBy.Any(CostDimensions.IsPeriod) || Zones.StartsOnUtcHours(Zone, Range));
}
