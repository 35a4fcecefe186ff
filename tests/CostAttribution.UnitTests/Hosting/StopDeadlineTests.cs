using CostAttribution.Server.Hosting;
using CostAttribution.Testing.Time;

namespace CostAttribution.UnitTests.Hosting;

/// <summary>The one time limit of a stop and the shares its phases get.</summary>
public sealed class StopDeadlineTests
{
    private static readonly TimeSpan Total = TimeSpan.FromSeconds(20);

    private readonly ManualClock clock = new();
    private readonly List<int> left = [];

    [Fact]
    public void A_phase_ends_at_its_share_of_the_whole_however_late_it_begins()
    {
        using var deadline = new StopDeadline(clock, Total, left.Add);
        deadline.Begin();
        clock.Advance(TimeSpan.FromSeconds(4));

        using var requests = deadline.Until(StopDeadline.RequestsPercent);
        using var posting = deadline.Until(StopDeadline.PostingPercent);
        using var over = deadline.Until(StopDeadline.QueriesPercent);

        Assert.True(over.IsCancellationRequested);
        Assert.False(requests.IsCancellationRequested);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(requests.IsCancellationRequested);
        clock.Advance(TimeSpan.FromSeconds(6.9));
        Assert.False(posting.IsCancellationRequested);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(posting.IsCancellationRequested);
        Assert.Empty(left);
    }

    [Fact]
    public void A_process_that_hangs_is_left_when_the_time_since_the_first_signal_is_over()
    {
        using var deadline = new StopDeadline(clock, Total, left.Add);
        deadline.Begin();
        clock.Advance(TimeSpan.FromSeconds(15));
        deadline.Begin(exitCode: 1);

        clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Empty(left);
        clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal([0], left);
    }

    [Fact]
    public void A_process_that_came_to_its_end_is_not_left_twice()
    {
        var deadline = new StopDeadline(clock, Total, left.Add);
        deadline.Begin();
        deadline.Dispose();

        clock.Advance(Total * 2);

        Assert.Empty(left);
    }
}
