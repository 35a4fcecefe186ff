using System.Globalization;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.RateCards.Importing;

/// <summary>Hours of the day as the files spell them.</summary>
internal static class DayTime
{
    private const int MinutesPerDay = 24 * 60;

    /// <summary>
    /// <c>16:30-00:30</c>, in UTC; what passes midnight becomes two windows on the same days, <c>00:00-00:00</c> is the whole
    /// day.
    /// </summary>
    public static bool TryParseSpan(string text, byte days, List<DailyWindow> windows)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && TryParseMinute(text[..dash].Trim(), out var from)
            && TryParseMinute(text[(dash + 1)..].Trim(), out var to)
            && Add(from, to, days, windows);
    }

    /// <summary>Minutes from midnight of <c>06:30</c>, <c>06:30:00Z</c> or <c>24:00</c>; whole minutes only.</summary>
    public static bool TryParseMinute(string text, out int minute)
    {
        minute = MinutesPerDay;
        if (text == "24:00") return true;
        if (!TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss", "HH:mm:ss'Z'", "HH:mm'Z'"], CultureInfo.InvariantCulture,
            DateTimeStyles.None, out var time) || time.Second != 0) return false;
        minute = time.Hour * 60 + time.Minute;
        return true;
    }

    public static bool Add(int from, int to, byte days, List<DailyWindow> windows)
    {
        if (from == to && from != 0 || from == MinutesPerDay) return false;
        if (to == 0) to = MinutesPerDay;
        if (from < to) windows.Add(new(from, to, Rational.One, days));
        else windows.AddRange([new(from, MinutesPerDay, Rational.One, days), new(0, to, Rational.One, days)]);
        return true;
    }
}
