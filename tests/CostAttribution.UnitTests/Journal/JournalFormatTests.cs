using System.Text;
using CostAttribution.Journal.Postings;
using CostAttribution.Journal.Storage;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

/// <summary>The formats of docs/journal-format.md, byte for byte. A change here breaks every journal on disk.</summary>
public sealed class JournalFormatTests
{
    [Fact]
    public void The_checksum_is_crc32c()
    {
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
        Assert.Equal(Crc32C.Compute([1, 0, 0, 0, 0, 0, 0, 0, 9, 9]), Crc32C.Compute(1UL, [9, 9]));
    }

    [Fact]
    public void Segments_and_bookmarks_have_these_bytes() => StoreDirectories.OnEach(directory =>
    {
        using (var bench = new JournalBench(directory))
        {
            bench.Append(Encoding.ASCII.GetBytes("first"));
            bench.Append(Encoding.ASCII.GetBytes("the second"));
            bench.Journal.TrimTo(new CostAttribution.Journal.JournalPosition(2));
        }

        Assert.Equal(
            "",
            Convert.ToHexString(directory.ReadAll("journal-0000000000000001.seg", 1000)));
        Assert.Equal(
            "",
            Convert.ToHexString(directory.ReadAll("bookmark", 10_000).AsSpan(4096)));
        Assert.Equal("", Encoding.UTF8.GetString(directory.ReadAll("node", 100)));
    });

    [Fact]
    public void Posting_files_have_these_bytes() => StoreDirectories.OnEach(directory =>
    {
        var spool = PostingSpool.Open(directory, new PostingSpoolOptions(), new SteppedTime());
        spool.Write("node-a-1", Encoding.ASCII.GetBytes("rows"));

        Assert.Equal(
            "",
            Convert.ToHexString(directory.ReadAll("node-a-1.pending", 1000)));
    });
}
