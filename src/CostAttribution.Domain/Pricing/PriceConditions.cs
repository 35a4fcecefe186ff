namespace CostAttribution.Domain.Pricing;

/// <summary>
/// What a region does to a card: a factor on token rates, or rates of its own. Region <c>*</c> is every region not named,
/// <c>unknown</c> a request without a region (else covered by <c>*</c>).
/// </summary>
public sealed record RegionPrice(string Region, Rational Factor)
{
    /// <summary>Rates in place of the card's; units not named keep theirs.</summary>
    public IReadOnlyList<UnitPrice> Rates { get; init; } = [];

    /// <summary>Where <see cref="Rates"/> are, these are in place of all thresholds of the card.</summary>
    public IReadOnlyList<ContextThreshold> Thresholds { get; init; } = [];

    /// <summary>Service tiers as this region prices them, in place of all tiers of the card; empty = the card's.</summary>
    public IReadOnlyList<TierPrice> Tiers { get; init; } = [];
}

/// <summary>What a geography, an endpoint type or a request flag does to a card. Names as for regions.</summary>
public sealed record ConditionPrice(string Name, Rational Factor)
{
    /// <summary>Rates in place of the card's; units not named keep theirs.</summary>
    public IReadOnlyList<UnitPrice> Rates { get; init; } = [];

    /// <summary>Where <see cref="Rates"/> are, these are in place of all thresholds of the card.</summary>
    public IReadOnlyList<ContextThreshold> Thresholds { get; init; } = [];
}

/// <summary>
/// A window of the day in the card's time zone, minutes from midnight, start inclusive, end exclusive, with a factor on token
/// rates or rates of its own. It follows the wall clock: an hour that daylight saving time repeats is in it twice, one that is
/// left out never.
/// </summary>
/// <param name="Days">Bit 0 is Monday, bit 6 Sunday, in the card's time zone; at least one.</param>
public sealed record DailyWindow(int FromMinute, int ToMinute, Rational Factor, byte Days = DailyWindow.EveryDay)
{
    public const byte EveryDay = 0b111_1111;
    internal const int MinutesPerDay = 24 * 60;
    internal const int MinutesPerWeek = 7 * MinutesPerDay;

    /// <summary>Rates in place of the card's; units not named keep theirs.</summary>
    public IReadOnlyList<UnitPrice> Rates { get; init; } = [];

    /// <summary>Where <see cref="Rates"/> are, these are in place of all thresholds of the card.</summary>
    public IReadOnlyList<ContextThreshold> Thresholds { get; init; } = [];

    /// <summary>Whether a minute of the week, from Monday 00:00, lies in the window.</summary>
    internal bool Holds(int minuteOfWeek)
    {
        var (day, minute) = Math.DivRem(minuteOfWeek, MinutesPerDay);
        return (Days >> day & 1) == 1 && minute >= FromMinute && minute < ToMinute;
    }
}
