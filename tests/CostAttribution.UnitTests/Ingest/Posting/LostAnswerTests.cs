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

    [Fact]
    public void Rows_that_are_still_being_written_are_not_sent_under_another_token()
    {
        var store = new MemoryStore();
        MemoryStore.Row[] late = [];
        var asked = 0;
        store.FailAfter = insert =>
        {
            if (insert.Table != "cost_ledger" || late.Length > 0) return null;
            late = [.. store.Rows.Where(row => row.TraceId == RefusedPostingTests.Hex(2))];
            store.Lose(row => late.Contains(row));
            return new StoreUnavailableException("the answer was lost");
        };
        using var rig = new PipelineRig(store).Start();
        // The insert that was cut off goes on in the store: its second partition comes after the first question.
        rig.AfterStep = () =>
        {
            if (late.Length > 0 && ++asked == 3) store.Rows.AddRange(late);
        };
        Offer(rig);

        rig.Pass(30);

        Assert.True(asked > 3);
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
