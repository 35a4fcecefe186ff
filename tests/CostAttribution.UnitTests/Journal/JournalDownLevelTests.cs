using System.Text;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Postings;
using CostAttribution.Testing.Filesystem;
using CostAttribution.Testing.Otlp;

namespace CostAttribution.UnitTests.Journal;

/// <summary>
/// A data directory as version 1 left it when it was killed, kept as bytes in <c>Fixtures/journal</c>. The files are never
/// written again: every later version reads them.
/// </summary>
public sealed class JournalDownLevelTests
{
    [Fact]
    public void A_journal_of_version_1_is_read_for_ever() => StoreDirectories.OnEach(directory =>
    {
        Unpack("journal/", directory);
        using var bench = new JournalBench(directory, JournalBench.Small(window: 100_000));

        var records = bench.ReadAll();

        Assert.Equal(3UL, bench.Journal.LowWaterMark.Sequence);
        Assert.Equal(Enumerable.Range(1, 9).Select(n => (ulong)n), records.Select(record => record.Position));
        Assert.All(records.Skip(3), record => Assert.Equal(JournalBench.Payload((int)record.Position, 700), record.Payload));
        Assert.Equal(30, bench.Journal.Statistics().TornBytes);
        Assert.Equal(0, bench.Journal.Statistics().MissingRecords);
        Assert.Equal(10UL, bench.Append([1]).Sequence);
        Assert.Equal("abc", InstanceFile.Adopt(directory, "abc").InstanceId);
    });

    [Fact]
    public void Span_batches_of_version_1_are_read_for_ever()
    {
        var disk = new MemoryDisk();
        Unpack("journal/", disk.Root);
        using var bench = new JournalBench(disk.Root, JournalBench.Small(window: 100_000));
        // The configured key had another number in the table that wrote it.
        var keys = new AttributeKeyTable(["another.key", "tenant.key"]);
        var text = new StringBuilder();
        foreach (var (_, payload) in bench.ReadAll().Take(3))
        {
            using var batch = SpanBatch.Decode(payload, keys);
            foreach (var span in PlainSpans.From(batch, keys)) text.Append(span).Append('\n');
        }

        Assert.Equal(File.ReadAllText(Fixture("version-1.spans")).ReplaceLineEndings("\n"), text.ToString());
    }

    [Fact]
    public void Postings_of_version_1_are_read_for_ever() => StoreDirectories.OnEach(directory =>
    {
        Unpack("postings/", directory);

        var spool = PostingSpool.Open(directory, new PostingSpoolOptions(), new SteppedTime());

        Assert.Equal(["node-a-19c-1", "node-a-19c-3"], spool.ListPending().Select(posting => posting.PostingId));
        Assert.Equal(["node-a-19c-2"], spool.ListConfirmed().Select(posting => posting.PostingId));
        for (var number = 1; number <= 3; number++)
        {
            var id = $"node-a-19c-{number}";
            var posting = EncodedPosting.FromBytes(id, spool.Read(id));
            Assert.Equal((number, 2), (posting.LedgerRows, posting.SpanFacts));
            Assert.Equal(["trace_facts", "cost_ledger"], posting.Tables.Select(table => table.Table));
            Assert.Equal(["trace_id", "blob"], posting.Tables[0].Columns);
            Assert.Equal([1, 2, (byte)number], posting.Tables[0].Block.ToArray());
            Assert.Equal(number, posting.Tables[1].Rows);
        }
    });

    private static void Unpack(string folder, StoreDirectory directory)
    {
        foreach (var line in File.ReadAllLines(Fixture("version-1.hex")))
        {
            var (name, hex) = (line[..line.IndexOf(' ', StringComparison.Ordinal)], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
            if (name.StartsWith(folder, StringComparison.Ordinal)) directory.Replace(name[folder.Length..], Convert.FromHexString(hex));
        }
    }

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "journal", name);
}
