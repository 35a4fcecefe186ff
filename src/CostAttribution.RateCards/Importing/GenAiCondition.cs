using System.Text.Json;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>One conditional price set: from a date on, in certain hours of every day, or always.</summary>
internal sealed record GenAiCondition(JsonElement Prices, long FromNanos, IReadOnlyList<DailyWindow> Windows, string Path)
{
    /// <summary>Stretch of time in which the same sets apply: one outside all hours, others in hours of their own.</summary>
    internal readonly record struct Period(long FromNanos, long ToNanos,
        IReadOnlyList<(GenAiCondition Set, IReadOnlyList<DailyWindow> Windows)> Active);

    /// <summary>Null when the condition is of no known kind.</summary>
    public static GenAiCondition? From(JsonElement entry, string path)
    {
        if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("prices", out var prices)
            || prices.ValueKind != JsonValueKind.Object) return null;
        var setPath = $"{path}.prices";
        if (!entry.TryGetProperty("constraint", out var constraint) || constraint.ValueKind == JsonValueKind.Null)
            return new(prices, long.MinValue, [], setPath);
        if (JsonEntries.Text(constraint, "start_date") is { Length: > 0 } date)
            return RateCardTime.TryParse(date, out var nanos) ? new(prices, nanos, [], setPath) : null;
        var windows = new List<DailyWindow>();
        return DayTime.TryParseMinute(JsonEntries.Text(constraint, "start_time"), out var from)
            && DayTime.TryParseMinute(JsonEntries.Text(constraint, "end_time"), out var to) && from != to
            && DayTime.Add(from, to, DailyWindow.EveryDay, windows) ? new(prices, long.MinValue, windows, setPath) : null;
    }

    /// <summary>The sets in force over time: tried last to first, the first of the list when none applies.</summary>
    public static IEnumerable<Period> Periods(IReadOnlyList<GenAiCondition> sets)
    {
        if (sets.Count == 0) yield break;
        var starts = sets.Select(set => set.FromNanos).Append(long.MinValue).Distinct().Order().ToArray();
        var minutes = sets.SelectMany(set => set.Windows).SelectMany(window => new[] { window.FromMinute, window.ToMinute })
            .Append(0).Where(minute => minute < 24 * 60).Distinct().Order().ToArray();
        for (var i = 0; i < starts.Length; i++)
        {
            var byMinute = minutes.Select(minute => ActiveAt(sets, starts[i], minute)).ToArray();
            var ordinary = byMinute.FirstOrDefault(set => set.Windows.Count == 0) ?? byMinute[0];
            var active = new List<(GenAiCondition, IReadOnlyList<DailyWindow>)> { (ordinary, []) };
            foreach (var set in byMinute.Distinct().Where(set => set != ordinary))
            {
                var windows = new List<DailyWindow>();
                for (var m = 0; m < minutes.Length; m++)
                {
                    var end = m + 1 < minutes.Length ? minutes[m + 1] : 24 * 60;
                    if (byMinute[m] != set) continue;
                    if (windows.Count > 0 && windows[^1].ToMinute == minutes[m])
                        windows[^1] = windows[^1] with { ToMinute = end };
                    else windows.Add(new DailyWindow(minutes[m], end, Rational.One));
                }
                active.Add((set, windows));
            }
            yield return new Period(starts[i], i + 1 < starts.Length ? starts[i + 1] : long.MaxValue, active);
        }
    }

    private static GenAiCondition ActiveAt(IReadOnlyList<GenAiCondition> sets, long nanos, int minute)
    {
        for (var i = sets.Count - 1; i >= 0; i--)
        {
            var set = sets[i];
            if (set.FromNanos <= nanos && (set.Windows.Count == 0
                || set.Windows.Any(window => window.FromMinute <= minute && minute < window.ToMinute))) return set;
        }
        return sets[0];
    }
}
