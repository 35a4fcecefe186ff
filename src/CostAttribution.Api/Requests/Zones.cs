using System.Diagnostics.CodeAnalysis;

namespace CostAttribution.Api.Requests;

/// <summary>Time zones by IANA name.</summary>
internal static class Zones
{
    private const int NameCharsMax = 64;

    public static bool TryFind(string name, [NotNullWhen(true)] out TimeZoneInfo? zone)
    {
        zone = null;
        if (name == "UTC") zone = TimeZoneInfo.Utc;
        // Names only: the lookup would otherwise take Windows ids and, on Unix, look for files.
        if (zone is not null || name.Length > NameCharsMax || !name.Contains('/')) return zone is not null;
        if (!name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '_' or '-' or '+')) return false;
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone);
    }

    /// <summary>
    /// True when every offset used in the range is whole hours, so that local hours, days and months begin on UTC hours.
    /// </summary>
    public static bool StartsOnUtcHours(TimeZoneInfo zone, TimeRange range)
    {
        if (zone == TimeZoneInfo.Utc) return true;
        // Offsets change at most a few times a year, and a change lasts far longer than a day.
        for (var at = range.From; at < range.To; at = at.AddDays(1))
        {
            if (zone.GetUtcOffset(at).Ticks % TimeSpan.TicksPerHour != 0) return false;
        }
        return zone.GetUtcOffset(range.To).Ticks % TimeSpan.TicksPerHour == 0;
    }
}
