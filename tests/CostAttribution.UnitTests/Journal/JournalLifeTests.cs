using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

/// <summary>
/// One scripted life of a journal with its posting files, through every call that changes the disk: opening, appends one by one
/// and in groups, new segments, a posting written, sent and confirmed, the mark moved, segments and postings deleted, damage set
/// aside, a clean stop and a start on what is there. It is ended at each of these calls, by a kill and by a power cut.
/// </summary>
public sealed class JournalLifeTests
{
    private const int TearSeeds = 4;
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private sealed class Promises
    {
        /// <summary>Acknowledged records by position.</summary>
        public Dictionary<ulong, int> Acknowledged { get; } = [];

        /// <summary>Postings whose writing returned.</summary>
        public HashSet<string> Written { get; } = [];

        /// <summary>Postings that the store has.</summary>
        public HashSet<string> Sent { get; } = [];

        /// <summary>Postings that were confirmed, or about to be when the end came.</summary>
        public HashSet<string> Confirming { get; } = [];

        /// <summary>The mark, or where it was being moved to.</summary>
        public ulong Mark { get; set; }
        public ulong LastPosition { get; set; }
        public bool HasFinished { get; set; }
    }

    [Fact]
    public void A_kill_at_every_disk_call_loses_and_doubles_nothing() => EndEverywhere((disk, _) => disk.KillProcess(), seeds: 1);

    [Fact]
    public void A_power_cut_at_every_disk_call_loses_and_doubles_nothing() =>
        EndEverywhere((disk, seed) => disk.Restart(tear: seed > 0), seeds: 1 + TearSeeds);

    private static void EndEverywhere(Action<MemoryDisk, int> end, int seeds)
    {
        var dry = new MemoryDisk();
        var all = new Promises();
        Live(dry, all);
        Assert.True(all.HasFinished);
        Assert.True(dry.Operations > 150, $"{dry.Operations} calls");

        for (long at = 0; at <= dry.Operations; at++)
        {
            for (var seed = 0; seed < seeds; seed++)
            {
                var disk = new MemoryDisk(seed + 1);
                var promises = new Promises();
                var number = at;
                // The call in which the end comes may have been done, or done in part.
                disk.Fault = (now, _, _) => now == number ? DiskFault.PowerCut : DiskFault.None;
                Live(disk, promises);
                disk.Fault = null;
                end(disk, seed);
                Check(disk, promises, $"ended at {at}, seed {seed}");
                // What recovery changed must be as safe: end it again while it runs, then look again.
                EndRecovery(disk, end, seed, (int)(at % 7));
                Check(disk, promises, $"ended at {at}, seed {seed}, and again");
            }
        }
    }

    /// <summary>The script. Stops quietly when the disk does.</summary>
    private static void Live(MemoryDisk disk, Promises promises)
    {
        try
        {
            var time = new SteppedTime();
            for (var life = 0; life < 2; life++)
            {
                using var bench = new JournalBench(disk.Root.Subdirectory("journal"), JournalBench.Small(window: 3000), time);
                var spool = PostingSpool.Open(disk.Root.Subdirectory("postings"),
                    new PostingSpoolOptions { ConfirmedBytesMax = 900 }, time);
                for (var round = 0; round < 3; round++)
                {
                    AppendSome(bench, promises, 1 + life * 100 + round * 10);
                    Post(bench, spool, promises, $"p-{life}-{round}");
                    time.Step(TimeSpan.FromMinutes(4));
                }
                if (life > 0) continue;
                // Of records that the store has: the oldest segment, which the next life deletes.
                var oldest = disk.Root.Subdirectory("journal").List().First(entry => entry.Name.EndsWith(".seg", Ordinal)).Name;
                disk.Flip($"journal/{oldest}", 300, 0x20);
                bench.ReadAll();
            }
            promises.HasFinished = true;
        }
        catch (Exception error) when (error is JournalException or PowerCutException)
        {
        }
    }

    private static void AppendSome(JournalBench bench, Promises promises, int first)
    {
        for (var number = first; number < first + 3; number++) Acknowledge(promises, bench.TryAppend(Payload(number)), number);
        var group = Enumerable.Range(first + 3, 3)
            .Select(number => (Number: number, Append: bench.Journal.Appender.AppendAsync(Payload(number)).AsTask())).ToList();
        bench.Journal.Appender.Commit();
        foreach (var (number, append) in group) Acknowledge(promises, append, number);
    }

    private static void Acknowledge(Promises promises, Task<JournalPosition> append, int number)
    {
        if (!append.IsCompletedSuccessfully) throw append.Exception!.InnerException!;
        promises.Acknowledged.Add(append.Result.Sequence, number);
        promises.LastPosition = append.Result.Sequence;
    }

    private static void Post(JournalBench bench, PostingSpool spool, Promises promises, string id)
    {
        spool.Write(id, Content(id));
        promises.Written.Add(id);
        promises.Sent.Add(id);
        promises.Confirming.Add(id);
        spool.Confirm(id);
        promises.Mark = promises.LastPosition - 1;
        bench.Journal.TrimTo(new JournalPosition(promises.Mark));
    }

    private static void EndRecovery(MemoryDisk disk, Action<MemoryDisk, int> end, int seed, int calls)
    {
        var at = disk.Operations + calls;
        disk.Fault = (now, _, _) => now == at ? DiskFault.PowerCut : DiskFault.None;
        try
        {
            using var bench = new JournalBench(disk.Root.Subdirectory("journal"), JournalBench.Small(window: 3000));
            PostingSpool.Open(disk.Root.Subdirectory("postings"), new PostingSpoolOptions(), new SteppedTime());
        }
        catch (Exception error) when (error is JournalException or PowerCutException)
        {
        }
        disk.Fault = null;
        end(disk, seed);
    }

    private static void Check(MemoryDisk disk, Promises promises, string what)
    {
        using (var bench = new JournalBench(disk.Root.Subdirectory("journal"), JournalBench.Small(window: 3000)))
        {
            var mark = bench.Journal.LowWaterMark.Sequence;
            Assert.True(mark <= promises.Mark, what);
            var records = bench.ReadAll().ToDictionary(record => record.Position, record => record.Payload);
            foreach (var (position, number) in promises.Acknowledged.Where(record => record.Key >= mark))
            {
                Assert.True(records.TryGetValue(position, out var payload), $"{what}: record {position} is lost");
                Assert.True(payload.AsSpan().SequenceEqual(Payload(number)), $"{what}: record {position} is another");
            }
            var next = bench.Append(Payload(1)).Sequence;
            Assert.True(next > promises.LastPosition, $"{what}: position {next} was given out before");
            promises.LastPosition = next;
            promises.Acknowledged.Add(next, 1);
        }
        var spool = PostingSpool.Open(disk.Root.Subdirectory("postings"), new PostingSpoolOptions(), new SteppedTime());
        var pending = spool.ListPending().Select(posting => posting.PostingId).ToList();
        var confirmed = spool.ListConfirmed().Select(posting => posting.PostingId).ToList();
        Assert.Empty(spool.DamagedFiles);
        // A confirmed one may be gone by its window; one that is not confirmed never is.
        foreach (var id in promises.Written.Where(id => !promises.Confirming.Contains(id))) Assert.Contains(id, pending);
        Assert.Empty(confirmed.Except(promises.Confirming));
        Assert.Empty(pending.Intersect(confirmed));
        foreach (var id in pending.Concat(confirmed))
            Assert.True(spool.Read(id).AsSpan().SequenceEqual(Content(id)), $"{what}: posting {id} is another");
    }

    private static byte[] Payload(int number) => JournalBench.Payload(number, 200 + number % 7 * 150);

    private static byte[] Content(string id) => JournalBench.Payload(id[^1] + id[2], 600);
}
