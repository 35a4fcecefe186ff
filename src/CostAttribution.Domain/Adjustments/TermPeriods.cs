using System.Globalization;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Domain.Adjustments;

/// <summary>One period of a term, as far as the term holds. Nanoseconds since the Unix epoch, half-open.</summary>
/// <param name="FromNanos">Begin of the period, or of the term if that is later.</param>
/// <param name="ToNanos">End of the period, or of the term if that is earlier.</param>
/// <param name="FullToNanos">End of the period, wherever the term ends.</param>
public readonly record struct TermSpan(long FromNanos, long ToNanos, long FullToNanos)
{
    private const long NanosPerTick = 100;
    private const string DayFormat = "yyyy-MM-dd";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";

    /// <summary>Names the period: <c>2026-01-01/2026-02-01</c>, with the time of day where it is not midnight UTC.</summary>
    public override string ToString()
    {
        var (from, to) = (At(FromNanos), At(ToNanos));
        var format = from.TimeOfDay == TimeSpan.Zero && to.TimeOfDay == TimeSpan.Zero ? DayFormat : TimeFormat;
        return $"{from.ToString(format, CultureInfo.InvariantCulture)}/{to.ToString(format, CultureInfo.InvariantCulture)}";
    }

    /// <summary>Reads what <see cref="ToString"/> wrote; the period is taken to end where it was cut.</summary>
    public static bool TryParse(string text, out TermSpan span)
    {
        span = default;
        if (text.Split('/') is not [var from, var to] || !TryAt(from, out var begin) || !TryAt(to, out var end)) return false;
        span = new TermSpan(NanosOf(begin), NanosOf(end), NanosOf(end));
        return true;
    }

    private static bool TryAt(string text, out DateTime time) => DateTime.TryParseExact(text, [DayFormat, TimeFormat],
        CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);

    internal static DateTime At(long nanos) => DateTime.UnixEpoch.AddTicks(Math.DivRem(nanos, NanosPerTick).Quotient);

    internal static long NanosOf(DateTime time) => checked((time.Ticks - DateTime.UnixEpoch.Ticks) * NanosPerTick);
}

/// <summary>
/// Which periods a term is settled by. Quantities (tiers, allowances) are counted by calendar periods in UTC, as providers count
/// them; amounts (minimum, commitment) are owed for periods that begin with the term, or by the calendar for a term that always
/// held; capacity is settled by the UTC day.
/// </summary>
public static class TermPeriods
{
    private const int MonthsPerQuarter = 3;
    private const int MonthsPerYear = 12;

    // What a ledger can hold, and calendar arithmetic with it.
    private static readonly DateTime Earliest = new(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Latest = new(2200, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>Whether the term is settled once its period is over, not before.</summary>
    public static bool IsOwedAtTheEnd(PeriodTermKind kind) =>
        kind is PeriodTermKind.MinimumCharge or PeriodTermKind.Commitment;

    /// <summary>The periods of the term that meet the range, the oldest first. Ranges outside 1970 to 2200 have none.</summary>
    public static IEnumerable<TermSpan> Within(PeriodTerm term, long fromNanos, long toNanos)
    {
        var from = Later(Clamp(fromNanos), Clamp(term.FromNanos));
        var to = Earlier(Clamp(toNanos), Clamp(term.ToNanos));
        var anchored = IsOwedAtTheEnd(term.Kind) && term.FromNanos != long.MinValue;
        var step = term.Kind == PeriodTermKind.Capacity ? TermPeriod.Day : term.Period;
        var anchor = anchored ? Clamp(term.FromNanos) : Floor(from, step);
        for (var index = anchored ? Math.Max(0, Passed(anchor, from, step) - 1) : 0; ; index++)
        {
            var (begin, end) = (Add(anchor, step, index), Add(anchor, step, index + 1));
            if (begin >= to) yield break;
            if (end <= from) continue;
            yield return new TermSpan(TermSpan.NanosOf(Later(begin, Clamp(term.FromNanos))),
                TermSpan.NanosOf(Earlier(end, Clamp(term.ToNanos))), TermSpan.NanosOf(end));
        }
    }

    private static DateTime Floor(DateTime time, TermPeriod period) => period switch
    {
        TermPeriod.Hour => time.Date.AddHours(time.Hour),
        TermPeriod.Day => time.Date,
        TermPeriod.Month => new DateTime(time.Year, time.Month, 1, 0, 0, 0, DateTimeKind.Utc),
        TermPeriod.Quarter => new DateTime(time.Year, (time.Month - 1) / MonthsPerQuarter * MonthsPerQuarter + 1, 1, 0, 0, 0,
            DateTimeKind.Utc),
        _ => new DateTime(time.Year, 1, 1, 0, 0, 0, DateTimeKind.Utc),
    };

    // From the anchor each time: a month after 31 January is the end of February, and the one after that 31 March.
    private static DateTime Add(DateTime anchor, TermPeriod period, long count) => period switch
    {
        TermPeriod.Hour => anchor.AddHours(count),
        TermPeriod.Day => anchor.AddDays(count),
        TermPeriod.Month => anchor.AddMonths((int)count),
        TermPeriod.Quarter => anchor.AddMonths((int)count * MonthsPerQuarter),
        _ => anchor.AddMonths((int)count * MonthsPerYear),
    };

    /// <summary>Periods that begin between the anchor and a later time, give or take one.</summary>
    private static long Passed(DateTime anchor, DateTime time, TermPeriod period)
    {
        var months = (time.Year - anchor.Year) * MonthsPerYear + time.Month - anchor.Month;
        return period switch
        {
            TermPeriod.Hour => (long)(time - anchor).TotalHours,
            TermPeriod.Day => (long)(time - anchor).TotalDays,
            TermPeriod.Month => months,
            TermPeriod.Quarter => months / MonthsPerQuarter,
            _ => months / MonthsPerYear,
        };
    }

    private static DateTime Clamp(long nanos) => nanos <= TermSpan.NanosOf(Earliest) ? Earliest
        : nanos >= TermSpan.NanosOf(Latest) ? Latest : TermSpan.At(nanos);

    private static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;

    private static DateTime Earlier(DateTime one, DateTime other) => one < other ? one : other;
}
