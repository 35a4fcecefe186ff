using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.Domain.Adjustments;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Ingest.Adjustments;

/// <summary>
/// Which periods are worth computing: for a request all of them; for a scheduled run those whose usage was posted to since the
/// last one, and those whose state or term is not what was last settled.
/// </summary>
/// <param name="days">UTC days, since 1970, with something new; null for all.</param>
internal sealed class AdjustmentDue(IEnumerable<long>? days)
{
    private const long NanosPerDay = 86_400_000_000_000;
    private const long MicrosPerDay = NanosPerDay / 1000;

    private readonly HashSet<long>? touched = days?.ToHashSet();

    public static AdjustmentDue Everything { get; } = new(null);

    /// <summary>An adjustment was posted there: amounts owed are compared with it.</summary>
    public void Touch(long eventTimeMicros) => touched?.Add(eventTimeMicros / MicrosPerDay);

    public bool IsDue(PeriodTerm term, TermSpan span, bool isOver, SettlementReport? last)
    {
        if (touched is null || last is null) return true;
        if (last.State != (isOver ? SettlementState.Final : SettlementState.Provisional)) return true;
        // Capacity is owed for each hour that passes, used or not.
        if (!isOver && term.Kind == PeriodTermKind.Capacity) return true;
        for (var day = span.FromNanos / NanosPerDay; day * NanosPerDay < span.ToNanos; day++)
        {
            if (touched.Contains(day)) return true;
        }
        return false;
    }
}
