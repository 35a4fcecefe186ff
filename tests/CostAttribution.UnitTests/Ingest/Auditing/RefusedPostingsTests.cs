using System.Text;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Attribution;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Auditing;
using CostAttribution.UnitTests.Ingest.Assembly;
using CostAttribution.UnitTests.Ingest.Posting;

namespace CostAttribution.UnitTests.Ingest.Auditing;

/// <summary>A refused posting that is posted again counts once, whatever happened to its trace since and in between.</summary>
public sealed class RefusedPostingsTests : IAsyncDisposable
{
    private readonly MemoryStore store = new();
    private string refusedTable = "cost_ledger";

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Theory]
    [InlineData("cost_ledger", 1)]
    [InlineData("run_segments", 0)]
    [InlineData("trace_facts", 0)]
    public async Task What_was_refused_stands_once_when_the_cause_is_gone(string table, long rows)
    {
        refusedTable = table;
        using var rig = Refused(out var id);

        var result = await PostAsync(rig, id);

        Assert.Equal(new RefusedResult(id, RefusedOutcome.Posted, rows, ""), result);
        StandOnce(rig);
        Assert.Equal(0, rig.Pipeline.Metrics.QuarantinedFiles);
        Assert.Null(await New(rig).PostAsync(id, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("cost_ledger")]
    [InlineData("trace_facts")]
    public async Task What_came_of_the_trace_since_is_not_counted_again(string table)
    {
        refusedTable = table;
        using var rig = Refused(out var id);
        // A repetition of what was refused, and a call that is new.
        rig.Offer(TestSpan.Root(2, 1), TestSpan.Call(2, 2, 1), TestSpan.Call(2, 3, 1));
        rig.Pass(70);

        var result = await PostAsync(rig, id);

        Assert.Equal((RefusedOutcome.Posted, 0), (result!.Outcome, result.Rows));
        StandOnce(rig, callsOfRefused: 2);
    }

    [Fact]
    public async Task A_part_that_came_again_is_completed()
    {
        using var rig = Refused(out var id);
        rig.Offer(TestSpan.Root(2, 1), TestSpan.Call(2, 3, 1));
        rig.Pass(70);

        var result = await PostAsync(rig, id);

        Assert.Equal((RefusedOutcome.Posted, 1), (result!.Outcome, result.Rows));
        StandOnce(rig, callsOfRefused: 2);
    }

    [Fact]
    public async Task What_the_store_refuses_again_is_in_quarantine_again()
    {
        using var rig = Refused(out var id);
        Refuse();

        var again = await PostAsync(rig, id);

        Assert.Equal(RefusedOutcome.RefusedAgain, again!.Outcome);
        var file = Assert.Single(New(rig).Reader.List());
        Assert.NotEqual(id, file.PostingId);
        Assert.Contains(file.PostingId, again.Why, StringComparison.Ordinal);
        store.FailBefore = _ => null;
        Assert.Equal(RefusedOutcome.Posted, (await PostAsync(rig, file.PostingId))!.Outcome);
        StandOnce(rig);
    }

    [Fact]
    public async Task Killed_after_any_step_it_is_completed_by_the_next_start()
    {
        for (var steps = 0; ; steps++)
        {
            store.Lose(_ => true);
            store.ForgetTokens();
            using var rig = Refused(out var id);
            var posting = New(rig).PostAsync(id, TestContext.Current.CancellationToken);
            var left = steps;
            for (var turn = 0; turn < 100 && left > 0; turn++)
            {
                rig.Clock.Advance(TimeSpan.FromMilliseconds(200));
                while (left > 0 && rig.Step()) left--;
            }
            if (left > 0)
            {
                Assert.True(steps > 5);
                Assert.Equal(RefusedOutcome.Posted, (await posting.WaitAsync(TestContext.Current.CancellationToken))!.Outcome);
                return;
            }

            rig.Restart();

            if (New(rig).Reader.Find(id) is not null) await PostAsync(rig, id);
            // What an audit does about traces that were set aside.
            var aside = rig.Pipeline.TracesSetAside.Select(trace => new TraceRecheck(trace) { Force = true }).ToArray();
            if (aside.Length > 0) await DriveAsync(rig, rig.Pipeline.RecheckAsync(aside, TestContext.Current.CancellationToken));
            rig.Pass(70);
            StandOnce(rig);
        }
    }

    [Fact]
    public async Task A_posting_that_cannot_be_read_is_listed_and_left()
    {
        using var rig = new PipelineRig(store).Start();
        var directory = rig.Disk.Root.Subdirectory("postings").Subdirectory("quarantine");
        directory.Replace("n-1.refused", Encoding.UTF8.GetBytes("refused\nreason: no\n\n"), new byte[] { 9, 9, 9 });

        var listed = Assert.Single(New(rig).Reader.List());
        var result = await PostAsync(rig, "n-1");

        Assert.Equal(("n-1", "no"), (listed.PostingId, listed.Reason));
        Assert.NotEmpty(listed.Fault);
        Assert.Equal(RefusedOutcome.Left, result!.Outcome);
        Assert.Single(New(rig).Reader.List());
        Assert.Null(New(rig).Reader.Find("../n-1"));
    }

    [Fact]
    public void A_posting_in_quarantine_says_what_it_holds()
    {
        using var rig = Refused(out var id);

        var posting = New(rig).Reader.Find(id)!;

        Assert.Equal(("cost_ledger", 469, "constraint"), (posting.RefusedBy, posting.Code, posting.Reason));
        Assert.Equal(new Dictionary<string, int> { ["cost_ledger"] = 1, ["run_segments"] = 1, ["trace_facts"] = 1 }, posting.Rows);
        Assert.Equal((2, 1), (posting.Spans, posting.TraceCount));
        Assert.Equal(new Domain.Pricing.Money(1000 * AssemblyBench.InputPico + 10 * AssemblyBench.OutputPico).ToString(), posting.Cost);
        var trace = Assert.Single(posting.Traces);
        Assert.Equal((RefusedPostingTests.Hex(2), 1, 2, posting.Cost), (trace.TraceId, trace.LedgerRows, trace.Spans, trace.Cost));
        Assert.True(trace.From < trace.To);
        Assert.NotNull(posting.PostedAt);
    }

    // Three traces, of which the store does not take the second; then it takes all.
    private PipelineRig Refused(out string id)
    {
        var rig = new PipelineRig(store).Start();
        Refuse();
        RefusedPostingTests.Offer(rig, 1, 3);
        rig.Pass(70);
        Assert.Empty(rig.Spool.ListPending());
        id = Assert.Single(New(rig).Reader.List()).PostingId;
        store.FailBefore = _ => null;
        return rig;
    }

    private void Refuse() => store.FailBefore = insert => insert.Table == refusedTable
        && MemoryStore.TracesIn(insert).Contains(RefusedPostingTests.Hex(2)) ? new ClickHouseException(469, "constraint") : null;

    private void StandOnce(PipelineRig rig, int callsOfRefused = 1)
    {
        Assert.Empty(New(rig).Reader.List());
        Assert.Empty(rig.Pipeline.TracesSetAside);
        Assert.Empty(rig.Spool.ListPending());
        RefusedPostingTests.StandOnce(store, [1, 2, 3], trace => trace == 2 ? callsOfRefused : 1);
        Assert.Equal(store.Rows.Count, store.Rows.Select(row => (row.Table, row.Key)).Distinct().Count());
        foreach (var table in (string[])["cost_ledger", "run_segments", "trace_facts"])
            Assert.Contains(store.Rows, row => row.Table == table && row.TraceId == RefusedPostingTests.Hex(2));
    }

    private static RefusedPostings New(PipelineRig rig) =>
        new(rig.Pipeline, rig.Spool, AttributionTable.Default.Keys, rig.Clock);

    private static async Task<RefusedResult?> PostAsync(PipelineRig rig, string id)
    {
        var posting = New(rig).PostAsync(id, TestContext.Current.CancellationToken);
        await DriveAsync(rig, posting);
        return await posting;
    }

    // Less than the time it would wait; what follows the last step runs by itself.
    private static async Task DriveAsync(PipelineRig rig, Task work)
    {
        for (var seconds = 0; seconds < 50 && !work.IsCompleted; seconds++) rig.Pass(1);
        await work.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
    }
}
