using System.Globalization;
using CostAttribution.Api.Requests;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Runs;

/// <summary>One order in which runs can be listed. Ties are broken by run id, so that pages meet without a gap.</summary>
/// <param name="Name">As in <c>sort</c>; a leading minus means highest first.</param>
/// <param name="Column">Column of <c>workflow_runs</c>.</param>
/// <param name="StoreType">Type of a cursor's key.</param>
/// <param name="KeyOf">The key of a run, as the store takes it.</param>
/// <param name="IsKey">True for text that can be such a key.</param>
internal sealed record RunSort(string Name, string Column, string StoreType, Func<RunSummary, string> KeyOf, Func<string,
    bool> IsKey)
{
    public const string DefaultName = "-startedAt";

    private static readonly Func<string, bool> IsTime = text =>
        DateTime.TryParseExact(text, "yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private static readonly Func<string, bool> IsMoney = text => Money.TryParse(text, out _);

    private static readonly Func<string, bool> IsCount = text =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    public static readonly IReadOnlyList<RunSort> All =
    [
        .. Both("startedAt", "started_at", "DateTime64(6, 'UTC')", run => TimeText.ForStore(run.StartedAt), IsTime),
        .. Both("cost", "cost", "Decimal(38, 12)", run => run.Cost.ToString(), IsMoney),
        .. Both("retryCost", "retry_cost", "Decimal(38, 12)", run => run.RetryCost.ToString(), IsMoney),
        .. Both("duration", "duration_ms", "Int64", run => run.DurationMs.ToString(CultureInfo.InvariantCulture), IsCount),
        .. Both("calls", "calls", "Int64", run => run.Calls.ToString(CultureInfo.InvariantCulture), IsCount),
    ];

    public bool Descending => Name[0] == '-';

    public static RunSort Find(string? name) => All.First(sort => sort.Name == (name ?? DefaultName));

    private static RunSort[] Both(string name, string column, string type, Func<RunSummary, string> keyOf, Func<string,
        bool> isKey) =>
        [new("-" + name, column, type, keyOf, isKey), new(name, column, type, keyOf, isKey)];
}
