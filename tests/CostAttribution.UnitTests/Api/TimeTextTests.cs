using CostAttribution.Api.Requests;

namespace CostAttribution.UnitTests.Api;

public sealed class TimeTextTests
{
    [Theory]
    [InlineData("2026-01-31", "UTC", "2026-01-31T00:00:00Z")]
    [InlineData("2026-01-31", "Europe/Berlin", "2026-01-30T23:00:00Z")]
    [InlineData("2026-07-31", "Europe/Berlin", "2026-07-30T22:00:00Z")]
    [InlineData("2026-01-31", "Asia/Kolkata", "2026-01-30T18:30:00Z")]
    [InlineData("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z")]
    [InlineData("2026-01-31T10:15Z", "Europe/Berlin", "2026-01-31T10:15:00Z")]
    [InlineData("2026-01-31T10:15:30.5-05:00", "UTC", "2026-01-31T15:15:30.5Z")]
    [InlineData("2026-01-31T10:15:30.0000001Z", "UTC", "2026-01-31T10:15:30.000001Z")]
    [InlineData("2026-01-31T23:59:59.9999999Z", "UTC", "2026-02-01T00:00:00Z")]
    public void Times_are_read_with_their_offset_and_dates_in_the_zone(string text, string zone, string expected)
    {
        Assert.True(Zones.TryFind(zone, out var found));

        Assert.True(TimeText.TryParse(text, found, out var time));
        Assert.Equal(expected, TimeText.Format(time));
    }

    [Theory]
    [InlineData("2026-1-31")]
    [InlineData("2026-01-31 10:00Z")]
    [InlineData("2026-01-31T10Z")]
    [InlineData("2026-01-31T10:15:30.12345678Z")]
    [InlineData("1767225600")]
    [InlineData("2026-01-31T24:00:00Z")]
    [InlineData("2026-01-31T10:00:00+1")]
    public void Anything_else_is_not_a_time(string text) => Assert.NotNull(TimeText.FaultOf(text));

    [Theory]
    [InlineData("UTC", true)]
    [InlineData("Europe/Berlin", true)]
    [InlineData("Asia/Kolkata", false)]
    [InlineData("Australia/Lord_Howe", false)]
    [InlineData("America/New_York", true)]
    public void The_rollup_serves_only_zones_whose_hours_begin_on_utc_hours(string name, bool expected)
    {
        Assert.True(Zones.TryFind(name, out var zone));
        var range =
            new TimeRange(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero));

        Assert.Equal(expected, Zones.StartsOnUtcHours(zone, range));
    }

    [Fact]
    public void A_day_starts_with_the_first_of_two_midnights()
    {
        // Havana sets its clocks back from 1:00 to 0:00, so 2026-11-01 has the hour from midnight twice.
        Assert.True(Zones.TryFind("America/Havana", out var zone));

        Assert.True(TimeText.TryParse("2026-11-01", zone, out var time));

        Assert.Equal("2026-11-01T04:00:00Z", TimeText.Format(time));
    }
}
