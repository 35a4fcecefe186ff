using CostAttribution.ClickHouse.Transport;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>An answer that is lost is not taken for an insert that was not made.</summary>
public sealed class LostAnswerTests
{
    [Theory]
    [InlineData("cost_ledger")]
    [InlineData("run_segments")]
    [InlineData("trace_facts")]
    public void After_a_lost_answer_the_rows_stand_once_although_the_store_has_forgotten_the_token(string table)
    {
        var store = new MemoryStore();
        var lost = 0;
        store.FailAfter = insert =>
        {
            if (insert.Table != table || lost++ > 0) return null;
            store.ForgetTokens();
            return new StoreUnavailableException("the answer was lost");
        };
        using var rig = new PipelineRig(store).Start();
        Offer(rig);

        rig.Pass(30);

        Assert.Equal(1, lost);
        StandOnce(rig, store);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Nothing_is_sent_while_an_insert_whose_answer_was_lost_still_runs(int lateTraces)
    {
        var store = new MemoryStore();
        MemoryStore.Row[] late = [];
        var (steps, attempts) = (0, 0);
        store.FailAfter = insert =>
        {
            if (insert.Table != "cost_ledger" || attempts > 0) return null;
            late = [.. store.Rows.Where(row => Enumerable.Range(1, lateTraces).Any(trace => row.TraceId == RefusedPostingTests.Hex(trace)))];
            store.Lose(row => late.Contains(row));
            // The token would not help.
            store.ForgetTokens();
            store.Running.Add(insert.DeduplicationToken);
            attempts = store.Attempts;
            return new StoreUnavailableException("the answer was lost");
        };
        using var rig = new PipelineRig(store).Start();
        // The insert goes on in the store: what it writes is there when nobody expects it any more.
        rig.AfterStep = () =>
        {
            if (attempts == 0 || store.Running.Count == 0) return;
            Assert.Equal(attempts, store.Attempts);
            if (++steps < 200) return;
            store.Rows.AddRange(late);
            store.Running.Clear();
        };
        Offer(rig);

        rig.Pass(200);

        Assert.Equal(200, steps);
        StandOnce(rig, store);
    }

    [Fact]
    public void An_insert_of_a_killed_process_that_still_runs_is_waited_for()
    {
        var store = new MemoryStore();
        MemoryStore.Row[] late = [];
        store.FailAfter = insert =>
        {
            if (insert.Table != "cost_ledger" || store.Running.Count > 0) return null;
            late = [.. store.Rows];
            store.Lose(_ => true);
            store.ForgetTokens();
            store.Running.Add(insert.DeduplicationToken);
            return new StoreUnavailableException("killed");
        };
        using var rig = new PipelineRig(store).Start();
        Offer(rig);
        rig.Pass(5);
        Assert.Single(store.Running);
        var attempts = store.Attempts;
        var seconds = 0;
        rig.AfterStep = () =>
        {
            if (store.Running.Count == 0) return;
            Assert.Equal(attempts, store.Attempts);
            if (++seconds < 10) return;
            store.Rows.AddRange(late);
            store.Running.Clear();
        };

        rig.Restart();
        rig.Pass(30);

        Assert.Equal(10, seconds);

        StandOnce(rig, store);
    }

    [Fact]
    public void An_insert_that_was_not_made_goes_out_again_under_its_own_token()
    {
        var store = new MemoryStore();
        var tokens = new List<string>();
        store.FailBefore = insert =>
        {
            tokens.Add(insert.DeduplicationToken);
            return tokens.Count <= 3 ? new StoreUnavailableException("away") : null;
        };
        using var rig = new PipelineRig(store).Start();
        Offer(rig);

        rig.Pass(60);

        // Should the first one be running still, the store counts them as one.
        Assert.Single(tokens.Take(4).Distinct());
        StandOnce(rig, store);
    }

    private static void Offer(PipelineRig rig)
    {
        for (var trace = 1; trace <= 3; trace++) rig.Offer(TestSpan.Root(trace, 1), TestSpan.Call(trace, 2, 1));
    }

    private static void StandOnce(PipelineRig rig, MemoryStore store)
    {
        RefusedPostingTests.StandOnce(store, [1, 2, 3], _ => 1);
        Assert.Equal(store.Rows.Count, store.Rows.Select(row => (row.Table, row.Key)).Distinct().Count());
        Assert.Empty(rig.Spool.ListPending());
        Assert.Equal(4UL, rig.Journal.LowWaterMark.Sequence);
    }
}
