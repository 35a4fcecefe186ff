using System.Text;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Journal.Aside;
using CostAttribution.Testing.Filesystem;
using CostAttribution.UnitTests.Hosting;
using CostAttribution.UnitTests.Ingest.Posting;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>
/// The store holds a trace in a form that cannot be read: nothing of it is posted, what arrives of it is kept in a file, and nothing
/// else waits for it.
/// </summary>
public sealed class SetAsideTests : IAsyncDisposable
{
    private readonly MemoryStore store = new();
    private readonly LogLines log = new();
    private readonly PipelineRig rig;

    public SetAsideTests()
    {
        rig = new PipelineRig(store) { Logger = log }.Start();
        RefusedPostingTests.Offer(rig, 1, 1);
        // Settled, posted and out of memory: a later span is looked up.
        rig.Pass(90);
    }

    public async ValueTask DisposeAsync()
    {
        rig.Dispose();
        await store.DisposeAsync();
    }

    [Theory]
    [InlineData("trace_facts", "blob")]
    [InlineData("trace_facts", "context")]
    [InlineData("cost_ledger", "span_id")]
    public void What_arrived_of_it_is_in_a_file_and_everything_else_goes_on(string table, string column)
    {
        Damage(table, column);
        rig.Offer(TestSpan.Call(1, 3, 1));
        RefusedPostingTests.Offer(rig, 2, 2);

        rig.Pass(30);

        Assert.Equal(1, CallsOf(1));
        Assert.Equal(1, CallsOf(2));
        Assert.Equal(4UL, rig.Journal.LowWaterMark.Sequence);
        Assert.Equal(1, rig.Pipeline.AssemblyMetrics.CountOf(AssemblyReason.TraceSetAside));
        Assert.Equal([AssemblyBench.TraceIdOf(1)], rig.Pipeline.TracesSetAside);
        var (name, text) = Assert.Single(FilesOf(rig));
        Assert.Equal($"trace-{RefusedPostingTests.Hex(1)}.spans", name);
        Assert.StartsWith($"set-aside 1\nwhat arrived of trace {RefusedPostingTests.Hex(1)}", text, StringComparison.Ordinal);
        Assert.Equal([3], SpansKept(1));
    }

    [Fact]
    public void Further_spans_join_the_file_also_after_a_restart_and_it_is_told_once()
    {
        Damage();
        rig.Offer(TestSpan.Call(1, 3, 1));
        rig.Pass(30);
        rig.Offer(TestSpan.Call(1, 4, 1), TestSpan.Call(1, 3, 1));
        rig.Pass(30);
        rig.Restart();
        // Begun after the restart, and with a root: nothing else says that the trace was posted before.
        var now = (ulong)rig.Clock.GetUtcNow().AddHours(3).ToUnixTimeMilliseconds() * 1_000_000;
        rig.Pass(3 * 3600);
        rig.Offer(TestSpan.Call(1, 5, 0) with { Start = now });
        rig.Pass(30);

        Assert.Equal(1, CallsOf(1));
        Assert.Single(FilesOf(rig));
        Assert.Equal([3, 4, 5], SpansKept(1));
        Assert.Equal(1, rig.Pipeline.Metrics.TracesSetAside);
        Assert.Single(log.All, line => line.Contains("in a form this program cannot read", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Once_it_can_be_read_a_further_span_brings_all_of_it_into_the_ledger(bool restarted)
    {
        var mend = Damage();
        rig.Offer(TestSpan.Call(1, 3, 1));
        rig.Pass(30);
        mend();
        if (restarted) rig.Restart();

        rig.Offer(TestSpan.Call(1, 4, 1));
        rig.Pass(90);

        RefusedPostingTests.StandOnce(store, [1], _ => 3);
        Assert.Empty(FilesOf(rig));
        Assert.Equal((0, 0), (rig.Pipeline.Metrics.TracesSetAside, rig.Pipeline.TracesSetAside.Count));
    }

    [Fact]
    public void Its_file_stays_until_the_store_has_confirmed_what_was_in_it()
    {
        var mend = Damage();
        rig.Offer(TestSpan.Call(1, 3, 1));
        rig.Pass(30);
        mend();
        store.FailBefore = _ => new CostAttribution.ClickHouse.Transport.StoreUnavailableException("away");
        rig.Offer(TestSpan.Call(1, 4, 1));
        rig.Pass(30);
        Assert.Single(FilesOf(rig));

        rig.Kill();
        store.FailBefore = _ => null;
        rig.Start();
        rig.Pass(120);

        RefusedPostingTests.StandOnce(store, [1], _ => 3);
        Assert.Empty(FilesOf(rig));
    }

    [Fact]
    public void A_file_that_cannot_be_deleted_changes_nothing_and_goes_with_the_next_look()
    {
        var mend = Damage();
        rig.Offer(TestSpan.Call(1, 3, 1));
        rig.Pass(30);
        mend();
        rig.Disk.Fault = (_, kind, _) => kind == DiskOperation.Delete ? DiskFault.Fail : DiskFault.None;
        rig.Offer(TestSpan.Call(1, 4, 1));
        rig.Pass(90);
        RefusedPostingTests.StandOnce(store, [1], _ => 3);
        Assert.Single(FilesOf(rig));
        rig.Disk.Fault = null;
        var rows = store.Rows.Count;

        rig.Restart();
        rig.Offer(TestSpan.Call(1, 4, 1));
        rig.Pass(90);

        Assert.Equal(rows, store.Rows.Count);
        Assert.Empty(FilesOf(rig));
    }

    [Fact]
    public void While_it_cannot_be_kept_the_journal_keeps_it_and_others_go_on()
    {
        Damage();
        rig.Disk.Fault = (_, _, name) => name.Contains("quarantine", StringComparison.Ordinal) ? DiskFault.Fail : DiskFault.None;
        rig.Offer(TestSpan.Call(1, 3, 1));
        RefusedPostingTests.Offer(rig, 2, 2);
        rig.Pass(30);

        Assert.Equal(1, CallsOf(2));
        Assert.Equal(2UL, rig.Journal.LowWaterMark.Sequence);
        Assert.Contains("cannot be set aside", rig.Pipeline.Metrics.SetAsideTrouble, StringComparison.Ordinal);
        rig.Disk.Fault = null;
        rig.Pass(30);

        Assert.Equal(4UL, rig.Journal.LowWaterMark.Sequence);
        Assert.Equal("", rig.Pipeline.Metrics.SetAsideTrouble);
        Assert.Equal([3], SpansKept(1));
    }

    [Fact]
    public void A_trace_whose_file_is_damaged_stays_set_aside_and_loses_nothing_more()
    {
        var mend = Damage();
        rig.Offer(TestSpan.Call(1, 3, 1));
        rig.Pass(30);
        var name = FilesOf(rig).Single().Name;
        rig.Disk.Flip($"journal/quarantine/traces/{name}", 400, 1);
        mend();

        rig.Offer(TestSpan.Call(1, 4, 1));
        rig.Pass(30);

        Assert.Equal(1, CallsOf(1));
        Assert.Equal([$"trace-{RefusedPostingTests.Hex(1)}-2.spans", name], FilesOf(rig).Select(file => file.Name));
        // The operator gives up what the damaged one held.
        rig.Disk.Root.Subdirectory("journal").Subdirectory("quarantine").Subdirectory("traces").Delete(name);
        rig.Offer(TestSpan.Call(1, 5, 1));
        rig.Pass(90);
        RefusedPostingTests.StandOnce(store, [1], _ => 3);
        Assert.Empty(FilesOf(rig));
    }

    [Fact]
    public async Task An_audit_that_asks_about_it_posts_it_once_it_can_be_read()
    {
        var mend = Damage();
        rig.Offer(TestSpan.Call(1, 3, 1));
        rig.Pass(30);

        Assert.Equal(RecheckOutcome.NoFacts, await RecheckAsync(dryRun: false));
        Assert.Equal([3], SpansKept(1));
        mend();
        Assert.Equal(RecheckOutcome.Done, await RecheckAsync(dryRun: true));
        Assert.Equal(1, CallsOf(1));
        Assert.Single(FilesOf(rig));
        Assert.Equal(RecheckOutcome.Done, await RecheckAsync(dryRun: false));

        RefusedPostingTests.StandOnce(store, [1], _ => 2);
        Assert.Empty(FilesOf(rig));
    }

    [Fact]
    public void When_the_quarantine_is_full_the_journal_keeps_what_does_not_fit()
    {
        var files = rig.Journal.OpenAside("small");
        var full = Assert.Throws<AsideFullException>(() => files.Keep("a", "", new byte[(1 << 30) + 1]));

        Assert.Contains("Journal:QuarantineBytesMax", full.Message, StringComparison.Ordinal);
        Assert.Empty(files.List());
    }

    private async Task<RecheckOutcome> RecheckAsync(bool dryRun)
    {
        var recheck = new TraceRecheck(AssemblyBench.TraceIdOf(1)) { DryRun = dryRun };
        var done = rig.Pipeline.RecheckAsync([recheck], TestContext.Current.CancellationToken);
        rig.Pass(10);
        // Everything is done; only the completion travels by another thread.
        await done.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        return recheck.Outcome;
    }

    /// <summary>Makes what the store holds of trace 1 unreadable; the action mends it.</summary>
    private Action Damage(string table = "trace_facts", string column = "blob")
    {
        var at = store.Rows.FindIndex(row => row.Table == table && row.TraceId == RefusedPostingTests.Hex(1));
        var sound = store.Rows[at];
        var block = NativeBlockReader.ReadAll(NativeBlockCutter.Cut(sound.Block, [sound.Index], column, "no such thing"))[0];
        store.Rows[at] = sound with { Block = block, Index = 0 };
        return () => store.Rows[at] = sound;
    }

    private int CallsOf(int trace)
    {
        var ids = store.Rows.Where(row => row.Table == CostLedgerBlock.TableName && row.TraceId == RefusedPostingTests.Hex(trace));
        return ids.Count();
    }

    private static List<(string Name, string Text)> FilesOf(PipelineRig rig)
    {
        var folder = rig.Disk.Root.Subdirectory("journal").Subdirectory("quarantine").Subdirectory("traces");
        return [.. folder.List().Select(entry => (entry.Name, Encoding.Latin1.GetString(folder.ReadAll(entry.Name, 1 << 20))))];
    }

    private int[] SpansKept(int trace)
    {
        var content = rig.Journal.OpenAside("traces").TryRead($"trace-{RefusedPostingTests.Hex(trace)}.spans");
        using var batch = SpanBatch.Decode(content!, AttributionTable.Default.Keys);
        var ids = new List<int>();
        foreach (var span in batch.Spans) ids.Add((int)span.SpanId.Value);
        return [.. ids.Order()];
    }
}
