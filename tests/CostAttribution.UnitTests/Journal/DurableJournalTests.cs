using System.Buffers;
using System.Text;
using CostAttribution.Journal;
using CostAttribution.Journal.Storage;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

public sealed class DurableJournalTests
{
    [Fact]
    public void Records_are_read_back_in_order_with_their_positions() => StoreDirectories.OnEach(directory =>
    {
        using var bench = new JournalBench(directory);
        for (var number = 1; number <= 5; number++)
        {
            Assert.Equal((ulong)number, bench.Append(JournalBench.Payload(number, 100)).Sequence);
        }

        var records = bench.ReadAll();

        Assert.Equal([1UL, 2UL, 3UL, 4UL, 5UL], records.Select(record => record.Position));
        Assert.All(records, record => Assert.Equal(JournalBench.Payload((int)record.Position, 100), record.Payload));
        Assert.Equal([4UL, 5UL], bench.ReadAll(from: 4).Select(record => record.Position));
    });

    [Fact]
    public void A_reopened_journal_has_its_records_and_goes_on_behind_them() => StoreDirectories.OnEach(directory =>
    {
        for (var round = 0; round < 4; round++)
        {
            using var bench = new JournalBench(directory);
            for (var number = 1; number <= 30; number++) bench.Append(JournalBench.Payload(round * 30 + number, 500));
            Assert.Equal(Enumerable.Range(1, (round + 1) * 30).Select(n => (ulong)n), bench.ReadAll().Select(r => r.Position));
            Assert.All(bench.ReadAll(), r => Assert.Equal(JournalBench.Payload((int)r.Position, 500), r.Payload));
            Assert.True(bench.Journal.Statistics().Segments > 3);
            Assert.Equal(0, bench.Journal.Statistics().MissingRecords);
        }
    });

    [Fact]
    public void A_payload_in_several_pieces_is_one_record() => StoreDirectories.OnEach(directory =>
    {
        using var bench = new JournalBench(directory);
        var last = new Piece("world"u8.ToArray(), null, 6);
        var first = new Piece("hello "u8.ToArray(), last, 0);
        var append = bench.Journal.Appender.AppendAsync(new ReadOnlySequence<byte>(first, 0, last, 5));
        bench.Journal.Appender.Commit();

        Assert.True(append.IsCompletedSuccessfully);
        Assert.Equal("hello world", Encoding.UTF8.GetString(bench.ReadAll().Single().Payload));
    });

    [Fact]
    public void Many_appends_share_one_sync()
    {
        var disk = new MemoryDisk();
        using var bench = new JournalBench(disk.Root, new JournalOptions { FreeBytesMin = 0 });
        var before = disk.Syncs;
        var appends = Enumerable.Range(1, 500)
            .Select(n => bench.Journal.Appender.AppendAsync(JournalBench.Payload(n, 64)).AsTask()).ToList();
        Assert.DoesNotContain(appends, append => append.IsCompleted);

        bench.Journal.Appender.Commit();

        Assert.Equal(1, disk.Syncs - before);
        Assert.Equal(Enumerable.Range(1, 500).Select(n => (ulong)n), appends.Select(append => append.Result.Sequence));
    }

    [Fact]
    public async Task Concurrent_appenders_all_get_their_own_position_and_their_own_record()
    {
        var path = Directory.CreateTempSubdirectory("cost-attribution-").FullName;
        try
        {
            var directory = CostAttribution.Journal.Filesystem.SystemDirectory.Open(path);
            var options = new JournalOptions { FreeBytesMin = 0 };
            using var journal = DurableJournal.Open(directory, "node-a", options, TimeProvider.System);
            using var stop = new CancellationTokenSource();
            var writer = journal.Appender.RunAsync(stop.Token);
            var feed = journal.OpenFeed(JournalPosition.Oldest);
            var seen = new Dictionary<ulong, int>();

            var appenders = Enumerable.Range(0, 8).Select(appender => Task.Run(async () =>
            {
                var positions = new Dictionary<ulong, int>();
                for (var number = 0; number < 200; number++)
                {
                    var id = appender * 1000 + number;
                    positions.Add((await journal.Appender.AppendAsync(JournalBench.Payload(id, 300))).Sequence, id);
                }
                return positions;
            })).ToList();
            await foreach (var record in feed.ReadAllAsync())
            {
                using (record) seen.Add(record.Position.Sequence, BitConverter.ToInt32(record.Payload.Span));
                if (seen.Count == 1600) break;
            }
            var expected = (await Task.WhenAll(appenders)).SelectMany(positions => positions).ToDictionary();
            await stop.CancelAsync();
            await writer;

            Assert.Equal(expected.OrderBy(pair => pair.Key), seen.OrderBy(pair => pair.Key));
            Assert.Equal(Enumerable.Range(1, 1600).Select(n => (ulong)n), seen.Keys);
            Assert.True(journal.Statistics().Syncs < 1600);
            await Assert.ThrowsAsync<JournalFailedException>(() => journal.Appender.AppendAsync(new byte[1]).AsTask());
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [Fact]
    public async Task What_was_queued_when_the_writer_is_stopped_is_still_committed()
    {
        var disk = new MemoryDisk();
        using var bench = new JournalBench(disk.Root);
        var appends = Enumerable.Range(1, 20)
            .Select(n => bench.Journal.Appender.AppendAsync(JournalBench.Payload(n, 300)).AsTask()).ToList();

        await bench.Journal.Appender.RunAsync(new CancellationToken(canceled: true));

        Assert.All(appends, append => Assert.True(append.IsCompletedSuccessfully));
        Assert.Equal(JournalRefusal.Stopped, bench.Journal.Appender.Refusal);
    }

    [Fact]
    public async Task Disposing_the_journal_ends_its_writer()
    {
        var bench = new JournalBench(new MemoryDisk().Root);
        var writer = bench.Journal.Appender.RunAsync(CancellationToken.None);
        bench.Dispose();

        await writer.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_record_whose_sender_has_gone_before_the_commit_is_not_written()
    {
        using var bench = new JournalBench(new MemoryDisk().Root);
        using var gone = new CancellationTokenSource();
        var append = bench.Journal.Appender.AppendAsync(JournalBench.Payload("gone"), gone.Token);
        await gone.CancelAsync();
        bench.Journal.Appender.Commit();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append.AsTask());
        Assert.Empty(bench.ReadAll());
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_takes_records_again_after_a_commit()
    {
        var options = new JournalOptions
        {
            SegmentBytesMax = 4096, RecordBytesMax = 1000, QueueBytesMax = 1000, FreeBytesMin = 0,
        };
        using var bench = new JournalBench(new MemoryDisk().Root, options);
        var kept = bench.Journal.Appender.AppendAsync(new byte[800]).AsTask();
        var refused = await Assert.ThrowsAsync<JournalFullException>(
            () => bench.Journal.Appender.AppendAsync(new byte[300]).AsTask());
        Assert.Equal(JournalRefusal.Queue, refused.Reason);
        Assert.True(refused.RetryAfter > TimeSpan.Zero);

        bench.Journal.Appender.Commit();

        Assert.Equal(1UL, (await kept).Sequence);
        Assert.Equal(2UL, bench.Append(new byte[300]).Sequence);
    }

    [Fact]
    public void An_empty_and_an_oversized_record_are_faults_of_the_caller()
    {
        using var bench = new JournalBench(new MemoryDisk().Root);

        Assert.Throws<ArgumentException>(() => bench.Append([]));
        Assert.Throws<ArgumentException>(() => bench.Append(new byte[2049]));
        Assert.Equal(1UL, bench.Append(new byte[2048]).Sequence);
    }

    [Fact]
    public void A_second_journal_in_the_same_directory_is_refused_until_the_first_is_closed() => StoreDirectories.OnEach(
        directory =>
    {
        using (new JournalBench(directory))
        {
            Assert.Throws<JournalLockedException>(() => new JournalBench(directory));
        }
        using var second = new JournalBench(directory);
    });

    [Fact]
    public void A_directory_of_another_node_is_refused() => StoreDirectories.OnEach(directory =>
    {
        using (var bench = new JournalBench(directory)) bench.Append([1]);

        var refused = Assert.Throws<JournalNodeException>(() => new JournalBench(directory, node: "node-b"));
        Assert.Contains("belongs to node 'node-a'", refused.Message);

        // Also when the file with the node's name is gone: the segments carry it too.
        directory.Delete("node");
        Assert.Throws<JournalNodeException>(() => new JournalBench(directory, node: "node-b"));
        using var same = new JournalBench(directory);
        Assert.Single(same.ReadAll());
    });

    [Fact]
    public void A_segment_of_a_newer_version_is_refused_before_anything_is_changed() => StoreDirectories.OnEach(directory =>
    {
        using (var bench = new JournalBench(directory)) bench.Append([1]);
        var newer = new SegmentHeader("node-a", 9, 8, 0).ToBytes();
        newer[8] = 2;
        BitConverter.TryWriteBytes(newer.AsSpan(124), Crc32C.Compute(newer.AsSpan(0, 124)));
        directory.Replace(SegmentName.Of(9), newer);
        directory.Replace("left.x", new byte[3]);
        var before = directory.List();

        var refused = Assert.Throws<JournalVersionException>(() => new JournalBench(directory));

        Assert.Contains("format version 2", refused.Message);
        Assert.Equal(before, directory.List());
    });

    [Fact]
    public void Trimming_deletes_whole_segments_below_the_mark_and_keeps_the_window() => StoreDirectories.OnEach(directory =>
    {
        using var bench = new JournalBench(directory, JournalBench.Small(window: 10_000));
        for (var number = 1; number <= 60; number++) bench.Append(JournalBench.Payload(number, 1000));
        var before = bench.Journal.Statistics();

        bench.Journal.TrimTo(new JournalPosition(50));

        var after = bench.Journal.Statistics();
        Assert.Equal(50UL, after.LowWaterMark.Sequence);
        Assert.InRange(after.OldestPosition.Sequence, 35UL, 49UL);
        Assert.Equal(before.Bytes - after.Bytes, after.TrimmedBytes);
        Assert.Equal(60UL, bench.ReadAll(from: 50)[^1].Position);

        bench.Time.Step(TimeSpan.FromMinutes(11));
        bench.Journal.TrimTo(new JournalPosition(50));
        Assert.InRange(bench.Journal.Statistics().OldestPosition.Sequence, 47UL, 50UL);
        Assert.Throws<JournalException>(() => bench.Journal.OpenReader(new JournalPosition(3)));
    });

    [Fact]
    public void What_the_store_may_not_hold_yet_is_counted_without_the_window() => StoreDirectories.OnEach(directory =>
    {
        using var bench = new JournalBench(directory, JournalBench.Small(window: 10_000));
        for (var number = 1; number <= 60; number++) bench.Append(JournalBench.Payload(number, 1000));
        Assert.Equal(bench.Journal.Statistics().Bytes, bench.Journal.Statistics().HeldBytes);

        bench.Journal.TrimTo(new JournalPosition(51));
        Assert.InRange(bench.Journal.Statistics().HeldBytes, 10_000, 12_000);

        bench.Journal.TrimTo(new JournalPosition(61));
        Assert.Equal(0, bench.Journal.Statistics().HeldBytes);
        Assert.NotEqual(0, bench.Journal.Statistics().Bytes);
    });

    [Fact]
    public void The_low_water_mark_survives_a_restart_and_positions_go_on_after_everything_was_trimmed() =>
        StoreDirectories.OnEach(directory =>
        {
            using (var bench = new JournalBench(directory))
            {
                for (var number = 1; number <= 20; number++) bench.Append(JournalBench.Payload(number, 1000));
                bench.Journal.TrimTo(new JournalPosition(21));
            }
            using (var again = new JournalBench(directory))
            {
                Assert.Equal(21UL, again.Journal.LowWaterMark.Sequence);
                Assert.Equal(21UL, again.Append([1]).Sequence);
                Assert.Equal([21UL], again.ReadAll(from: 21).Select(record => record.Position));
            }
        });

    [Fact]
    public void A_mark_beyond_the_end_is_refused()
    {
        using var bench = new JournalBench(new MemoryDisk().Root);
        bench.Append([1]);

        Assert.Throws<JournalException>(() => bench.Journal.TrimTo(new JournalPosition(3)));
        Assert.Throws<JournalException>(() => bench.Journal.OpenFeed(new JournalPosition(3)));
    }

    [Fact]
    public void Positions_that_the_store_has_confirmed_are_not_given_out_again_in_a_new_directory() =>
        StoreDirectories.OnEach(directory =>
        {
            using (var bench = new JournalBench(directory))
            {
                bench.Append([1]);
                bench.Journal.SkipTo(new JournalPosition(100));
                using var feed = bench.Journal.OpenFeed(new JournalPosition(100));
                Assert.Equal(100UL, bench.Append([2]).Sequence);
                Assert.Equal([100UL], JournalBench.Drain(feed).Select(record => record.Position));
            }
            using var again = new JournalBench(directory);
            Assert.Equal([1UL, 100UL], again.ReadAll().Select(record => record.Position));
            Assert.Equal(0, again.Journal.Statistics().MissingRecords);
        });

    [Fact]
    public void Limits_that_cannot_work_are_named()
    {
        var options = new JournalOptions { SegmentBytesMax = 1, JournalBytesMax = 2, RetryInterval = TimeSpan.Zero };

        var faults = options.Validate();

        Assert.Contains(faults, fault => fault.StartsWith("Journal:SegmentBytesMax", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("Journal:JournalBytesMax", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("Journal:RetryInterval", StringComparison.Ordinal));
        Assert.Empty(new JournalOptions().Validate());
        Assert.Throws<ArgumentException>(() => new JournalBench(new MemoryDisk().Root, options));
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes, Piece? next, long index)
        {
            Memory = bytes;
            Next = next;
            RunningIndex = index;
        }
    }
}
