using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

/// <summary>A segment that somebody deletes while it is written takes acknowledged records for a second at most.</summary>
public sealed class JournalNameTests
{
    [Fact]
    public async Task A_directory_deleted_under_the_journal_is_noticed_within_a_second_and_senders_are_refused()
    {
        var path = Path.Combine(Path.GetTempPath(), "journal-" + Path.GetRandomFileName());
        try
        {
            using var bench = new JournalBench(SystemDirectory.Open(path));
            using var feed = bench.Journal.OpenFeed(JournalPosition.Oldest);
            bench.Append([1]);
            Directory.Delete(path, recursive: true);

            bench.Time.Step(TimeSpan.FromSeconds(1));
            var refused = await Assert.ThrowsAsync<JournalFailedException>(() => bench.TryAppend([2]));

            Assert.Equal(JournalRefusal.Failed, refused.Reason);
            Assert.Equal(JournalRefusal.Failed, bench.Journal.Statistics().Refusal);
            var told = Assert.Single(bench.Events, one => one.Kind == JournalEventKind.WriteFailed);
            Assert.Contains("was deleted or moved away", told.Text, StringComparison.Ordinal);

            Directory.CreateDirectory(path);
            bench.Journal.Appender.Commit();
            bench.Append([3]);
            Assert.Contains(bench.Events, one => one.Kind == JournalEventKind.Recovered);
            // What was acknowledged before is still on its way in memory.
            Assert.Equal(new byte[][] { [1], [3] }, JournalBench.Drain(feed).Select(record => record.Payload));
        }
        finally
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        }
    }

    [Fact]
    public void It_is_noticed_while_nothing_comes_in()
    {
        var disk = new MemoryDisk();
        using var bench = new JournalBench(disk.Root);
        bench.Append([1]);
        disk.Root.Delete("journal-0000000000000001.seg");
        disk.Fault = (_, operation, _) => operation is DiskOperation.Create ? DiskFault.Fail : DiskFault.None;

        bench.Time.Step(TimeSpan.FromSeconds(1));
        bench.Journal.Appender.Commit();

        Assert.Equal(JournalRefusal.Failed, bench.Journal.Appender.Refusal);
    }

    [Fact]
    public void A_segment_deleted_alone_is_told_and_records_go_on_in_a_new_one()
    {
        var disk = new MemoryDisk();
        using var bench = new JournalBench(disk.Root);
        bench.Append([1]);
        disk.Root.Delete("journal-0000000000000001.seg");

        bench.Time.Step(TimeSpan.FromSeconds(1));
        bench.Append([2]);

        Assert.Contains(bench.Events, one => one.Kind == JournalEventKind.WriteFailed);
        Assert.True(disk.Root.Exists("journal-0000000000000002.seg"));
        using var reader = bench.Journal.OpenReader(new JournalPosition(2));
        Assert.True(reader.TryRead(out var record));
        using (record) Assert.Equal([2], record.Payload.ToArray());
    }
}
