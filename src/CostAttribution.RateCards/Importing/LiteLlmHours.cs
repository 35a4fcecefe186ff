using System.Globalization;
using System.Text.Json;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>
/// Off-peak hours: spans of UTC hours, on days of the week that are those of <c>weekday_timezone</c>. An instant is off-peak
/// when its
/// hour lies in a span and its day is one of the span's.
/// </summary>
internal static class LiteLlmHours
{
    private const int MinutesPerDay = 24 * 60;

    /// <summary>Years over which a zone must keep one distance from UTC, so that its days can be told in UTC hours.</summary>
    private const int FirstYear = 2020, LastYear = 2030;

    private static readonly string[] DayNames = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    /// <summary>Windows in UTC; null with the reason when they cannot be told.</summary>
    public static List<DailyWindow>? Read(JsonElement block, out string problem)
    {
        problem = "";
        var zone = JsonEntries.Text(block, "weekday_timezone");
        var windows = new List<DailyWindow>();
        IEnumerable<JsonElement> entries = block.TryGetProperty("windows", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray() : [block];
        foreach (var entry in entries)
        {
            if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("hours_utc", out var hours)) problem =
                "a window has no hours";
            else if (!TryDays(entry, out var days)) problem = "days of the week must be 1 to 7 or their names";
            else if (days != DailyWindow.EveryDay && !TryOffset(zone, out _))
                problem = $"days of the week in zone '{zone}', which is unknown or changes its distance from UTC";
            else if (!TrySpans(hours, days, windows)) problem = "hours must read like 16:30-00:30";
            if (problem.Length > 0) return null;
        }
        return TryOffset(zone, out var offset) ? [.. windows.SelectMany(window => InUtc(window, offset))] : windows;
    }

    private static bool TrySpans(JsonElement hours, byte days, List<DailyWindow> windows)
    {
        if (hours.ValueKind == JsonValueKind.String) return DayTime.TryParseSpan(hours.GetString() ?? "", days, windows);
        return hours.ValueKind == JsonValueKind.Array && hours.GetArrayLength() > 0 && hours.EnumerateArray().All(span =>
            span.ValueKind == JsonValueKind.String && DayTime.TryParseSpan(span.GetString() ?? "", days, windows));
    }

    private static bool TryDays(JsonElement entry, out byte days)
    {
        days = DailyWindow.EveryDay;
        if (!entry.TryGetProperty("weekdays", out var list) || list.ValueKind == JsonValueKind.Null) return true;
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0) return false;
        var bits = 0;
        foreach (var day in list.EnumerateArray())
        {
            var at = day.ValueKind switch
            {
                JsonValueKind.Number => int.TryParse(day.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture,
                    out var number)
                    ? number - 1 : -1,
                JsonValueKind.String => DayOf((day.GetString() ?? "").Trim().ToLowerInvariant()),
                _ => -1,
            };
            if (at is < 0 or > 6) return false;
            bits |= 1 << at;
        }
        days = (byte)bits;
        return true;
    }

    private static int DayOf(string name) => name.Length < 3 ? -1
        : Array.FindIndex(DayNames, day => day == name || day[..3] == name);

    /// <summary>Minutes that a zone is always ahead of UTC.</summary>
    private static bool TryOffset(string zone, out int minutes)
    {
        minutes = 0;
        if (zone.Length == 0 || zone is "UTC" or "Etc/UTC") return true;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found)) return false;
        var offsets = Enumerable.Range(FirstYear, LastYear - FirstYear).SelectMany(year => Enumerable.Range(1, 12)
            .Select(month => found.GetUtcOffset(new DateTimeOffset(year, month, 1, 0, 0, 0,
                TimeSpan.Zero)))).Distinct().ToArray();
        if (offsets.Length != 1) return false;
        minutes = (int)offsets[0].TotalMinutes;
        return true;
    }

    /// <summary>The hours as they are, each on the UTC days that are the zone's days at that hour.</summary>
    private static IEnumerable<DailyWindow> InUtc(DailyWindow window, int offset)
    {
        if (offset == 0 || window.Days == DailyWindow.EveryDay)
        {
            yield return window;
            yield break;
        }
        // The UTC minute at which the zone's day changes; before it the zone may be a day behind, from it on a day ahead.
        var turn = offset > 0 ? MinutesPerDay - offset : -offset;
        var (early, late) = offset > 0 ? (window.Days, Earlier(window.Days)) : (Later(window.Days), window.Days);
        if (window.FromMinute < turn) yield return window with { ToMinute = Math.Min(window.ToMinute, turn), Days = early };
        if (window.ToMinute > turn) yield return window with { FromMinute = Math.Max(window.FromMinute, turn), Days = late };
    }

    private static byte Earlier(byte days) => (byte)((days >> 1 | days << 6) & DailyWindow.EveryDay);

    private static byte Later(byte days) => (byte)((days << 1 | days >> 6) & DailyWindow.EveryDay);
}
