using System.Globalization;

namespace CostAttribution.Api.Requests;

/// <summary>Instants as text: ISO 8601 with an offset, or a date, which is the start of that day in the zone asked for.</summary>
internal static class TimeText
{
    /// <summary>The years the store's tables are made for.</summary>
    private const int YearMin = 2000, YearMax = 2100;

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'",
        "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz",
    ];

    /// <summary>What is wrong with the text, or null.</summary>
    public static string? FaultOf(string text)
    {
        if (TryParse(text, TimeZoneInfo.Utc, out var time))
        {
            return time.Year is >= YearMin and < YearMax ? null
                : string.Create(CultureInfo.InvariantCulture, $"is outside the years {YearMin} to {YearMax - 1}");
        }
        if (text.Length > 6 && text[^6] == ' ' && TryParse(text[..^6] + "+" + text[^5..], TimeZoneInfo.Utc, out _))
        {
            return "has a blank before its offset: in an address '+' means a blank, so write the offset's '+' as %2B, or use Z";
        }
        return TryParse(text + "Z", TimeZoneInfo.Utc, out _)
            ? "has no offset: end it with Z for UTC or with an offset such as -05:00"
            : "is not a time: write ISO 8601 with an offset, for example 2026-01-31T15:00:00Z, or a date, for example 2026-01-31";
    }

    /// <summary>
    /// Reads an instant, rounded up to the microsecond, the resolution of the store: for a bound of a half-open range the
    /// same rows are selected as by the finer instant.
    /// </summary>
    public static bool TryParse(string text, TimeZoneInfo zone, out DateTimeOffset time)
    {
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            time = StartOfDay(date, zone);
            return true;
        }
        if (!DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out time)) return false;
        var rest = time.UtcTicks % TimeSpan.TicksPerMicrosecond;
        var ticks = time.UtcTicks + (rest == 0 ? 0 : TimeSpan.TicksPerMicrosecond - rest);
        if (ticks > DateTime.MaxValue.Ticks) return false;
        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    /// <summary>UTC with a trailing Z; a fraction only when there is one.</summary>
    public static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>As a value of <c>DateTime64(6, 'UTC')</c>.</summary>
    public static string ForStore(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    // A clock change at midnight leaves a day without its first hour, or with two midnights: the day starts with the first
    // instant that carries its date.
    private static DateTimeOffset StartOfDay(DateOnly date, TimeZoneInfo zone)
    {
        var local = date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Unspecified);
        while (zone.IsInvalidTime(local)) local = local.AddMinutes(1);
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        var ticks = Math.Clamp(local.Ticks - offset.Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        return new DateTimeOffset(ticks, TimeSpan.Zero);
    }
}
