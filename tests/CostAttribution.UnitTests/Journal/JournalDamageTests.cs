using CostAttribution.Journal;
using CostAttribution.Journal.Storage;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

public sealed class JournalDamageTests
{
    private const string First = "journal-0000000000000001.seg";
    private const int Frame = 24 + 60;

    private static long Start(int record) => 128 + (record - 1) * Frame;

    private static MemoryDisk DiskWith(int records)
    {
        var disk = new MemoryDisk();
        using var bench = new JournalBench(disk.Root);
        for (var number = 1; number <= records; number++) bench.Append(JournalBench.Payload(number, 60));
        return disk;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(17)]
    [InlineData(21)]
    [InlineData(24)]
    [InlineData(80)]
    public void A_damaged_record_in_the_middle_is_set_aside_and_its_neighbours_are_read(int offsetInRecord)
    {
        var disk = DiskWith(records: 10);
        disk.Flip(First, Start(5) + offsetInRecord, 0x10);

        using var bench = new JournalBench(disk.Root);
        var records = bench.ReadAll();

        Assert.Equal([1UL, 2UL, 3UL, 4UL, 6UL, 7UL, 8UL, 9UL, 10UL], records.Select(record => record.Position));
        Assert.All(records, record => Assert.Equal(JournalBench.Payload((int)record.Position, 60), record.Payload));
        var statistics = bench.Journal.Statistics();
        Assert.Equal((1L, (long)Frame, 1L), (statistics.DamagedStretches, statistics.DamagedBytes, statistics.MissingRecords));
        var kept = disk.Root.Subdirectory("quarantine").List().Single();
        Assert.Equal(($"journal-0000000000000001-{Start(5)}-{Frame}.bin", (long)Frame), (kept.Name, kept.Length));
        Assert.Contains(bench.Events, e => e.Kind == JournalEventKind.Damaged);
        Assert.Contains(bench.Events, e => e.Kind == JournalEventKind.RecordsMissing);
    }

    [Fact]
    public void Damage_in_a_closed_segment_is_passed_and_the_next_segments_are_read() => StoreDirectories.OnEach(directory =>
    {
        using (var bench = new JournalBench(directory))
        {
            for (var number = 1; number <= 20; number++) bench.Append(JournalBench.Payload(number, 900));
        }
        using (var file = directory.Open(First, writable: true))
        {
            var garbage = JournalBench.Payload(3, 1500);
            file.Write(garbage, 1500);
        }

        using var again = new JournalBench(directory);
        var records = again.ReadAll();

        var expected = Enumerable.Range(1, 20).Where(n => n is not (2 or 3 or 4)).Select(n => (ulong)n);
        Assert.Equal(expected, records.Select(r => r.Position));
        Assert.Equal(3, again.Journal.Statistics().MissingRecords);
        Assert.NotEmpty(directory.Subdirectory("quarantine").List());
    });

    [Fact]
    public void A_closed_segment_that_lost_its_end_is_reported_as_missing_records()
    {
        var disk = new MemoryDisk();
        using (var bench = new JournalBench(disk.Root))
        {
            for (var number = 1; number <= 12; number++) bench.Append(JournalBench.Payload(number, 900));
        }
        using (var file = disk.Root.Open(First, writable: true))
        {
            file.SetLength(1200);
            file.Sync();
        }

        using var again = new JournalBench(disk.Root);

        Assert.Equal([1UL, 5UL], again.ReadAll().Select(record => record.Position).Take(2));
        Assert.Equal(3, again.Journal.Statistics().MissingRecords);
    }

    [Fact]
    public void A_damaged_header_does_not_hide_the_records()
    {
        var disk = DiskWith(records: 3);
        disk.Flip(First, 30, 1);

        using var bench = new JournalBench(disk.Root);

        Assert.Equal([1UL, 2UL, 3UL], bench.ReadAll().Select(record => record.Position));
    }

    [Fact]
    public void A_copy_of_a_record_inside_a_payload_is_never_taken_for_a_record()
    {
        var disk = new MemoryDisk();
        using (var bench = new JournalBench(disk.Root)) bench.Append(JournalBench.Payload(1, 60));
        var stolen = disk.Root.ReadAll(First, 10_000)[128..];
        using (var bench = new JournalBench(disk.Root))
        {
            bench.Append(stolen);
            bench.Append(JournalBench.Payload(3, 60));
        }
        disk.Flip("journal-0000000000000002.seg", 128 + 5, 0xFF);

        using var again = new JournalBench(disk.Root);

        Assert.Equal([1UL, 3UL], again.ReadAll().Select(record => record.Position));
    }

    [Fact]
    public void Bit_flips_anywhere_never_give_a_wrong_payload_or_an_unexpected_failure()
    {
        for (var seed = 1; seed <= 400; seed++)
        {
            var random = new Random(seed);
            var disk = new MemoryDisk(seed);
            using (var bench = new JournalBench(disk.Root))
            {
                for (var number = 1; number <= 30; number++) bench.Append(JournalBench.Payload(number, random.Next(4, 600)));
            }
            var sizes = new Random(seed);
            var expected = Enumerable.Range(1, 30).ToDictionary(n => (ulong)n, n => JournalBench.Payload(n, sizes.Next(4, 600)));
            var segments = disk.Root.List().Where(entry => entry.Name.EndsWith(".seg", StringComparison.Ordinal)).ToList();
            for (var flips = random.Next(1, 6); flips > 0; flips--)
            {
                var segment = segments[random.Next(segments.Count)];
                disk.Flip(segment.Name, random.NextInt64(segment.Length), (byte)(1 << random.Next(8)));
            }

            using var again = new JournalBench(disk.Root);
            var records = again.ReadAll();

            Assert.All(records, record => Assert.Equal(expected[record.Position], record.Payload));
            Assert.Equal(records.Select(record => record.Position).Order(), records.Select(record => record.Position));
            var statistics = again.Journal.Statistics();
            // What is not read is accounted for: as missing, or as a tail that was cut.
            Assert.True(30 - records.Count <= statistics.MissingRecords + (statistics.TornBytes > 0 ? 30 : 0), $"seed {seed}");
        }
    }

    [Fact]
    public void A_reader_of_arbitrary_bytes_ends_without_a_wrong_record()
    {
        for (var seed = 1; seed <= 500; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(0, 6000)];
            random.NextBytes(bytes);
            // Make markers frequent, so that resynchronising is exercised.
            for (var at = 0; at + 4 <= bytes.Length; at += random.Next(4, 200)) RecordFrame.MarkerBytes.CopyTo(bytes.AsSpan(at));
            var disk = new MemoryDisk();
            disk.Root.Replace("any", bytes);

            using var scanner = new SegmentScanner(disk.Root.Open("any"), 1);
            var steps = 0;
            for (var step = ScanStep.Damage; step is not (ScanStep.End or ScanStep.Tail); steps++)
            {
                step = scanner.Next(bytes.Length, out var record);
                Assert.Null(record);
                Assert.True(steps < bytes.Length + 2);
            }
        }
    }

    [Fact]
    public void Random_edits_of_a_real_segment_give_only_records_that_were_written()
    {
        var disk = DiskWith(records: 40);
        var original = disk.Root.ReadAll(First, 10_000);
        for (var seed = 1; seed <= 600; seed++)
        {
            var random = new Random(seed);
            var edited = Edit(original.ToList(), random);
            var copy = new MemoryDisk();
            copy.Root.Replace("any", edited);
            using var scanner = new SegmentScanner(copy.Root.Open("any"), 1);
            ulong last = 0;
            for (var step = ScanStep.Damage; step is ScanStep.Record or ScanStep.Damage;)
            {
                step = scanner.Next(edited.Length, out var record);
                if (record is null) continue;
                using (record)
                {
                    Assert.True(record.Position.Sequence > last);
                    last = record.Position.Sequence;
                    Assert.Equal(JournalBench.Payload((int)last, 60), record.Payload.ToArray());
                }
            }
        }
    }

    [Fact]
    public void A_damaged_segment_is_not_deleted_before_its_stretch_could_be_set_aside()
    {
        var disk = new MemoryDisk();
        using (var bench = new JournalBench(disk.Root))
        {
            for (var number = 1; number <= 12; number++) bench.Append(JournalBench.Payload(number, 900));
        }
        disk.Flip(First, 1500, 1);
        using var again = new JournalBench(disk.Root);
        disk.Fault = (_, _, path) => path.StartsWith("quarantine", StringComparison.Ordinal) ? DiskFault.Full : DiskFault.None;
        again.ReadAll();
        Assert.Throws<JournalException>(() => again.Journal.TrimTo(new JournalPosition(12)));
        Assert.True(disk.Root.Exists(First));

        disk.Fault = null;
        again.Journal.TrimTo(new JournalPosition(12));

        Assert.False(disk.Root.Exists(First));
        Assert.Single(disk.Root.Subdirectory("quarantine").List());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_bookmark_with_one_damaged_slot_falls_back_to_the_other_and_with_two_to_the_oldest(bool both)
    {
        var disk = new MemoryDisk();
        using (var bench = new JournalBench(disk.Root, JournalBench.Small(window: 100_000)))
        {
            for (var number = 1; number <= 5; number++) bench.Append([1]);
            bench.Journal.TrimTo(new JournalPosition(2));
            bench.Journal.TrimTo(new JournalPosition(4));
        }
        // Generations 0 (made), 1 at 4096, 2 at 0: the newest is in the first slot.
        disk.Flip("bookmark", 24, 1);
        if (both) disk.Flip("bookmark", 4096 + 24, 1);

        using var again = new JournalBench(disk.Root);

        Assert.Equal(both ? 0UL : 2UL, again.Journal.LowWaterMark.Sequence);
        Assert.Equal(both, again.Events.Exists(e => e.Kind == JournalEventKind.BookmarkDamaged));
        Assert.Equal(5, again.ReadAll().Count);
    }

    private static byte[] Edit(List<byte> bytes, Random random)
    {
        for (var edits = random.Next(1, 5); edits > 0; edits--)
        {
            var at = random.Next(128, bytes.Count - 100);
            var count = random.Next(1, 90);
            switch (random.Next(4))
            {
                case 0: bytes.RemoveRange(at, count); break;
                case 1: bytes.InsertRange(at, bytes.GetRange(random.Next(128, bytes.Count - 100), count)); break;
                case 2: for (var index = at; index < at + count; index++) bytes[index] = 0; break;
                default: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            }
        }
        return [.. bytes];
    }
}
