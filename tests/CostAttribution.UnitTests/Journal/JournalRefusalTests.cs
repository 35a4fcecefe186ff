using System.Text;
using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Postings;
using CostAttribution.Journal.Storage;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

/// <summary>What is not ours to read is refused with what to do, and left exactly as it was found.</summary>
public sealed class JournalRefusalTests
{
    [Theory]
    [InlineData("segment")]
    [InlineData("bookmark")]
    [InlineData("node")]
    [InlineData("instance")]
    public void A_file_of_a_newer_version_is_refused_before_anything_is_changed(string file) => StoreDirectories.OnEach(directory =>
    {
        WriteDirtyJournal(directory);
        Newer(directory, file);
        var before = Snapshot(directory);

        var refused = Assert.Throws<JournalVersionException>(() => new JournalBench(directory));

        Assert.Contains("format version 2, this program reads up to 1", refused.Message, StringComparison.Ordinal);
        Assert.Contains("start the newer version again", refused.Message, StringComparison.Ordinal);
        Assert.Contains("another DataDirectory", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Snapshot(directory));
    });

    [Theory]
    [InlineData(".pending")]
    [InlineData(".confirmed")]
    [InlineData(".divided")]
    public void A_posting_file_of_a_newer_version_is_refused_before_anything_is_changed(string state) => StoreDirectories.OnEach(directory =>
    {
        WriteSpool(directory);
        if (state != ".pending") directory.Rename("n-3.pending", "n-3" + state);
        var head = directory.ReadAll("n-3" + state, 1000);
        head[8] = 2;
        BitConverter.TryWriteBytes(head.AsSpan(140), Crc32C.Compute(head.AsSpan(0, 140)));
        directory.Replace("n-3" + state, head);
        var before = Snapshot(directory);

        var refused = Assert.Throws<JournalVersionException>(() => PostingSpool.RefuseNewer(directory));
        Assert.Throws<JournalVersionException>(() => PostingSpool.Open(directory, new PostingSpoolOptions(), new SteppedTime()));

        Assert.Contains($"n-3{state} has format version 2", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Snapshot(directory));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_directory_of_another_node_is_refused_before_anything_is_changed(bool withoutNodeFile) =>
        StoreDirectories.OnEach(directory =>
        {
            WriteDirtyJournal(directory);
            if (withoutNodeFile) directory.Delete("node");
            var before = Snapshot(directory);

            var refused = Assert.Throws<JournalNodeException>(() => new JournalBench(directory, node: "node-b"));

            Assert.Contains("belongs to node 'node-a', this node is 'node-b'", refused.Message, StringComparison.Ordinal);
            Assert.Contains("set the node id to 'node-a' or another DataDirectory", refused.Message, StringComparison.Ordinal);
            Assert.Equal(before, Snapshot(directory));
        });

    [Fact]
    public void A_directory_in_use_is_refused_before_anything_is_changed() => StoreDirectories.OnEach(directory =>
    {
        WriteDirtyJournal(directory);
        using var first = new JournalBench(directory);
        first.Append([1]);
        var before = Snapshot(directory);

        var refused = Assert.Throws<JournalLockedException>(() => new JournalBench(directory));

        Assert.Contains("in use by another process; stop it or set another DataDirectory", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Snapshot(directory));
        first.Append([2]);
    });

    [Fact]
    public void A_damaged_node_or_instance_file_is_made_anew_and_the_segments_still_say_whose_they_are()
    {
        var disk = new MemoryDisk();
        WriteDirtyJournal(disk.Root);
        var instance = InstanceFile.Adopt(disk.Root, "abc123").InstanceId;
        disk.Flip("node", 30, 1);
        disk.Flip("instance", 30, 1);

        Assert.Throws<JournalNodeException>(() => new JournalBench(disk.Root, node: "node-b"));
        using var bench = new JournalBench(disk.Root);

        Assert.Equal("first", instance);
        Assert.Equal("abc123", InstanceFile.Adopt(disk.Root, "abc123").InstanceId);
        Assert.Equal("abc123", InstanceFile.Adopt(disk.Root, "def456").InstanceId);
    }

    [Fact]
    public void An_instance_is_made_once_and_remembers_its_last_starts() => StoreDirectories.OnEach(directory =>
    {
        var made = InstanceFile.Adopt(directory, "abc");
        Assert.Equal("abc", made.InstanceId);
        Assert.Empty(made.FormerStarts);
        for (var start = 1; start <= 10; start++) made.Record($"start{start}");

        var again = InstanceFile.Adopt(directory, "other");

        Assert.Equal("abc", again.InstanceId);
        Assert.Equal(["start10", "start9", "start8", "start7", "start6", "start5", "start4", "start3"], again.FormerStarts);
        Assert.Throws<ArgumentException>(() => again.Record("not an id\n"));
    });

    [Fact]
    public void An_instance_file_survives_a_power_cut_at_every_write_whole()
    {
        for (long cut = 0; cut < 12; cut++)
        {
            var disk = new MemoryDisk((int)cut);
            InstanceFile.Adopt(disk.Root, "abc").Record("start1");
            var at = disk.Operations + cut;
            disk.Fault = (number, _, _) => number == at ? DiskFault.PowerCut : DiskFault.None;
            try
            {
                InstanceFile.Adopt(disk.Root, "def").Record("start2");
            }
            catch (JournalException)
            {
            }
            disk.Fault = null;
            disk.Restart(tear: true);

            var again = InstanceFile.Adopt(disk.Root, "def");
            Assert.Equal("abc", again.InstanceId);
            Assert.Contains(string.Join(' ', again.FormerStarts), new[] { "start1", "start2 start1" });
        }
    }

    /// <summary>A journal with everything in it that a start would change: a torn tail, an empty and an unfinished file.</summary>
    private static void WriteDirtyJournal(StoreDirectory directory)
    {
        using (var bench = new JournalBench(directory))
        {
            for (var number = 1; number <= 20; number++) bench.Append(JournalBench.Payload(number, 700));
            bench.Journal.TrimTo(new JournalPosition(3));
        }
        InstanceFile.Adopt(directory, "first");
        directory.Replace("left.tmp.x", new byte[3]);
        directory.Rename("left.tmp.x", "left.tmp");
        var last = directory.List().Last(entry => entry.Name.EndsWith(".seg", StringComparison.Ordinal));
        directory.Replace(last.Name, directory.ReadAll(last.Name, 1 << 20), new byte[] { 1, 2, 3 });
    }

    private static void WriteSpool(StoreDirectory directory)
    {
        var spool = PostingSpool.Open(directory, new PostingSpoolOptions(), new SteppedTime());
        for (var number = 1; number <= 4; number++) spool.Write($"n-{number}", new byte[] { 1, 2, 3 });
        spool.Confirm("n-2");
        // Both would be changed by a start: set aside, deleted.
        directory.Replace("n-1.pending", new byte[20]);
        directory.Replace("left.tmp.x", new byte[3]);
        directory.Rename("left.tmp.x", "left.tmp");
    }

    private static void Newer(StoreDirectory directory, string file)
    {
        switch (file)
        {
            case "segment":
                var segment = new SegmentHeader("node-a", 1000, 999, 0).ToBytes();
                segment[8] = 2;
                BitConverter.TryWriteBytes(segment.AsSpan(124), Crc32C.Compute(segment.AsSpan(0, 124)));
                directory.Replace(SegmentName.Of(1000), segment);
                break;
            case "bookmark":
                var slots = directory.ReadAll("bookmark", 10_000);
                slots[8] = 2;
                BitConverter.TryWriteBytes(slots.AsSpan(32), Crc32C.Compute(slots.AsSpan(0, 32)));
                directory.Replace("bookmark", slots);
                break;
            default:
                var text = $"cost-attribution {file} 2\nwhatever a later version\nneeds\nto say\n";
                directory.Replace(file, Encoding.UTF8.GetBytes($"{text}{Crc32C.Compute(Encoding.UTF8.GetBytes(text)):x8}\n"));
                break;
        }
    }

    /// <summary>Every file with its bytes, but for the lock, which says nothing.</summary>
    private static List<string> Snapshot(StoreDirectory directory) => [.. directory.List()
        .Where(entry => entry.Name != "lock")
        .Select(entry => $"{entry.Name} {Convert.ToHexString(directory.ReadAll(entry.Name, 1 << 20))}")];
}
