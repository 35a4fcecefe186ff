namespace CostAttribution.Domain.Pricing;

/// <summary>An instant as the cards see it: what a plan is compiled for.</summary>
/// <param name="Nanos">Beginning of the segment, nanoseconds since the Unix epoch.</param>
/// <param name="Minutes">By time zone in which windows are told: a minute of its week.</param>
internal readonly record struct RateMoment(long Nanos, IReadOnlyDictionary<string, int> Minutes);

/// <summary>
/// The answers of a book to one set of selectors over time: segments between the instants at which a card or an exchange rate
/// changes, times the windows of the week. Plans are compiled when first asked for; that two threads may both compile one is
/// harmless, since they are equal.
/// </summary>
internal sealed class RateTimeline
{
    private readonly Func<RateMoment, (RatePlan? Plan, PriceGap Gap)> compile;
    private readonly long[] starts;
    private readonly WindowMinutes[] windows;
    private readonly Answer?[] answers;

    /// <summary>A compiled answer; a class, so that it is published whole.</summary>
    private sealed record Answer(RatePlan? Plan, PriceGap Gap);

    /// <param name="starts">Ascending, the first <see cref="long.MinValue"/>.</param>
    /// <param name="windows">By time zone; empty when no window matters.</param>
    /// <param name="compile">The plan from a moment on.</param>
    public RateTimeline(long[] starts, WindowMinutes[] windows, Func<RateMoment, (RatePlan? Plan, PriceGap Gap)> compile)
    {
        this.starts = starts;
        this.windows = windows;
        this.compile = compile;
        var count = starts.Length;
        foreach (var zone in windows) count *= zone.Count;
        answers = new Answer?[count];
    }

    public RatePlan? At(long nanos, out PriceGap gap)
    {
        var segment = starts.Length - 1;
        while (segment > 0 && starts[segment] > nanos) segment--;
        var index = segment;
        foreach (var zone in windows) index = index * zone.Count + zone.SlotAt(nanos);
        ref var slot = ref answers[index];
        var answer = Volatile.Read(ref slot);
        if (answer is null)
        {
            answer = Compile(segment, nanos);
            Volatile.Write(ref slot, answer);
        }
        gap = answer.Gap;
        return answer.Plan;
    }

    private Answer Compile(int segment, long nanos)
    {
        var minutes = windows.ToDictionary(zone => zone.Zone, zone => zone.MinuteIn(zone.SlotAt(nanos)));
        var (plan, why) = compile(new RateMoment(starts[segment], minutes));
        return new Answer(plan, why);
    }
}
