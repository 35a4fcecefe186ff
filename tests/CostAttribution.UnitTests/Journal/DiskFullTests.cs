using CostAttribution.Journal;
using CostAttribution.Testing.Filesystem;
using CostAttribution.UnitTests.Ingest.Assembly;
using CostAttribution.UnitTests.Ingest.Posting;

namespace CostAttribution.UnitTests.Journal;

/// <summary>A disk without room pushes senders back; nothing that was accepted before is lost, and all goes on when there is room.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public void Postings_wait_for_room_the_journal_keeps_their_spans_and_all_is_posted_once_in_the_end()
    {
        var store = new MemoryStore();
        using var rig = new PipelineRig(store).Start();
        for (var trace = 1; trace <= 20; trace++) rig.Offer(TestSpan.Root(trace, 1), TestSpan.Call(trace, 2, 1));
        rig.Disk.CapacityBytes = rig.Disk.UsedBytes;

        rig.Pass(10);

        Assert.Empty(store.Rows);
        Assert.Contains("posting files cannot be written", rig.Pipeline.Metrics.PostingTrouble, StringComparison.Ordinal);
        var refused = Assert.Throws<JournalFullException>(() => rig.Offer(TestSpan.Root(99, 1)));
        Assert.Equal(JournalRefusal.FreeSpace, refused.Reason);
        Assert.True(refused.RetryAfter > TimeSpan.Zero);
        Assert.True(rig.Journal.LowWaterMark.Sequence <= 1);

        rig.Disk.CapacityBytes = long.MaxValue;
        rig.Journal.Appender.Commit();
        rig.Offer(TestSpan.Root(21, 1), TestSpan.Call(21, 2, 1));
        rig.Pass(60);

        Assert.Equal(21, rig.Pipeline.Metrics.LedgerRowsPosted);
        Assert.Equal("", rig.Pipeline.Metrics.PostingTrouble);
        Assert.Empty(rig.Spool.ListPending());
        Assert.Equal(22UL, rig.Journal.LowWaterMark.Sequence);
    }

    [Fact]
    public void A_start_on_a_full_disk_posts_nothing_and_loses_nothing()
    {
        var store = new MemoryStore();
        using var rig = new PipelineRig(store).Start();
        for (var trace = 1; trace <= 20; trace++) rig.Offer(TestSpan.Root(trace, 1), TestSpan.Call(trace, 2, 1));
        rig.Disk.CapacityBytes = rig.Disk.UsedBytes;
        rig.Pass(10);
        rig.Restart();

        rig.Pass(10);
        Assert.Empty(store.Rows);
        Assert.Throws<JournalFullException>(() => rig.Offer(TestSpan.Root(99, 1)));

        rig.Disk.CapacityBytes = long.MaxValue;
        rig.Journal.Appender.Commit();
        rig.Pass(60);
        Assert.Equal(20, rig.Pipeline.Metrics.LedgerRowsPosted);
        Assert.Equal(21UL, rig.Journal.LowWaterMark.Sequence);
    }

    [Fact]
    public void The_window_of_posted_records_is_given_up_before_senders_are_pushed_back()
    {
        using var bench = new JournalBench(new MemoryDisk().Root, JournalBench.Small(journalBytes: 8 * 4096, window: 4 * 4096));
        while (bench.Journal.Statistics().Bytes < 4 * 4096) bench.Append(JournalBench.Payload(1, 1000));
        bench.Journal.TrimTo(bench.Journal.Statistics().DurablePosition);
        Assert.True(bench.Journal.Statistics().Bytes > 3 * 4096);

        var kept = 0;
        for (; bench.Journal.Appender.Refusal is JournalRefusal.None && kept < 100; kept++)
        {
            if (!bench.TryAppend(JournalBench.Payload(2, 1000), out _)) break;
            bench.Journal.Prune();
        }

        // A segment has four of them, and the window half of the segments.
        Assert.InRange(kept, 24, 32);
        Assert.Equal(bench.Journal.Statistics().HeldBytes, bench.Journal.Statistics().Bytes, 4096.0);
    }

    [Fact]
    public void The_window_is_given_up_while_the_disk_is_short_and_only_as_far_as_needed()
    {
        var disk = new MemoryDisk();
        var options = new JournalOptions
        {
            SegmentBytesMax = 4096, RecordBytesMax = 1024, FreeBytesMin = 4096, JournalBytesMax = 1 << 20, WindowBytesMax = 1 << 19,
        };
        using var bench = new JournalBench(disk.Root, options);
        for (var record = 0; record < 30; record++) bench.Append(JournalBench.Payload(record, 1000));
        bench.Journal.TrimTo(bench.Journal.Statistics().DurablePosition);
        var before = bench.Journal.Statistics().Segments;
        disk.CapacityBytes = disk.UsedBytes + 3000;

        bench.Journal.Prune();

        Assert.InRange(before - bench.Journal.Statistics().Segments, 1, 2);
        bench.Append(JournalBench.Payload(31, 1000));
    }

    [Fact]
    public void What_has_left_the_window_goes_also_when_nothing_is_posted()
    {
        using var bench = new JournalBench(new MemoryDisk().Root, JournalBench.Small(window: 1 << 19));
        for (var record = 0; record < 30; record++) bench.Append(JournalBench.Payload(record, 1000));
        bench.Journal.TrimTo(bench.Journal.Statistics().DurablePosition);
        var before = bench.Journal.Statistics().Segments;
        bench.Journal.Prune();
        Assert.Equal(before, bench.Journal.Statistics().Segments);

        bench.Time.Step(TimeSpan.FromMinutes(11));
        bench.Journal.Prune();

        Assert.Equal(1, bench.Journal.Statistics().Segments);
    }

    [Fact]
    public void A_journal_whose_disk_fills_and_empties_again_and_again_keeps_exactly_what_it_acknowledged()
    {
        for (var seed = 1; seed <= 100; seed++)
        {
            var random = new Random(seed);
            var disk = new MemoryDisk(seed);
            using var bench = new JournalBench(disk.Root);
            using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
            var kept = new List<int>();
            var refusals = 0;
            for (var number = 1; number <= 150; number++)
            {
                if (random.Next(8) == 0) disk.CapacityBytes = disk.UsedBytes + random.Next(3000);
                if (random.Next(20) == 0) disk.CapacityBytes = 1 << 24;
                if (bench.TryAppend(JournalBench.Payload(number, random.Next(4, 1500)), out _)) kept.Add(number);
                else refusals++;
            }
            disk.CapacityBytes = 1 << 24;
            bench.Journal.Appender.Commit();
            Assert.True(bench.TryAppend(JournalBench.Payload(151, 100), out _));
            kept.Add(151);

            Assert.Equal(kept, JournalBench.Drain(feed).Select(record => BitConverter.ToInt32(record.Payload)));
            Assert.Equal(kept, bench.ReadAll().Select(record => BitConverter.ToInt32(record.Payload)));
            Assert.True(refusals > 0);
            Assert.Equal(0, bench.Journal.Statistics().MissingRecords);
        }
    }

    [Fact]
    public async Task While_the_disk_fails_senders_are_told_that_it_is_unavailable_and_when_to_try_again()
    {
        var disk = new MemoryDisk();
        using var bench = new JournalBench(disk.Root);
        bench.Append([1]);
        disk.Fault = (_, operation, _) => operation is DiskOperation.Sync ? DiskFault.Fail : DiskFault.None;

        var failed = await Assert.ThrowsAsync<JournalFailedException>(() => bench.TryAppend([2]));

        Assert.Equal(JournalRefusal.Failed, failed.Reason);
        Assert.True(failed.RetryAfter > TimeSpan.Zero);
        disk.Fault = (_, operation, _) => operation is DiskOperation.Create ? DiskFault.Fail : DiskFault.None;
        // The directory has become read-only: no new segment can be made.
        await Assert.ThrowsAsync<JournalFailedException>(() => bench.TryAppend([3]));
        disk.Fault = null;
        bench.Journal.Appender.Commit();
        bench.Append([4]);
        Assert.Equal(new byte[][] { [1], [4] }, bench.ReadAll().Select(record => record.Payload));
    }
}
