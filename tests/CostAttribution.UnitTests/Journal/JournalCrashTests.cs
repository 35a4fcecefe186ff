using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

public sealed class JournalCrashTests
{
    /// <summary>Two batches, a roll, a trim, more batches; stops quietly when the disk does.</summary>
    private static void Work(MemoryDisk disk, Dictionary<ulong, int> acknowledged, ref ulong mark, int firstNumber)
    {
        try
        {
            using var bench = new JournalBench(disk.Root);
            for (var number = firstNumber; number < firstNumber + 12; number++)
            {
                var payload = JournalBench.Payload(number, 200 + number % 7 * 150);
                if (bench.TryAppend(payload, out var position)) acknowledged.Add(position, number);
                if (number != firstNumber + 7) continue;
                var target = new JournalPosition(acknowledged.Keys.DefaultIfEmpty(1UL).Max());
                // Whether or not it returns, the mark may have moved.
                mark = Math.Max(mark, target.Sequence);
                bench.Journal.TrimTo(target);
            }
        }
        catch (JournalException)
        {
        }
        catch (PowerCutException)
        {
        }
    }

    private static void AssertKept(MemoryDisk disk, Dictionary<ulong, int> acknowledged, ulong mark, string what)
    {
        using var bench = new JournalBench(disk.Root);
        var records = bench.ReadAll().ToDictionary(record => record.Position, record => record.Payload);
        foreach (var (position, number) in acknowledged)
        {
            if (position < mark) continue;
            Assert.True(records.ContainsKey(position), $"{what}: record {position} is lost");
            Assert.Equal(JournalBench.Payload(number, 200 + number % 7 * 150), records[position]);
        }
        Assert.True(bench.Journal.LowWaterMark.Sequence <= mark, what);
        Assert.Equal(0, bench.Journal.Statistics().MissingRecords);
        var next = bench.Append(JournalBench.Payload(1, 50)).Sequence;
        Assert.True(next > acknowledged.Keys.DefaultIfEmpty(0UL).Max(), $"{what}: position {next} was given out before");
        acknowledged.Clear();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Acknowledged_records_survive_a_power_cut_at_every_write_and_sync(bool tear)
    {
        var dry = new MemoryDisk();
        ulong none = 0;
        Work(dry, [], ref none, 1);
        var last = dry.Operations;
        Assert.True(last > 40);

        for (long cut = 0; cut < last; cut++)
        {
            for (var seed = 1; seed <= (tear ? 6 : 1); seed++)
            {
                var disk = new MemoryDisk(seed);
                var acknowledged = new Dictionary<ulong, int>();
                ulong mark = 0;
                var at = cut;
                disk.Fault = (number, _, _) => number == at ? DiskFault.PowerCut : DiskFault.None;
                Work(disk, acknowledged, ref mark, 1);
                disk.Fault = null;
                disk.Restart(tear);
                AssertKept(disk, acknowledged, mark, $"cut at {cut}, seed {seed}");
            }
        }
    }

    [Fact]
    public void Acknowledged_records_survive_faults_cuts_and_kills_in_any_mixture()
    {
        for (var seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            var disk = new MemoryDisk(seed);
            var acknowledged = new Dictionary<ulong, int>();
            ulong mark = 0;
            for (var round = 0; round < 5; round++)
            {
                disk.Fault = (_, _, _) => random.Next(25) switch
                {
                    0 => DiskFault.Fail,
                    1 => DiskFault.Full,
                    2 when random.Next(4) == 0 => DiskFault.PowerCut,
                    _ => DiskFault.None,
                };
                Work(disk, acknowledged, ref mark, 1 + round * 12);
                disk.Fault = null;
                if (random.Next(2) == 0)
                {
                    disk.CutPower();
                    disk.Restart(tear: true);
                }
                else
                {
                    disk.KillProcess();
                    disk.Restart(tear: true);
                }
                if (random.Next(3) == 0) AssertKept(disk, acknowledged, mark, $"seed {seed}, round {round}");
            }
            AssertKept(disk, acknowledged, mark, $"seed {seed}");
        }
    }

    [Fact]
    public void A_tail_torn_at_any_byte_is_cut_and_the_journal_goes_on() => StoreDirectories.OnEach(directory =>
    {
        const int frame = 24 + 60;
        var content = SegmentWith(directory, records: 3, payload: 60);
        for (var cut = 1; cut < frame; cut++)
        {
            var segments = directory.List().Where(entry => entry.Name.EndsWith(".seg", StringComparison.Ordinal));
            foreach (var segment in segments) directory.Delete(segment.Name);
            directory.Replace("journal-0000000000000001.seg", content.AsMemory(0, content.Length - cut));

            using var bench = new JournalBench(directory);

            Assert.Equal([1UL, 2UL], bench.ReadAll().Select(record => record.Position));
            Assert.Equal(frame - cut, bench.Journal.Statistics().TornBytes);
            Assert.Equal(3UL, bench.Append(JournalBench.Payload(77, 60)).Sequence);
            Assert.Equal(JournalBench.Payload(77, 60), bench.ReadAll(from: 3).Single().Payload);
            Assert.Equal(0, bench.Journal.Statistics().DamagedStretches);
        }
    });

    [Fact]
    public void Garbage_after_the_last_record_is_cut_and_kept_for_inspection() => StoreDirectories.OnEach(directory =>
    {
        var content = SegmentWith(directory, records: 3, payload: 60);
        directory.Delete("journal-0000000000000004.seg");
        directory.Replace("journal-0000000000000001.seg", content, JournalBench.Payload(5, 333));

        using var bench = new JournalBench(directory);

        Assert.Equal([1UL, 2UL, 3UL], bench.ReadAll().Select(record => record.Position));
        Assert.Equal(333, bench.Journal.Statistics().TornBytes);
        Assert.Single(directory.Subdirectory("quarantine").List(), entry => entry.Length == 333);
        Assert.Contains(bench.Events, e => e.Kind == JournalEventKind.TailCut);
    });

    [Fact]
    public async Task A_failed_sync_ends_the_segment_and_acknowledges_nothing_in_it_any_more()
    {
        var disk = new MemoryDisk();
        using var bench = new JournalBench(disk.Root);
        using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
        bench.Append([1]);
        var failing = true;
        disk.Fault = (_, operation, _) => failing && operation is DiskOperation.Sync ? DiskFault.Fail : DiskFault.None;

        await Assert.ThrowsAsync<JournalFailedException>(() => bench.TryAppend([2]));
        Assert.Equal(JournalRefusal.Failed, bench.Journal.Appender.Refusal);
        await Assert.ThrowsAsync<JournalFailedException>(() => bench.TryAppend([3]));
        Assert.Contains(bench.Events, e => e.Kind == JournalEventKind.WriteFailed);

        failing = false;
        bench.Journal.Appender.Commit();
        var next = bench.Append([4]);

        Assert.Contains(bench.Events, e => e.Kind == JournalEventKind.Recovered);
        Assert.Equal(new byte[][] { [1], [4] }, bench.ReadAll().Select(record => record.Payload));
        Assert.Equal(new byte[][] { [1], [4] }, JournalBench.Drain(feed).Select(record => record.Payload));
        Assert.True(disk.Root.Exists($"journal-{next.Sequence:x16}.seg"));

        bench.Dispose();
        disk.Restart(tear: true);
        using var again = new JournalBench(disk.Root);
        Assert.Equal(new byte[][] { [1], [4] }, again.ReadAll().Select(record => record.Payload));
        Assert.Equal(0, again.Journal.Statistics().MissingRecords);
    }

    [Fact]
    public void A_disk_that_fails_for_long_does_not_fill_with_empty_segments()
    {
        var disk = new MemoryDisk();
        using var bench = new JournalBench(disk.Root);
        bench.Append([1]);
        disk.Fault = (_, operation, path) => operation is DiskOperation.Write && path.EndsWith(".seg", StringComparison.Ordinal)
            && disk.Syncs % 2 == 0 ? DiskFault.Fail : DiskFault.None;

        for (var attempt = 0; attempt < 50; attempt++)
        {
            try
            {
                bench.Append([2]);
            }
            catch (JournalException)
            {
            }
        }

        Assert.True(disk.Root.List().Count < 40);
        Assert.All(bench.ReadAll().Skip(1), record => Assert.Equal([2], record.Payload));
    }

    [Fact]
    public async Task A_full_disk_refuses_with_a_retry_delay_and_accepts_again_when_there_is_space()
    {
        var disk = new MemoryDisk { CapacityBytes = 9000 };
        using var bench = new JournalBench(disk.Root);
        var kept = bench.Fill(out var refused);
        Assert.Equal(JournalRefusal.FreeSpace, refused.Reason);
        await Assert.ThrowsAsync<JournalFullException>(() => bench.TryAppend(JournalBench.Payload(1, 1000)));
        Assert.Equal(kept, bench.ReadAll().Count);

        disk.CapacityBytes = 100_000;
        bench.Journal.Appender.Commit();
        bench.Append(JournalBench.Payload(kept + 1, 1000));

        Assert.Equal(Enumerable.Range(1, kept + 1), bench.ReadAll().Select(record => BitConverter.ToInt32(record.Payload)));
    }

    [Fact]
    public void The_free_space_floor_pushes_back_before_the_disk_is_full()
    {
        var disk = new MemoryDisk { CapacityBytes = 50_000 };
        var options = new JournalOptions
        {
            SegmentBytesMax = 4096, RecordBytesMax = 2048, JournalBytesMax = 1 << 20, WindowBytesMax = 0, FreeBytesMin = 30_000,
        };
        using var bench = new JournalBench(disk.Root, options);

        bench.Fill(out var refused);

        Assert.Equal(JournalRefusal.FreeSpace, refused.Reason);
        Assert.True(disk.Root.FreeBytes() >= 30_000);
        Assert.Contains(bench.Events, e => e.Kind == JournalEventKind.PushingBack);
    }

    [Fact]
    public void A_full_journal_pushes_back_until_it_is_trimmed() => StoreDirectories.OnEach(directory =>
    {
        using var bench = new JournalBench(directory, JournalBench.Small(journalBytes: 4 * 4096));
        var kept = bench.Fill(out var refused);
        Assert.Equal(JournalRefusal.Full, refused.Reason);
        Assert.True(bench.Journal.Statistics().Bytes <= 4 * 4096);

        bench.Journal.TrimTo(new JournalPosition((ulong)kept));
        bench.Journal.Appender.Commit();
        bench.Append(JournalBench.Payload(kept + 1, 1000));

        Assert.Equal(kept + 1, BitConverter.ToInt32(bench.ReadAll(from: (ulong)kept)[^1].Payload));
        Assert.Contains(bench.Events, e => e.Kind == JournalEventKind.Accepting);
    });

    [Fact]
    public void A_journal_that_starts_on_a_full_disk_can_be_read_and_trimmed()
    {
        var disk = new MemoryDisk();
        using (var bench = new JournalBench(disk.Root))
        {
            for (var number = 1; number <= 12; number++) bench.Append(JournalBench.Payload(number, 1000));
        }
        // The empty segment that the stop left is replaced by one of the same size.
        disk.CapacityBytes = disk.UsedBytes - 1;

        using var full = new JournalBench(disk.Root);
        Assert.Equal(JournalRefusal.Failed, full.Journal.Appender.Refusal);
        Assert.Equal(12, full.ReadAll().Count);
        Assert.Throws<JournalFullException>(() => full.Append([1]));

        disk.CapacityBytes += 100;
        full.Journal.TrimTo(new JournalPosition(13));
        disk.CapacityBytes += 10_000;
        full.Journal.Appender.Commit();
        Assert.Equal(13UL, full.Append([1]).Sequence);
    }

    private static byte[] SegmentWith(StoreDirectory directory, int records, int payload)
    {
        using (var bench = new JournalBench(directory))
        {
            for (var number = 1; number <= records; number++) bench.Append(JournalBench.Payload(number, payload));
        }
        return directory.ReadAll("journal-0000000000000001.seg", 1 << 20);
    }
}
