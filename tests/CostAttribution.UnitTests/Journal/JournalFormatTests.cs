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
            "8943414A0D0A1A0A01008000060000000100000000000000000000000000000018323DB79C0100006E6F64652D610000"
            + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
            + "000000000000000000000000000000000000000000000000000000009E1F7501A7524AC3050000000100000000000000"
            + "50A13E8A22F5EDBD6669727374A7524AC30A0000000200000000000000F1EA86822310FC53746865207365636F6E64",
            Convert.ToHexString(directory.ReadAll("journal-0000000000000001.seg", 1000)));
        Assert.Equal(
            "894341420D0A1A0A0100000000000000010000000000000002000000000000003C458AF2",
            Convert.ToHexString(directory.ReadAll("bookmark", 10_000).AsSpan(4096)));
        Assert.Equal("cost-attribution node 1\nnode-a\n1434ffc0\n", Encoding.UTF8.GetString(directory.ReadAll("node", 100)));
    });

    /// <summary>An older program must refuse the journal before it meets records that it cannot read.</summary>
    [Fact]
    public void A_new_format_of_the_records_raises_the_version_of_the_segments() =>
        Assert.Equal((1, 1), (CostAttribution.Domain.Tracing.SpanBatch.FormatVersion, SegmentHeader.Version));

    [Fact]
    public void Posting_files_have_these_bytes() => StoreDirectories.OnEach(directory =>
    {
        var spool = PostingSpool.Open(directory, new PostingSpoolOptions(), new SteppedTime());
        spool.Write("node-a-1", Encoding.ASCII.GetBytes("rows"));

        Assert.Equal(
            "894341500D0A1A0A010008004D099BAF0400000000000000010000000000000018323DB79C0100006E6F64652D612D31"
            + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
            + "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000030F80531"
            + "726F7773",
            Convert.ToHexString(directory.ReadAll("node-a-1.pending", 1000)));
    });
}
