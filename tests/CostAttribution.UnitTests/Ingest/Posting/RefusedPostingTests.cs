using System.Text;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Journal.Postings;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>What the store refuses for what it says is set aside as far as it must be, and never in the way of others.</summary>
public sealed class RefusedPostingTests : IAsyncDisposable
{
    private const int Violated = 469;

    private readonly MemoryStore store = new();

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public void The_traces_that_the_store_refuses_are_set_aside_and_the_rest_is_posted_once()
    {
        using var rig = new PipelineRig(store).Start();
        Refuse(3, 7);
        Offer(rig, 1, 10);

        rig.Pass(60);

        StandOnce([1, 2, 4, 5, 6, 8, 9, 10]);
        Assert.DoesNotContain(store.Rows, row => row.TraceId == Hex(3) || row.TraceId == Hex(7));
        Assert.Equal(2, rig.Spool.Refused().Files);
        Assert.Equal(2, rig.Pipeline.Metrics.QuarantinedByReason["cost_ledger_469"]);
        Assert.Empty(rig.Spool.ListPending());
        Assert.Equal(11UL, rig.Journal.LowWaterMark.Sequence);
        Assert.Equal("", rig.Pipeline.Metrics.PostingTrouble);
    }

    [Fact]
    public void A_file_in_quarantine_says_what_was_refused_and_holds_the_rows()
    {
        using var rig = new PipelineRig(store).Start();
        Refuse(1);
        Offer(rig, 1, 2);
        rig.Pass(60);

        var directory = rig.Disk.Root.Subdirectory("postings").Subdirectory("quarantine");
        var file = Assert.Single(directory.List());
        var bytes = directory.ReadAll(file.Name, 1 << 20);
        var end = bytes.AsSpan().IndexOf("\n\n"u8);
        var text = Encoding.UTF8.GetString(bytes, 0, end);
        Assert.Contains($"traces: {Hex(1)}", text, StringComparison.Ordinal);
        Assert.Contains("code: 469", text, StringComparison.Ordinal);
        Assert.Contains("reason: constraint", text, StringComparison.Ordinal);
        Assert.Contains("cost_ledger 1, run_segments 1, trace_facts 1", text, StringComparison.Ordinal);
        var posting = CostAttribution.Ingest.Posting.EncodedPosting.FromBytes("x", bytes.AsMemory(end + 2));
        Assert.Equal(1, posting.LedgerRows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_applied_of_a_divided_posting_and_lost_by_the_store_comes_back(bool tokensToo)
    {
        using var rig = new PipelineRig(store).Start();
        // The ledger takes all; then the facts of one trace are refused, and the posting is divided down to that trace.
        store.FailBefore = insert => insert.Table == "trace_facts" && MemoryStore.TracesIn(insert).Contains(Hex(3))
            ? new ClickHouseException(Violated, "constraint") : null;
        Offer(rig, 1, 6);
        rig.Pass(60);
        Assert.Equal(1, rig.Spool.Refused().Files);
        Assert.Equal(6, store.Ledger.Count());
        Assert.Single(store.Ledger.Select(row => row.PostingId).Distinct());

        store.Lose(row => row.Table is "cost_ledger" or "run_segments");
        if (tokensToo) store.ForgetTokens();
        rig.Restart();
        rig.Restart();

        Assert.Equal(6, store.Ledger.Count());
        Assert.Equal(6, store.Ledger.Select(row => row.EntryId).Distinct().Count());
        Assert.Equal(6, store.Rows.Count(row => row.Table == "run_segments"));
        Assert.Equal(5, store.Rows.Count(row => row.Table == "trace_facts"));
        Assert.Equal(1, rig.Spool.Refused().Files);
    }

    [Theory]
    [InlineData(60, false)]
    [InlineData(164, false)]
    [InlineData(497, false)]
    [InlineData(252, true)]
    public void What_is_not_about_content_waits_and_is_never_set_aside(int code, bool unavailable)
    {
        using var rig = new PipelineRig(store).Start();
        store.FailBefore = _ => unavailable ? new StoreUnavailableException("busy") : new ClickHouseException(code, "no");
        Offer(rig, 1, 4);
        rig.Pass(120);

        Assert.Equal(0, rig.Spool.Refused().Files);
        Assert.NotEqual("", rig.Pipeline.Metrics.PostingTrouble);
        Assert.Single(rig.Spool.ListPending());
        store.FailBefore = _ => null;
        rig.Pass(60);
        StandOnce([1, 2, 3, 4]);
    }

    [Fact]
    public void A_store_that_refuses_everything_does_not_empty_the_journal_into_quarantine()
    {
        using var rig = new PipelineRig(store);
        rig.Posting.RefusedInARowMax = 3;
        rig.Start();
        Refuse([.. Enumerable.Range(1, 40)]);
        Offer(rig, 1, 40);
        rig.Pass(600);

        Assert.Equal(3, rig.Spool.Refused().Files);
        Assert.Contains("one trace after the other", rig.Pipeline.Metrics.PostingTrouble, StringComparison.Ordinal);
        Assert.Equal(1UL, Math.Max(1, rig.Journal.LowWaterMark.Sequence));

        Refuse();
        rig.Pass(60);
        StandOnce([.. Enumerable.Range(1, 40).Where(trace => store.Rows.Exists(row => row.TraceId == Hex(trace)))]);
        Assert.Equal(37, store.Ledger.Count());
        Assert.Equal("", rig.Pipeline.Metrics.PostingTrouble);
    }

    [Fact]
    public void A_full_quarantine_holds_and_loses_nothing()
    {
        using var rig = new PipelineRig(store) { SpoolOptions = new PostingSpoolOptions { QuarantineBytesMax = 100 } };
        rig.Start();
        Refuse(2);
        Offer(rig, 1, 3);
        rig.Pass(60);

        Assert.Contains("QuarantineBytesMax", rig.Pipeline.Metrics.PostingTrouble, StringComparison.Ordinal);
        Assert.Equal(0, rig.Spool.Refused().Files);
        Assert.Equal(1UL, Math.Max(1, rig.Journal.LowWaterMark.Sequence));
        Refuse();
        rig.Restart();
        rig.Pass(60);
        StandOnce([1, 2, 3]);
    }

    [Fact]
    public void Rows_that_correct_refused_rows_are_set_aside_too()
    {
        using var rig = new PipelineRig(store);
        rig.Posting.RetryDelay = TimeSpan.FromSeconds(3);
        rig.Start();
        Refuse(1);
        rig.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        // Settled, handed over and refused for the first time.
        rig.Pass(2.6);
        Assert.Equal(1, rig.Pipeline.Metrics.PostingsRefused);
        // The correction is handed over while the first is still being tried; alone the store would take it.
        rig.Offer(TestSpan.Call(1, 2, 1, input: 5000).With("gen_ai.usage.cache_read.input_tokens", 100L));
        rig.Offer(TestSpan.Root(2, 1), TestSpan.Call(2, 2, 1));
        rig.Pass(5);
        Assert.Equal(0, rig.Spool.Refused().Files);
        store.FailBefore = insert => insert.DeduplicationToken.Contains("-1/", StringComparison.Ordinal)
            ? new ClickHouseException(Violated, "constraint") : null;
        rig.Pass(60);

        Assert.Equal(1, rig.Pipeline.Metrics.QuarantinedByReason["depends_on_refused"]);
        Assert.DoesNotContain(store.Ledger, entry => entry.Sign < 0);
        StandOnce([2]);
        Assert.Equal(2, rig.Spool.Refused().Files);
        Assert.Equal(4UL, rig.Journal.LowWaterMark.Sequence);
    }

    [Fact]
    public void A_refused_trace_that_gets_a_later_span_is_posted_anew_once_the_store_takes_it()
    {
        using var rig = new PipelineRig(store).Start();
        Refuse(1);
        rig.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        rig.Pass(30);
        Assert.Empty(store.Rows);
        Refuse();

        rig.Offer(TestSpan.Call(1, 3, 1));
        rig.Pass(90);

        // The first call is in quarantine; the later one stands by itself, as a first posting.
        var entry = Assert.Single(store.Ledger);
        Assert.Equal((1, 3UL), (entry.Sign, entry.SpanId.Value));
    }

    [Fact]
    public void Facts_that_are_refused_leave_the_ledger_right_also_for_later_spans()
    {
        using var rig = new PipelineRig(store).Start();
        Refuse(table: "trace_facts", 1);
        Offer(rig, 1, 2);
        rig.Pass(30);
        StandOnce([1, 2]);
        Assert.Equal(1, rig.Spool.Refused().Files);
        Refuse();

        rig.Offer(TestSpan.Call(1, 3, 1));
        rig.Pass(90);

        StandOnce([1, 2], callsOf: trace => trace == 1 ? 2 : 1);
    }

    [Fact]
    public void A_view_that_fails_behind_the_ledger_stops_nothing_and_doubles_nothing()
    {
        using var rig = new PipelineRig(store).Start();
        store.FailAfter = insert => insert.Table == CostLedgerBlock.TableName ? new ClickHouseException(395, "view") : null;
        Offer(rig, 1, 5);
        rig.Pass(60);

        StandOnce([1, 2, 3, 4, 5]);
        Assert.Equal(0, rig.Spool.Refused().Files);
        Assert.Equal(6UL, rig.Journal.LowWaterMark.Sequence);
    }

    internal static string Hex(int trace) => AssemblyBench.TraceIdOf(trace).ToString();

    internal static void Offer(PipelineRig rig, int from, int to)
    {
        for (var trace = from; trace <= to; trace++) rig.Offer(TestSpan.Root(trace, 1), TestSpan.Call(trace, 2, 1));
    }

    private void Refuse(params int[] traces) => Refuse(CostLedgerBlock.TableName, traces);

    private void Refuse(string table, params int[] traces)
    {
        var poisoned = traces.Select(Hex).ToHashSet();
        store.FailBefore = insert => insert.Table == table && poisoned.Overlaps(MemoryStore.TracesIn(insert))
            ? new ClickHouseException(Violated, "constraint") : null;
    }

    private void StandOnce(int[] traces, Func<int, int>? callsOf = null) => StandOnce(store, traces, callsOf);

    internal static void StandOnce(MemoryStore store, int[] traces, Func<int, int>? callsOf = null)
    {
        var net = store.Ledger.GroupBy(entry => entry.TraceId.ToString())
            .ToDictionary(group => group.Key, group => group.Sum(entry => entry.Sign));
        Assert.Equal(traces.ToDictionary(Hex, trace => callsOf?.Invoke(trace) ?? 1).OrderBy(pair => pair.Key),
            net.OrderBy(pair => pair.Key));
        Assert.Equal(store.Ledger.Count(), store.Ledger.Select(entry => entry.EntryId).Distinct().Count());
    }
}
