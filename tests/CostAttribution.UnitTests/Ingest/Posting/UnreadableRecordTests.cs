using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Testing.Filesystem;
using CostAttribution.Testing.Time;
using CostAttribution.UnitTests.Hosting;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>A record that checks and is no span batch is never passed over without its bytes being kept.</summary>
public sealed class UnreadableRecordTests : IAsyncDisposable
{
    private static readonly byte[] Odd = [SpanBatch.FormatVersion, 0, 9, 9, 9];

    private readonly MemoryStore store = new();

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public void Its_bytes_are_in_quarantine_and_what_is_behind_it_is_posted()
    {
        using var rig = new PipelineRig(store).Start();
        Append(rig, Odd);
        rig.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));

        rig.Pass(5);

        Assert.Equal(Odd, Quarantine(rig).ReadAll("record-0000000000000001.bin", 100));
        Assert.Equal(1, rig.Pipeline.Metrics.RecordsUnreadable);
        Assert.Equal(3UL, rig.Journal.LowWaterMark.Sequence);
        Assert.NotEmpty(store.Ledger);
    }

    [Fact]
    public void While_it_cannot_be_kept_the_journal_keeps_it_and_nothing_behind_it_is_read()
    {
        using var rig = new PipelineRig(store).Start();
        Append(rig, Odd);
        rig.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        rig.Disk.Fault = (_, _, name) => name.Contains("quarantine", StringComparison.Ordinal) ? DiskFault.Fail : DiskFault.None;

        rig.Pass(5);

        Assert.True(rig.Journal.LowWaterMark.Sequence <= 1);
        Assert.Empty(store.Rows);
        Assert.Equal(1, rig.Pipeline.Metrics.RecordsUnreadable);
        rig.Disk.Fault = null;
        rig.Pass(60);
        Assert.Equal(Odd, Quarantine(rig).ReadAll("record-0000000000000001.bin", 100));
        Assert.Equal(3UL, rig.Journal.LowWaterMark.Sequence);
        Assert.Equal(1, rig.Pipeline.Metrics.RecordsUnreadable);
    }

    [Fact]
    public void A_record_of_a_newer_format_ends_the_reading_and_stays_in_the_journal()
    {
        using var rig = new PipelineRig(store).Start();
        Append(rig, [SpanBatch.FormatVersion + 1, 0, 1, 2]);

        var refused = Assert.Throws<JournalVersionException>(() => rig.Pass(5));

        Assert.Contains("start the newer version again", refused.Message, StringComparison.Ordinal);
        Assert.True(rig.Journal.LowWaterMark.Sequence <= 1);
        Assert.Equal(0, rig.Pipeline.Metrics.RecordsUnreadable);
    }

    [Fact]
    public async Task A_pipeline_that_was_told_to_stop_says_that_it_has()
    {
        using var rig = new PipelineRig(store);
        rig.Open();
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await rig.Pipeline.RunAsync(stop.Token);

        Assert.Equal(PipelineState.Stopped, rig.Pipeline.State);
    }

    [Fact]
    public void Trouble_is_news_when_it_begins_or_changes_and_every_half_minute()
    {
        var clock = new ManualClock();
        var note = new TroubleNote(clock);

        Assert.True(note.IsNews("a"));
        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(note.IsNews("a"));
        Assert.True(note.IsNews("b"));
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.True(note.IsNews("b"));
        note.Over();
        Assert.True(note.IsNews("b"));
    }

    [Fact]
    public void A_journal_that_cannot_be_read_back_is_told_twice_a_minute_and_not_at_every_attempt()
    {
        var log = new LogLines();
        using var rig = new PipelineRig(store) { Logger = log };
        rig.Open();
        rig.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        rig.Disk.Unreadable = (name, _, _) => name.EndsWith(".seg", StringComparison.Ordinal);
        Assert.True(rig.TryRecover());

        rig.Pass(25);

        Assert.Single(log.All, line => line.Contains("cannot be read back", StringComparison.Ordinal));
    }

    private static void Append(PipelineRig rig, byte[] payload)
    {
        var append = rig.Journal.Appender.AppendAsync(payload).AsTask();
        rig.Journal.Appender.Commit();
        Assert.True(append.IsCompletedSuccessfully);
    }

    private static StoreDirectory Quarantine(PipelineRig rig) =>
        rig.Disk.Root.Subdirectory("journal").Subdirectory("quarantine");
}
