using CostAttribution.Ingest.Posting;

namespace CostAttribution.UnitTests.Ingest.Posting;

public sealed class QuietLaneTests
{
    [Fact]
    public async Task Work_that_its_caller_gives_up_ends_so_that_postings_go_on()
    {
        var lane = new QuietLane();
        using var cancel = new CancellationTokenSource();
        var began = new TaskCompletionSource();
        var asked = lane.RunAsync(async stop =>
        {
            began.SetResult();
            await Task.Delay(Timeout.Infinite, stop);
            return 0;
        }, static () => { }, cancel.Token);
        var step = lane.StepAsync(TestContext.Current.CancellationToken).AsTask();
        await began.Task;

        await cancel.CancelAsync();

        Assert.True(await step.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.True(lane.IsEmpty);
    }
}
