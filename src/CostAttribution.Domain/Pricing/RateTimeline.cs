namespace CostAttribution.Domain.Pricing;

/// <summary>
/// The answers of a book to one set of selectors over time: segments between the instants at which a card or an exchange rate
/// changes. Plans are compiled when first asked for; that two threads may both compile one is harmless, since they are equal.
/// </summary>
internal sealed class RateTimeline
{
    private const long NanosPerMinute = 60_000_000_000;

    /// <summary>1970-01-01 was a Thursday.</summary>
    private const int EpochMinuteOfWeek = 3 * DailyWindow.MinutesPerDay;

    private readonly Func<long, int, (RatePlan? Plan, PriceGap Gap)> compile;
    private readonly long[] starts;
    private readonly int[] minuteStarts;
    private readonly Answer?[] answers;

    /// <summary>A compiled answer; a class, so that it is published whole.</summary>
    private sealed record Answer(RatePlan? Plan, PriceGap Gap);

    /// <param name="starts">Ascending, the first <see cref="long.MinValue"/>.</param>
    /// <param name="minuteStarts">Ascending minutes of the week, the first 0: where a window begins or ends.</param>
    /// <param name="compile">The plan from an instant and a minute of the week on.</param>
    public RateTimeline(long[] starts, int[] minuteStarts, Func<long, int, (RatePlan? Plan, PriceGap Gap)> compile)
    {
        this.starts = starts;
        this.minuteStarts = minuteStarts;
        this.compile = compile;
        answers = new Answer?[starts.Length * minuteStarts.Length];
    }

    public RatePlan? At(long nanos, out PriceGap gap)
    {
        var segment = starts.Length - 1;
        while (segment > 0 && starts[segment] > nanos) segment--;
        var window = minuteStarts.Length - 1;
        if (window > 0)
        {
            // Times before 1970 do not occur; they land in some minute rather than outside the week.
            var minute = (Math.Max(nanos, 0) / NanosPerMinute + EpochMinuteOfWeek) % DailyWindow.MinutesPerWeek;
            while (minuteStarts[window] > minute) window--;
        }
        ref var slot = ref answers[segment * minuteStarts.Length + window];
        var answer = Volatile.Read(ref slot);
        if (answer is null)
        {
            var (plan, why) = compile(starts[segment], minuteStarts[window]);
            answer = new Answer(plan, why);
            Volatile.Write(ref slot, answer);
        }
        gap = answer.Gap;
        return answer.Plan;
    }
}
