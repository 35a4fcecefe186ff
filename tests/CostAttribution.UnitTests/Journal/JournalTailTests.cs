using CostAttribution.Journal;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

/// <summary>What can and what cannot be told about the end of a journal that does not check.</summary>
public sealed class JournalTailTests
{
    private const string First = "journal-0000000000000001.seg";
    private const int Frame = 24 + 1500;

    private static long Start(int record) => 128 + (record - 1) * Frame;

    private static MemoryDisk DiskWith(int records, bool killed)
    {
        var disk = new MemoryDisk();
        using var bench = new JournalBench(disk.Root, Large);
        for (var number = 1; number <= records; number++) bench.Append(JournalBench.Payload(number, 1500));
        if (killed) disk.KillProcess();
        return disk;
    }

    private static JournalOptions Large => new() { SegmentBytesMax = 1 << 16, RecordBytesMax = 2048, FreeBytesMin = 0 };

    [Fact]
    public void A_last_record_that_is_whole_and_does_not_check_is_told_apart_from_a_torn_write()
    {
        var disk = DiskWith(records: 5, killed: true);
        disk.Flip(First, Start(5) + 700, 1);

        using var bench = new JournalBench(disk.Root, Large);

        Assert.Equal([1UL, 2UL, 3UL, 4UL], bench.ReadAll().Select(record => record.Position));
        var statistics = bench.Journal.Statistics();
        Assert.Equal((1L, 1L, (long)Frame, 0L),
            (statistics.DoubtfulRecords, statistics.DamagedStretches, statistics.DamagedBytes, statistics.TornBytes));
        var told = Assert.Single(bench.Events, e => e.Kind == JournalEventKind.TailDoubtful).Text;
        Assert.Contains("perhaps never acknowledged", told, StringComparison.Ordinal);
        Assert.Contains($"quarantine/journal-0000000000000001-{Start(5)}-{Frame}.bin", told, StringComparison.Ordinal);
        Assert.Single(disk.Root.Subdirectory("quarantine").List(), entry => entry.Length == Frame);
        // Its number may have been acknowledged, so it is not used again.
        Assert.Equal(6UL, bench.Append([1]).Sequence);
    }

    [Fact]
    public void A_sector_that_was_not_written_before_the_power_went_is_a_torn_write()
    {
        var disk = DiskWith(records: 5, killed: true);
        using (var file = disk.Root.Open(First, writable: true))
        {
            var sector = (Start(5) + 600) / 512 * 512;
            file.Write(new byte[512], sector);
            file.Sync();
        }

        using var bench = new JournalBench(disk.Root, Large);

        var statistics = bench.Journal.Statistics();
        Assert.Equal((0L, 0L, (long)Frame), (statistics.DoubtfulRecords, statistics.DamagedStretches, statistics.TornBytes));
        Assert.Contains(bench.Events, e => e.Kind == JournalEventKind.TailCut);
        Assert.Equal(4, bench.ReadAll().Count);
    }

    [Fact]
    public void After_a_clean_stop_a_record_gone_bad_at_the_end_is_known_to_be_missing()
    {
        var disk = DiskWith(records: 5, killed: false);
        disk.Flip(First, Start(5) + 700, 1);

        using var bench = new JournalBench(disk.Root, Large);

        Assert.Equal(4, bench.ReadAll().Count);
        var statistics = bench.Journal.Statistics();
        Assert.Equal((1L, 1L, 0L, 0L),
            (statistics.MissingRecords, statistics.DamagedStretches, statistics.DoubtfulRecords, statistics.TornBytes));
        Assert.Equal(6UL, bench.Append([1]).Sequence);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(21, false)]
    [InlineData(0, true)]
    public void After_a_clean_stop_a_lost_end_is_missing_also_where_no_frame_is_left(int offset, bool cut)
    {
        var disk = DiskWith(records: 5, killed: false);
        using (var file = disk.Root.Open(First, writable: true))
        {
            if (cut) file.SetLength(Start(5) + 3);
            else file.Write(new byte[] { 0xEE }, Start(5) + offset);
            file.Sync();
        }

        using var bench = new JournalBench(disk.Root, Large);

        Assert.Equal(4, bench.ReadAll().Count);
        Assert.Equal((1L, 0L), (bench.Journal.Statistics().MissingRecords, bench.Journal.Statistics().TornBytes));
    }

    [Fact]
    public void A_doubtful_end_that_cannot_be_copied_stays_where_it_is()
    {
        var disk = DiskWith(records: 5, killed: true);
        disk.Flip(First, Start(5) + 700, 1);
        disk.Fault = (_, _, path) => path.StartsWith("quarantine", StringComparison.Ordinal) ? DiskFault.Fail : DiskFault.None;

        using (var bench = new JournalBench(disk.Root, Large))
        {
            Assert.Equal(4, bench.ReadAll().Count);
            Assert.Equal(6UL, bench.Append([1]).Sequence);
        }
        disk.Fault = null;

        Assert.Equal(Start(6), disk.Root.List().Single(entry => entry.Name == First).Length);
        using var again = new JournalBench(disk.Root, Large);
        Assert.Equal([1UL, 2UL, 3UL, 4UL, 6UL], again.ReadAll().Select(record => record.Position));
    }

    [Fact]
    public void A_segment_all_of_whose_records_are_in_doubt_gives_its_numbers_to_nobody()
    {
        var disk = DiskWith(records: 1, killed: true);
        disk.Flip(First, Start(1) + 700, 1);

        using (var bench = new JournalBench(disk.Root, Large))
        {
            Assert.Empty(bench.ReadAll());
            Assert.Equal(1, bench.Journal.Statistics().DoubtfulRecords);
            Assert.Equal(2UL, bench.Append([1]).Sequence);
        }
        using var again = new JournalBench(disk.Root, Large);
        Assert.Equal([2UL], again.ReadAll().Select(record => record.Position));
    }
}
