using System.Globalization;

namespace CostAttribution.Domain.Pricing;

/// <summary>Instants on rate cards: <c>2026-08-21</c> is midnight UTC, <c>2026-08-21T12:00:00Z</c> an instant.</summary>
public static class RateCardTime
{
    private const long NanosPerTick = 100;

    /// <summary>Nanoseconds since the Unix epoch; only years from 1970 to 2261, which 64 bits hold.</summary>
    public static bool TryParse(string text, out long nanos)
    {
        nanos = 0;
        if (!DateTime.TryParseExact(text, ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'"], CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return false;
        }
        if (time.Year is < 1970 or > 2261) return false;
        nanos = (time - DateTime.UnixEpoch).Ticks * NanosPerTick;
        return true;
    }

    public static string ToText(long nanos)
    {
        if (nanos == long.MinValue) return "the beginning";
        if (nanos == long.MaxValue) return "no end";
        var time = DateTime.UnixEpoch.AddTicks(nanos / NanosPerTick);
        return time.ToString(time.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd"
            : "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }
}
