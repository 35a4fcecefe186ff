using System.Collections.Concurrent;

namespace CostAttribution.Domain.Pricing;

/// <summary>
/// The wall clock of one time zone as a table of offsets, from the time zone data of the machine: a look-up is a binary search
/// instead of a walk through adjustment rules.
/// </summary>
internal sealed class ZoneClock
{
    /// <summary>1970-01-01 was a Thursday.</summary>
    private const int EpochMinuteOfWeek = 3 * DailyWindow.MinutesPerDay;
    private const long NanosPerSecond = 1_000_000_000;
    private const int SecondsPerWeek = DailyWindow.MinutesPerWeek * 60;
    private const long SecondsPerDay = 86_400;

    /// <summary>Last day that 64 bits of nanoseconds reach: in 2261.</summary>
    private const long DaysMax = 106_500;

    /// <summary>Longest name that is looked up, in characters.</summary>
    private const int NameMax = 64;

    // Bounded by the zones the machine knows.
    private static readonly ConcurrentDictionary<string, ZoneClock> Known = new(StringComparer.Ordinal);

    private readonly long[] sinceSeconds;
    private readonly int[] offsetSeconds;

    private ZoneClock(long[] sinceSeconds, int[] offsetSeconds)
    {
        this.sinceSeconds = sinceSeconds;
        this.offsetSeconds = offsetSeconds;
    }

    public static ZoneClock Utc { get; } = new([long.MinValue], [0]);

    /// <summary>The clock of an IANA zone; empty is UTC. Null when the machine does not know the zone.</summary>
    public static ZoneClock? Find(string zone)
    {
        if (zone.Length == 0) return Utc;
        if (Known.TryGetValue(zone, out var clock)) return clock;
        // Other forms of names depend on the machine's own tables.
        if (zone.Length > NameMax || !(zone.Contains('/') || zone == "UTC")) return null;
        return TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var info) ? Known.GetOrAdd(zone, Read(info)) : null;
    }

    /// <summary>Minute of the week on the zone's wall clock, from Monday 00:00.</summary>
    public int MinuteOfWeek(long utcNanos)
    {
        // Times before 1970 do not occur; they land in some minute rather than outside the week.
        var seconds = Math.Max(utcNanos, 0) / NanosPerSecond;
        var index = 0;
        if (sinceSeconds.Length > 1)
        {
            index = Array.BinarySearch(sinceSeconds, seconds);
            if (index < 0) index = ~index - 1;
        }
        var local = (seconds + offsetSeconds[index]) % SecondsPerWeek;
        if (local < 0) local += SecondsPerWeek;
        return ((int)(local / 60) + EpochMinuteOfWeek) % DailyWindow.MinutesPerWeek;
    }

    private static ZoneClock Read(TimeZoneInfo zone)
    {
        var since = new List<long> { long.MinValue };
        var offsets = new List<int> { OffsetAt(0) };
        for (long day = 1; day <= DaysMax; day++)
        {
            var (end, offset) = (day * SecondsPerDay, OffsetAt(day * SecondsPerDay));
            if (offset == offsets[^1]) continue;
            var (low, high) = (end - SecondsPerDay, end);
            while (high - low > 1)
            {
                var middle = low + (high - low) / 2;
                if (OffsetAt(middle) == offsets[^1]) low = middle;
                else high = middle;
            }
            since.Add(high);
            offsets.Add(offset);
        }
        return new ZoneClock([.. since], [.. offsets]);

        int OffsetAt(long seconds) =>
            (int)(zone.GetUtcOffset(DateTime.UnixEpoch.AddTicks(seconds * TimeSpan.TicksPerSecond)).Ticks
                / TimeSpan.TicksPerSecond);
    }
}
