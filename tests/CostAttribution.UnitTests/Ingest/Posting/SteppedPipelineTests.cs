using CostAttribution.ClickHouse.Transport;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>The pipeline is driven from outside, step by step: no thread, no hidden wait.</summary>
public sealed class SteppedPipelineTests
{
    [Fact]
    public void A_trace_reaches_the_store_in_steps_and_the_journal_is_trimmed()
    {
        var store = new MemoryStore();
        using var rig = new PipelineRig(store).Start();
        rig.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));

        rig.Pass(5);

        Assert.Equal(["cost_ledger", "run_segments", "trace_facts"], store.Rows.Select(row => row.Table));
        Assert.Empty(rig.Spool.ListPending());
        Assert.Equal(2UL, rig.Journal.LowWaterMark.Sequence);
    }

    [Fact]
    public void A_step_makes_one_attempt_and_the_next_waits_for_its_instant()
    {
        var store = new MemoryStore { FailBefore = _ => new StoreUnavailableException("away") };
        using var rig = new PipelineRig(store).Start();
        rig.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        rig.Pass(3);
        var attempts = store.Attempts;
        Assert.InRange(attempts, 1, 3);

        Assert.False(rig.Step());
        Assert.Equal(attempts, store.Attempts);
        // The outcome is unknown: the store is asked whether it is at it still, then what it has, then it is sent again.
        rig.Clock.Advance(rig.Posting.RetryDelayMax);
        Assert.True(rig.Step());
        Assert.True(rig.Step());
        Assert.Equal(attempts, store.Attempts);
        Assert.True(rig.Step());

        Assert.Equal(attempts + 1, store.Attempts);
        store.FailBefore = _ => null;
        rig.Pass(20);
        Assert.Equal(3, store.Rows.Count);
    }

    [Fact]
    public void While_the_store_is_away_rows_gather_up_to_a_posting_and_then_nothing_more_is_read()
    {
        var store = new MemoryStore { FailBefore = _ => new StoreUnavailableException("away") };
        using var rig = new PipelineRig(store);
        rig.Posting.RowsMax = 10;
        rig.Start();
        for (var trace = 1; trace <= 100; trace++)
        {
            rig.Offer(TestSpan.Root(trace, 1), TestSpan.Call(trace, 2, 1));
            rig.Pass(3);
        }

        Assert.True(rig.Pipeline.Assembly.IsBlocked);
        Assert.True(rig.Journal.Statistics().FeedLagRecords > 50);
        Assert.Equal(1UL, Math.Max(1, rig.Journal.LowWaterMark.Sequence));

        store.FailBefore = _ => null;
        rig.Pass(60);
        Assert.False(rig.Pipeline.Assembly.IsBlocked);
        Assert.Equal(0, rig.Journal.Statistics().FeedLagRecords);
        Assert.Equal(101UL, rig.Journal.LowWaterMark.Sequence);
        Assert.Equal(100, rig.Pipeline.Metrics.LedgerRowsPosted);
    }

    [Fact]
    public void A_store_that_is_away_at_the_start_is_tried_again()
    {
        var store = new MemoryStore();
        using var rig = new PipelineRig(store).Start();
        rig.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        store.FailBefore = _ => new StoreUnavailableException("away");
        rig.Pass(3);
        Assert.Single(rig.Spool.ListPending());

        rig.Kill();
        rig.Open();
        Assert.False(rig.TryRecover());
        Assert.Contains("away", rig.Pipeline.Metrics.PostingTrouble, StringComparison.Ordinal);
        store.FailBefore = _ => null;
        rig.Pipeline.Dispose();
    }
}
