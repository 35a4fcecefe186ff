using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

/// <summary>Places of the disk that cannot be read: waited for while it may pass, then passed, and nothing else with them.</summary>
public sealed class JournalUnreadableTests
{
    private const string First = "journal-0000000000000001.seg";
    private const int Frame = 24 + 1500;
    private const int Block = 4096;

    private static JournalOptions Large => new()
    {
        SegmentBytesMax = 1 << 16, RecordBytesMax = 2048, FreeBytesMin = 0, WindowBytesMax = 0,
    };

    private static MemoryDisk DiskWith(int records, bool killed = false)
    {
        var disk = new MemoryDisk();
        using var bench = new JournalBench(disk.Root, Large);
        for (var number = 1; number <= records; number++) bench.Append(JournalBench.Payload(number, 1500));
        if (killed) disk.KillProcess();
        return disk;
    }

    /// <summary>Records that have a byte in the block, with the ones in the first segment of 42 records.</summary>
    private static IEnumerable<ulong> RecordsIn(long block) => Enumerable.Range(1, 42)
        .Where(n => 128 + (n - 1) * Frame < block + Block && 128 + n * Frame > block).Select(n => (ulong)n);

    private static Func<string, long, int, bool> BadBlock(string path, long block) =>
        (file, offset, length) => file == path && offset < block + Block && offset + length > block;

    [Fact]
    public void A_bad_sector_is_given_up_after_a_while_and_everything_around_it_is_delivered()
    {
        var disk = DiskWith(records: 100);
        using var bench = new JournalBench(disk.Root, Large);
        using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
        disk.Unreadable = BadBlock(First, 5 * Block);

        var seen = DrainPatiently(bench, feed, TimeSpan.FromSeconds(60));

        var lost = RecordsIn(5 * Block).ToList();
        Assert.Equal(Enumerable.Range(1, 100).Select(n => (ulong)n).Except(lost), seen);
        var statistics = bench.Journal.Statistics();
        Assert.Equal((lost.Count, (long)Block), (statistics.MissingRecords, statistics.UnreadableBytes));
        var kept = disk.Root.Subdirectory("quarantine").List().Select(entry => entry.Name).ToList();
        Assert.Contains($"journal-0000000000000001-{5 * Block}-{Block}.unreadable", kept);
        // One record whose frame is sound, and the stretch from the first frame that is not to the next record.
        Assert.Equal(2, kept.Count(name => name.EndsWith(".bin", StringComparison.Ordinal)));
        Assert.Contains("cannot be read", Assert.Single(bench.Events, e => e.Kind == JournalEventKind.Unreadable).Text,
            StringComparison.Ordinal);
        // It goes on: what comes later is delivered from memory again, and the segment can be trimmed.
        bench.Append([1]);
        Assert.Equal([101UL], JournalBench.Drain(feed).Select(record => record.Position));
        bench.Journal.TrimTo(new JournalPosition(90));
        Assert.False(disk.Root.Exists(First));
    }

    [Fact]
    public void A_failure_that_passes_skips_nothing_however_often_it_was_met()
    {
        var disk = DiskWith(records: 100);
        using var bench = new JournalBench(disk.Root, Large);
        using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
        disk.Unreadable = BadBlock(First, 5 * Block);
        for (var attempts = 0; attempts < 500; attempts++)
        {
            Assert.Throws<JournalException>(() => Drain(feed, []));
            bench.Time.Step(TimeSpan.FromMilliseconds(50));
        }
        disk.Unreadable = null;

        var seen = new List<ulong>();
        Drain(feed, seen);

        Assert.Equal(100UL, seen[^1]);
        Assert.Equal((0L, 0L), (bench.Journal.Statistics().MissingRecords, bench.Journal.Statistics().UnreadableBytes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_disk_that_is_away_is_waited_for_however_long(bool everythingFails)
    {
        var disk = DiskWith(records: 100);
        using var bench = new JournalBench(disk.Root, Large);
        using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
        // Either nothing can be read, or pages in memory still can while nothing gets to the disk.
        disk.Unreadable = everythingFails ? (_, _, _) => true : BadBlock(First, 5 * Block);
        disk.Fault = (_, _, _) => everythingFails ? DiskFault.None : DiskFault.Fail;
        var seen = new List<ulong>();
        for (var minutes = 0; minutes < 600; minutes++)
        {
            Assert.Throws<JournalException>(() => Drain(feed, seen));
            bench.Time.Step(TimeSpan.FromMinutes(1));
        }
        disk.Unreadable = null;
        disk.Fault = null;

        Drain(feed, seen);

        Assert.Equal(Enumerable.Range(1, 100).Select(n => (ulong)n), seen);
        Assert.Equal(0, bench.Journal.Statistics().UnreadableBytes);
    }

    [Fact]
    public void A_segment_of_which_nothing_can_be_read_does_not_hold_up_the_others()
    {
        var disk = DiskWith(records: 100);
        using var bench = new JournalBench(disk.Root, Large);
        using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
        disk.Unreadable = (path, _, _) => path == First;

        var seen = DrainPatiently(bench, feed, TimeSpan.FromMinutes(2));

        Assert.Equal(Enumerable.Range(43, 58).Select(n => (ulong)n), seen);
        Assert.Equal(42, bench.Journal.Statistics().MissingRecords);
    }

    [Fact]
    public void A_segment_that_somebody_has_removed_is_reported_missing_and_the_others_are_read()
    {
        var disk = DiskWith(records: 100);
        using var bench = new JournalBench(disk.Root, Large);
        using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
        disk.Root.Delete(First);

        var seen = DrainPatiently(bench, feed, TimeSpan.FromMinutes(2));

        Assert.Equal(Enumerable.Range(43, 58).Select(n => (ulong)n), seen);
        Assert.Equal(42, bench.Journal.Statistics().MissingRecords);
    }

    [Fact]
    public void A_bad_sector_in_the_last_segment_does_not_keep_the_journal_from_starting()
    {
        var disk = DiskWith(records: 40, killed: true);
        disk.Unreadable = BadBlock(First, 5 * Block);

        using var bench = new JournalBench(disk.Root, Large);
        using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
        Assert.Equal(41UL, bench.Append([1]).Sequence);
        var seen = DrainPatiently(bench, feed, TimeSpan.FromMinutes(1));

        Assert.Equal(Enumerable.Range(1, 41).Select(n => (ulong)n).Except(RecordsIn(5 * Block)), seen);
    }

    [Fact]
    public void The_end_of_the_last_segment_is_not_cut_where_it_cannot_be_read_and_is_delivered_when_it_can()
    {
        var disk = DiskWith(records: 40, killed: true);
        var length = disk.Root.List().Single(entry => entry.Name == First).Length;
        disk.Unreadable = BadBlock(First, (length - 1) / Block * Block);

        using var bench = new JournalBench(disk.Root, Large);
        var later = bench.Append([1]).Sequence;
        disk.Unreadable = null;

        var positions = bench.ReadAll().Select(record => record.Position).ToList();
        Assert.Equal(length, disk.Root.List().Single(entry => entry.Name == First).Length);
        Assert.Equal(Enumerable.Range(1, 40).Select(n => (ulong)n).Append(later), positions);
        Assert.True(later > 40);
    }

    [Fact]
    public void A_start_on_a_disk_that_cannot_be_read_is_refused_and_changes_nothing()
    {
        var disk = DiskWith(records: 40, killed: true);
        var before = disk.Root.List();
        disk.Unreadable = (path, _, _) => path.EndsWith(".seg", StringComparison.Ordinal);

        var refused = Assert.Throws<JournalException>(() => new JournalBench(disk.Root, Large));

        Assert.Contains($"{First} cannot be read", refused.Message, StringComparison.Ordinal);
        disk.Unreadable = null;
        Assert.Equal(before, disk.Root.List());
        using var bench = new JournalBench(disk.Root, Large);
        Assert.Equal(40, bench.ReadAll().Count);
    }

    [Fact]
    public void An_unreadable_header_hides_no_record_and_an_unreadable_bookmark_only_the_mark()
    {
        var disk = DiskWith(records: 100);
        disk.Unreadable = (path, offset, _) => (path == First && offset < 128) || path == "bookmark";

        using var bench = new JournalBench(disk.Root, Large);
        disk.Unreadable = null;

        Assert.Equal(100, bench.ReadAll().Count);
        Assert.Contains(bench.Events, e => e.Kind == JournalEventKind.BookmarkDamaged);
    }

    [Theory]
    [InlineData(0, "n-1.damaged")]
    [InlineData(150, "n-1.damaged")]
    public void A_posting_file_that_cannot_be_read_is_set_aside_and_the_others_stay(int offset, string damaged)
    {
        var disk = new MemoryDisk();
        var time = new SteppedTime();
        var spool = PostingSpool.Open(disk.Root, new PostingSpoolOptions(), time);
        spool.Write("n-1", new byte[300]);
        spool.Write("n-2", new byte[300]);
        disk.Unreadable = (path, from, length) => path == "n-1.pending" && from <= offset && from + length > offset;

        var again = PostingSpool.Open(disk.Root, new PostingSpoolOptions(), time);
        if (offset > 0) Assert.Throws<JournalDamageException>(() => again.Read("n-1"));

        Assert.Equal([damaged], again.DamagedFiles);
        Assert.Equal("n-2", Assert.Single(again.ListPending()).PostingId);
        Assert.Equal(new byte[300], again.Read("n-2"));
    }

    [Fact]
    public void A_posting_file_that_can_be_read_at_the_second_try_is_not_set_aside()
    {
        var disk = new MemoryDisk();
        var spool = PostingSpool.Open(disk.Root, new PostingSpoolOptions(), new SteppedTime());
        spool.Write("n-1", new byte[300]);
        var fails = 4;
        disk.Unreadable = (_, _, _) => fails-- > 0;

        Assert.Equal(new byte[300], spool.Read("n-1"));
    }

    private static void Drain(JournalFeed feed, List<ulong> seen)
    {
        while (feed.TryRead(out var record))
        {
            using (record) seen.Add(record.Position.Sequence);
        }
    }

    private static List<ulong> DrainPatiently(JournalBench bench, JournalFeed feed, TimeSpan limit)
    {
        var seen = new List<ulong>();
        for (var passed = TimeSpan.Zero; passed < limit; passed += TimeSpan.FromSeconds(1))
        {
            try
            {
                Drain(feed, seen);
            }
            catch (JournalException)
            {
            }
            bench.Time.Step(TimeSpan.FromSeconds(1));
        }
        return seen;
    }
}
