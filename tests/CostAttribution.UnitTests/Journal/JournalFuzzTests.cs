using System.Globalization;
using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Postings;
using CostAttribution.Testing.Filesystem;
using CostAttribution.Testing.Segments;

namespace CostAttribution.UnitTests.Journal;

/// <summary>Random journals and posting files, randomly damaged, against a slow reader that shares no code with the product.</summary>
public sealed class JournalFuzzTests
{
    private const int Cases = 3000;

    [Fact]
    public void Whatever_happens_to_the_files_exactly_the_records_that_check_are_delivered_and_the_rest_is_accounted_for()
    {
        var delivered = 0;
        var lost = 0;
        for (var seed = 1; seed <= Cases; seed++)
        {
            var random = new Random(seed);
            var (files, written) = Write(random);
            Damage(files, random);
            var expected = SlowSegments.Read(files);

            var disk = new MemoryDisk(seed);
            foreach (var (name, bytes) in files) disk.Root.Replace(name, bytes);
            using var bench = new JournalBench(disk.Root, Options(random));
            var records = bench.ReadAll();

            Assert.Equal(expected.Records.Select(record => record.Sequence), records.Select(record => record.Position));
            foreach (var (position, payload) in records)
            {
                if (!written.TryGetValue(position, out var original) || !payload.AsSpan().SequenceEqual(original))
                    Assert.Fail($"seed {seed}: record {position} was not written like this");
            }
            var statistics = bench.Journal.Statistics();
            Assert.True(expected.Missing == statistics.MissingRecords,
                $"seed {seed}: {statistics.MissingRecords} records reported missing, not {expected.Missing}");
            CheckQuarantine(disk, files, statistics, seed);
            Assert.True(bench.Append([1]).Sequence > records.LastOrDefault().Position, $"seed {seed}");
            delivered += records.Count;
            lost += written.Count - records.Count;
        }
        Assert.True(delivered > 20_000 && lost > 5_000, $"{delivered} delivered, {lost} lost");
    }

    [Fact]
    public void Damage_that_straddles_the_windows_of_the_reader_is_passed_exactly()
    {
        for (var seed = 1; seed <= 12; seed++)
        {
            var random = new Random(seed);
            var disk = new MemoryDisk(seed);
            var options = new JournalOptions { SegmentBytesMax = 1 << 20, RecordBytesMax = 1 << 17, FreeBytesMin = 0 };
            using (var bench = new JournalBench(disk.Root, options))
            {
                for (var number = 1; number <= 40; number++)
                    bench.Append(JournalBench.Payload(number, random.Next(4, random.Next(5, 1 << 16))));
            }
            var files = ContentOf(disk.Root);
            for (var damages = 8; damages > 0; damages--) Damage(files, random);
            var expected = SlowSegments.Read(files);
            var damaged = new MemoryDisk(seed);
            foreach (var (name, bytes) in files) damaged.Root.Replace(name, bytes);

            using var again = new JournalBench(damaged.Root, options);

            Assert.Equal(expected.Records.Select(record => record.Sequence), again.ReadAll().Select(record => record.Position));
            Assert.Equal(expected.Missing, again.Journal.Statistics().MissingRecords);
        }
    }

    [Fact]
    public void Damaged_posting_files_are_set_aside_and_never_read_as_something_else()
    {
        var read = 0;
        for (var seed = 1; seed <= Cases; seed++)
        {
            var random = new Random(seed);
            var disk = new MemoryDisk(seed);
            var spool = PostingSpool.Open(disk.Root, new PostingSpoolOptions(), new SteppedTime());
            var written = new Dictionary<string, byte[]>();
            for (var number = random.Next(1, 5); number > 0; number--)
            {
                var id = $"n-{number}";
                written.Add(id, JournalBench.Payload(number, random.Next(4, 900)));
                spool.Write(id, written[id]);
                if (random.Next(2) == 0) spool.Confirm(id);
            }
            var files = ContentOf(disk.Root);
            Damage(files, random);
            var damaged = new MemoryDisk(seed);
            foreach (var (name, bytes) in files) damaged.Root.Replace(name, bytes);

            var again = PostingSpool.Open(damaged.Root, new PostingSpoolOptions(), new SteppedTime());
            foreach (var posting in again.ListPending().Concat(again.ListConfirmed()))
            {
                try
                {
                    Assert.Equal(written[posting.PostingId], again.Read(posting.PostingId));
                    read++;
                }
                catch (JournalDamageException)
                {
                }
            }

            var good = again.ListPending().Count + again.ListConfirmed().Count;
            Assert.Equal(files.Count, good + again.DamagedFiles.Count);
        }
        Assert.InRange(read, Cases / 2, Cases * 4);
    }

    private static JournalOptions Options(Random random) => new()
    {
        SegmentBytesMax = 4096 << random.Next(3),
        RecordBytesMax = 2048,
        JournalBytesMax = 1 << 24,
        WindowBytesMax = 0,
        FreeBytesMin = 0,
    };

    private static (Dictionary<string, byte[]> Files, Dictionary<ulong, byte[]> Written) Write(Random random)
    {
        var disk = new MemoryDisk();
        var written = new Dictionary<ulong, byte[]>();
        for (var lives = random.Next(1, 4); lives > 0; lives--)
        {
            using var bench = new JournalBench(disk.Root, Options(random));
            for (var records = random.Next(0, 12); records > 0; records--)
            {
                // Some payloads are records of this very journal, the worst that a search for the next record can meet.
                var payload = random.Next(6) == 0 && disk.Root.Exists("journal-0000000000000001.seg")
                    ? disk.Root.ReadAll("journal-0000000000000001.seg", 1 << 20) : JournalBench.Payload(records, random.Next(4, 700));
                if (payload.Length > 2048) payload = payload[..2048];
                written.Add(bench.Append(payload).Sequence, payload);
            }
            // Half of the lives end with a kill, which leaves no word about where the journal ended.
            if (random.Next(2) == 0) disk.KillProcess();
        }
        return (ContentOf(disk.Root), written);
    }

    private static Dictionary<string, byte[]> ContentOf(StoreDirectory directory) => directory.List()
        .Where(entry => Path.GetExtension(entry.Name) is ".seg" or ".pending" or ".confirmed")
        .ToDictionary(entry => entry.Name, entry => directory.ReadAll(entry.Name, 1 << 24));

    private static void Damage(Dictionary<string, byte[]> files, Random random)
    {
        for (var damages = random.Next(1, 4); damages > 0 && files.Count > 0; damages--)
        {
            var name = files.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(files.Count));
            files[name] = Damaged(files[name], random);
            if (random.Next(12) == 0) files.Remove(name);
            if (random.Next(8) != 0 || files.Count < 2) continue;
            var other = files.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(files.Count));
            if (files.TryGetValue(name, out var content)) (files[name], files[other]) = (files[other], content);
        }
    }

    private static byte[] Damaged(byte[] content, Random random)
    {
        if (content.Length == 0) return JournalBench.Payload(7, 100);
        var bytes = content.ToList();
        var at = random.Next(bytes.Count);
        var count = random.Next(1, Math.Min(600, bytes.Count - at) + 1);
        switch (random.Next(8))
        {
            case 0 or 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            case 2: bytes.RemoveRange(at, bytes.Count - at); break;
            case 3: bytes.RemoveRange(at, count); break;
            case 4: bytes.InsertRange(at, JournalBench.Payload(count, count + 3)); break;
            case 5: bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, count)); break;
            case 6: for (var index = at; index < at + count; index++) bytes[index] = 0; break;
            default: bytes.AddRange(bytes.GetRange(at, count)); break;
        }
        return [.. bytes];
    }

    private static void CheckQuarantine(MemoryDisk disk, Dictionary<string, byte[]> files, JournalStatistics statistics, int seed)
    {
        var kept = disk.Root.Subdirectory("quarantine");
        long bytes = 0;
        foreach (var entry in kept.List())
        {
            var parts = Path.GetFileNameWithoutExtension(entry.Name).Split('-');
            var (offset, length) = (int.Parse(parts[2], CultureInfo.InvariantCulture), int.Parse(parts[3], CultureInfo.InvariantCulture));
            var source = files[$"{parts[0]}-{parts[1]}.seg"].AsSpan(offset, length);
            Assert.True(source.SequenceEqual(kept.ReadAll(entry.Name, 1 << 20)), $"seed {seed}: {entry.Name}");
            bytes += length;
        }
        // What is cut at the end and holds only zeros is counted, not copied.
        Assert.InRange(bytes, statistics.DamagedBytes, statistics.DamagedBytes + statistics.TornBytes);
    }
}
