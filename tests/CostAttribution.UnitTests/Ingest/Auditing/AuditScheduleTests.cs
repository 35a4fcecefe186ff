using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Ingest.Auditing;
using CostAttribution.Testing.Time;

namespace CostAttribution.UnitTests.Ingest.Auditing;

public sealed class AuditScheduleTests
{
    private readonly ManualClock clock = new();

    [Fact]
    public void The_first_audit_comes_within_the_interval_and_the_next_one_an_interval_later()
    {
        var schedule = new AuditSchedule(new AuditOptions(), "node-1", clock);
        Assert.Null(schedule.TakeDue());
        Assert.InRange(schedule.UntilNext(), TimeSpan.FromSeconds(3), TimeSpan.FromHours(1));

        clock.Advance(schedule.UntilNext());

        Assert.Equal(AuditTrigger.Hourly, schedule.TakeDue());
        Assert.Null(schedule.TakeDue());
        Assert.Equal(TimeSpan.FromHours(1), schedule.UntilNext());
    }

    [Fact]
    public void Nodes_that_start_together_do_not_audit_together()
    {
        var first = Enumerable.Range(1, 8).Select(node => new AuditSchedule(new AuditOptions(), $"node-{node}", clock).UntilNext());

        Assert.Equal(8, first.Distinct().Count());
    }

    [Fact]
    public void An_interval_of_zero_turns_them_off()
    {
        var schedule = new AuditSchedule(new AuditOptions { Interval = TimeSpan.Zero }, "node-1", clock);

        clock.Advance(TimeSpan.FromDays(2));

        Assert.Null(schedule.TakeDue());
        Assert.Equal(Timeout.InfiniteTimeSpan, schedule.UntilNext());
    }

    [Fact]
    public void Everything_is_due_when_it_never_was_or_a_day_ago()
    {
        var schedule = new AuditSchedule(new AuditOptions(), "node-1", clock);
        var now = clock.GetUtcNow();

        Assert.True(schedule.IsFullDue(null, null));
        Assert.False(schedule.IsFullDue(now.AddHours(-23), now.AddHours(-23)));
        Assert.True(schedule.IsFullDue(now.AddHours(-24), now.AddHours(-24)));
    }

    [Fact]
    public void One_of_everything_that_fails_is_not_begun_again_every_hour()
    {
        var schedule = new AuditSchedule(new AuditOptions(), "node-1", clock);
        var now = clock.GetUtcNow();

        Assert.False(schedule.IsFullDue(null, now.AddHours(-5)));
        Assert.False(schedule.IsFullDue(now.AddDays(-3), now.AddHours(-1)));
        Assert.True(schedule.IsFullDue(now.AddDays(-3), now.AddHours(-6)));
    }

    [Fact]
    public void What_was_posted_since_the_last_that_completed_is_looked_at_and_at_most_a_day()
    {
        var schedule = new AuditSchedule(new AuditOptions(), "node-1", clock);
        var now = clock.GetUtcNow();

        Assert.Equal(now.AddHours(-3), schedule.PostedSince(now.AddHours(-2)));
        Assert.Equal(now.AddHours(-25), schedule.PostedSince(now.AddDays(-9)));
        Assert.Equal(now.AddHours(-25), schedule.PostedSince(null));
    }
}
