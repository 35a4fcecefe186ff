using CostAttribution.Journal;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

public sealed class JournalFeedTests
{
    [Fact]
    public void A_feed_gives_what_is_on_disk_and_then_what_is_appended() => StoreDirectories.OnEach(directory =>
    {
        using (var before = new JournalBench(directory))
        {
            for (var number = 1; number <= 10; number++) before.Append(JournalBench.Payload(number, 900));
        }
        using var bench = new JournalBench(directory);
        using var feed = bench.Journal.OpenFeed(new JournalPosition(4));
        Assert.Equal([4UL, 5UL, 6UL, 7UL, 8UL, 9UL, 10UL], JournalBench.Drain(feed).Select(record => record.Position));
        Assert.False(bench.Journal.Statistics().FeedReadsDisk);

        bench.Append(JournalBench.Payload(11, 900));

        Assert.Equal((1L, false), feed.Lag);
        Assert.Equal([11UL], JournalBench.Drain(feed).Select(record => record.Position));
    });

    [Fact]
    public void A_stalled_consumer_never_stops_acknowledgement_and_misses_nothing() => StoreDirectories.OnEach(directory =>
    {
        using var bench = new JournalBench(directory, JournalBench.Small(feedBytes: 3000));
        using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
        for (var number = 1; number <= 100; number++) bench.Append(JournalBench.Payload(number, 700));
        Assert.Equal((100L, true), feed.Lag);

        var records = JournalBench.Drain(feed);

        Assert.Equal(Enumerable.Range(1, 100).Select(n => (ulong)n), records.Select(record => record.Position));
        Assert.All(records, record => Assert.Equal(JournalBench.Payload((int)record.Position, 700), record.Payload));
        Assert.Equal((0L, false), feed.Lag);
        bench.Append(JournalBench.Payload(101, 700));
        Assert.Equal([101UL], JournalBench.Drain(feed).Select(record => record.Position));
    });

    [Fact]
    public void Any_interleaving_of_appends_reads_and_failures_gives_each_acknowledged_record_once_in_order()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            var disk = new MemoryDisk(seed);
            using var bench = new JournalBench(disk.Root, JournalBench.Small(feedBytes: random.Next(0, 4000)));
            using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
            disk.Fault = (_, operation, path) => path.EndsWith(".seg", StringComparison.Ordinal) && random.Next(40) == 0
                ? DiskFault.Fail : DiskFault.None;
            var appended = new List<ulong>();
            var seen = new List<ulong>();
            for (var step = 0; step < 300; step++)
            {
                if (random.Next(2) == 0)
                {
                    var payload = JournalBench.Payload(step, random.Next(4, 900));
                    if (bench.TryAppend(payload, out var position)) appended.Add(position);
                }
                else if (feed.TryRead(out var record))
                {
                    using (record) seen.Add(record.Position.Sequence);
                }
                if (random.Next(50) == 0) TryTrim(bench, feed.Next);
            }
            seen.AddRange(JournalBench.Drain(feed).Select(record => record.Position));

            Assert.Equal(appended, seen);
            Assert.Equal(0, bench.Journal.Statistics().MissingRecords);
        }
    }

    private static void TryTrim(JournalBench bench, JournalPosition position)
    {
        try
        {
            bench.Journal.TrimTo(position);
        }
        catch (JournalException)
        {
            // The disk fails as told; a later call completes it.
        }
    }

    [Fact]
    public async Task A_waiting_consumer_is_woken_by_a_record_and_by_the_end()
    {
        using var bench = new JournalBench(new MemoryDisk().Root);
        using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
        var wait = feed.WaitToReadAsync().AsTask();
        Assert.False(wait.IsCompleted);
        bench.Append([1]);
        Assert.True(await wait);
        Assert.Single(JournalBench.Drain(feed));

        var end = feed.WaitToReadAsync().AsTask();
        bench.Journal.Appender.Dispose();
        Assert.False(await end);
    }

    [Fact]
    public async Task A_consumer_that_runs_beside_the_writer_gets_everything_once_in_order()
    {
        var disk = new MemoryDisk();
        var options = JournalBench.Small(feedBytes: 2000, journalBytes: 1 << 24);
        using var journal = DurableJournal.Open(disk.Root, "node-a", options, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var writer = journal.Appender.RunAsync(stop.Token);
        using var feed = journal.OpenFeed(JournalPosition.Oldest);
        var consumer = Task.Run(async () =>
        {
            var seen = new List<ulong>();
            await foreach (var record in feed.ReadAllAsync())
            {
                using (record) seen.Add(record.Position.Sequence);
            }
            return seen;
        });

        var appends = new List<Task<JournalPosition>>();
        for (var number = 1; number <= 2000; number++)
        {
            appends.Add(journal.Appender.AppendAsync(JournalBench.Payload(number, 300)).AsTask());
            if (number % 100 == 0) await Task.WhenAll(appends);
        }
        await stop.CancelAsync();
        await writer;

        Assert.Equal(Enumerable.Range(1, 2000).Select(n => (ulong)n), await consumer);
    }

    [Fact]
    public void Disposing_a_record_twice_gives_its_memory_back_once()
    {
        using var bench = new JournalBench(new MemoryDisk().Root);
        using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
        bench.Append([1]);
        Assert.True(feed.TryRead(out var record));

        record.Dispose();
        record.Dispose();

        Assert.Throws<ObjectDisposedException>(() => record.Payload);
    }
}
