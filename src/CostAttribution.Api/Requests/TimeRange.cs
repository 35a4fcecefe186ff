using CostAttribution.Api.Problems;

namespace CostAttribution.Api.Requests;

/// <summary>A half-open range of instants, <c>[From, To)</c>, UTC, in whole microseconds.</summary>
internal readonly record struct TimeRange(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Length of the range when one end or both are left out.</summary>
    public static readonly TimeSpan DefaultLength = TimeSpan.FromDays(30);

    public static readonly Parameter FromParameter = new("from", ParameterKind.Time,
        "Start of the range, included: ISO 8601 with an offset, or a date (its midnight in timeZone where the route has one, "
            + "else UTC).")
    {
        Example = "2026-01-01T00:00:00Z",
        Default = "30 days before to",
    };

    public static readonly Parameter ToParameter = new("to", ParameterKind.Time,
        "End of the range, not included: ISO 8601 with an offset, or a date.")
    {
        Example = "2026-02-01T00:00:00Z",
        Default = "the next full hour",
    };

    public DateTimeOffset FirstWholeHour => CeilingHour(From);

    /// <summary>End of the last whole hour; before <see cref="FirstWholeHour"/> when the range lies inside one hour.</summary>
    public DateTimeOffset EndOfWholeHours => FloorHour(To);

    public bool HasWholeHours => FirstWholeHour < EndOfWholeHours;

    /// <summary>The range asked for, with the documented defaults. Call only after <see cref="FaultOf"/> said nothing.</summary>
    public static TimeRange Read(RequestValues values, DateTimeOffset now, TimeZoneInfo zone)
    {
        var to = Parse(values.One("to"), zone) ?? CeilingHour(now.AddTicks(1));
        return new TimeRange(Parse(values.One("from"), zone) ?? to - DefaultLength, to);
    }

    /// <summary>
    /// What is wrong with the two ends together; silent when one of them cannot be read, which is a fault of its own.
    /// </summary>
    public static Fault? FaultOf(RequestValues values, DateTimeOffset now, TimeZoneInfo zone)
    {
        if (values.One("from") is not { } given || !IsGood(given)) return null;
        if (values.One("to") is { } end && !IsGood(end)) return null;
        var range = Read(values, now, zone);
        return range.From < range.To
            ? null
            : new Fault("from", $"must be before 'to', which is {TimeText.Format(range.To)}") { Value = Fault.Shown(given) };
    }

    private static bool IsGood(string text) => TimeText.FaultOf(text) is null;

    private static DateTimeOffset? Parse(string? text, TimeZoneInfo zone) =>
        text is not null && TimeText.TryParse(text, zone, out var time) ? time : null;

    public static DateTimeOffset FloorHour(DateTimeOffset time) =>
        new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);

    public static DateTimeOffset CeilingHour(DateTimeOffset time)
    {
        var floor = FloorHour(time);
        return floor.UtcTicks == time.UtcTicks ? floor : floor.AddHours(1);
    }
}
