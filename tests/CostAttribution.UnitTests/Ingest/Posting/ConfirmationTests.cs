using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>Every posting is confirmed to the assembler, however long that does not look.</summary>
public sealed class ConfirmationTests
{
    [Fact]
    public async Task A_confirmation_is_not_lost_when_the_assembler_looks_late()
    {
        var store = new MemoryStore();
        using var rig = new PipelineRig(store).Start();
        var posting = rig.Pipeline.Posting;
        var handedOver = 0;
        for (var i = 0; i < 8; i++)
        {
            if (posting.TryEnqueue(new CostAttribution.Ingest.Posting.PostingBuffer())) handedOver++;
            while (await posting.StepAsync(TestContext.Current.CancellationToken))
            {
            }
        }

        Assert.False(posting.HasRoom);
        for (var i = 0; i < handedOver; i++) Assert.True(posting.TryTakeConfirmed(out _), $"confirmation {i} of {handedOver}");
        Assert.True(posting.HasRoom);
        rig.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        rig.Pass(10);
        Assert.Single(store.Ledger);
        Assert.Equal(2UL, rig.Journal.LowWaterMark.Sequence);
    }
}
