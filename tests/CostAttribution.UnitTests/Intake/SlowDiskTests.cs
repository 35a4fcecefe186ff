using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Intake;
using CostAttribution.Journal;
using CostAttribution.Testing.Filesystem;
using CostAttribution.UnitTests.Ingest.Assembly;
using CostAttribution.UnitTests.Journal;

namespace CostAttribution.UnitTests.Intake;

/// <summary>A disk that takes its time: what waits for it is bounded, and senders are told to come back.</summary>
public sealed class SlowDiskTests
{
    private const int QueueBytes = 32 * 1024;

    [Fact]
    public async Task A_burst_of_ten_times_what_the_queue_takes_is_throttled_and_all_that_is_accepted_is_durable()
    {
        var options = new JournalOptions
        {
            SegmentBytesMax = 64 * 1024, RecordBytesMax = 16 * 1024, JournalBytesMax = 4 << 20, WindowBytesMax = 0, FreeBytesMin = 0,
            QueueBytesMax = QueueBytes,
        };
        using var bench = new JournalBench(new MemoryDisk().Root, options);
        using var builder = new SpanBatchBuilder(AttributionTable.Default.Keys, TracingLimits.Default);
        var intake = new JournalIntake(bench.Journal.Appender, bench.Time);
        intake.Open();
        var one = NewBatch(builder, 0);
        var batches = QueueBytes * 10 / one.Encoded.Length;
        one.Dispose();
        var waiting = Enumerable.Range(0, batches).ToHashSet();
        var (rounds, pushedBack, largest) = (0, 0, 0L);

        // Each round is one pass of the disk; senders that were pushed back come again.
        while (waiting.Count > 0)
        {
            var offered = waiting.ToDictionary(number => number, number => intake.AcceptAsync(NewBatch(builder, number), 1, default).AsTask());
            largest = Math.Max(largest, bench.Journal.Statistics().QueuedBytes);
            bench.Journal.Appender.Commit();
            foreach (var (number, task) in offered)
            {
                var outcome = await task;
                if (outcome.Kind == IntakeOutcomeKind.Accepted)
                {
                    waiting.Remove(number);
                    continue;
                }
                Assert.Equal(IntakeOutcomeKind.PushedBack, outcome.Kind);
                Assert.True(outcome.RetryAfter > TimeSpan.Zero);
                pushedBack++;
            }
            rounds++;
        }

        Assert.InRange(rounds, 10, 20);
        Assert.True(pushedBack > batches);
        Assert.InRange(largest, QueueBytes / 2, QueueBytes);
        Assert.Equal(batches, intake.SpansJournaled);
        Assert.Equal(batches, bench.Journal.Statistics().AppendedRecords);
    }

    private static SpanBatch NewBatch(SpanBatchBuilder builder, int number) => AssemblyBench.Encode(
        builder, [TestSpan.Call(number + 1, 2, 1)], DateTimeOffset.UnixEpoch.AddDays(20_000));
}
