using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Postings;
using CostAttribution.Testing.Filesystem;

namespace CostAttribution.UnitTests.Journal;

public sealed class PostingSpoolTests
{
    private static PostingSpool Open(StoreDirectory directory, SteppedTime? time = null, PostingSpoolOptions? options = null) =>
        PostingSpool.Open(directory, options ?? new PostingSpoolOptions(), time ?? new SteppedTime());

    [Fact]
    public void A_posting_is_pending_until_it_is_confirmed_also_across_a_restart() => StoreDirectories.OnEach(directory =>
    {
        var spool = Open(directory);
        spool.Write("n-2", new byte[] { 2, 2 });
        spool.Write("n-1", new byte[] { 1 });
        spool.Write("n-1", new byte[] { 1 });

        var again = Open(directory);
        Assert.Equal(["n-2", "n-1"], again.ListPending().Select(posting => posting.PostingId));
        Assert.Equal([2, 2], again.Read("n-2"));

        again.Confirm("n-2");
        again.Confirm("n-2");
        Assert.Equal(["n-1"], again.ListPending().Select(posting => posting.PostingId));
        var third = Open(directory);
        Assert.Equal(["n-2"], third.ListConfirmed().Select(posting => posting.PostingId));
        Assert.Equal([2, 2], third.Read("n-2"));

        third.Reopen("n-2");
        Assert.Equal(["n-2", "n-1"], Open(directory).ListPending().Select(posting => posting.PostingId));
    });

    [Fact]
    public void A_confirmation_whose_sync_fails_leaves_the_posting_readable()
    {
        var disk = new MemoryDisk();
        var spool = Open(disk.Root);
        spool.Write("n-1", new byte[] { 1 });
        disk.Fault = (_, operation, _) => operation == DiskOperation.SyncEntries ? DiskFault.Fail : DiskFault.None;
        Assert.Throws<JournalException>(() => spool.Confirm("n-1"));

        Assert.Equal([1], spool.Read("n-1"));
        disk.Fault = null;
        spool.Confirm("n-1");
        Assert.Empty(Open(disk.Root).ListPending());
    }

    [Fact]
    public void A_posting_that_a_start_has_found_outlives_a_power_cut()
    {
        var disk = new MemoryDisk();
        var spool = Open(disk.Root);
        disk.Fault = (_, operation, _) => operation == DiskOperation.SyncEntries ? DiskFault.Fail : DiskFault.None;
        Assert.Throws<JournalException>(() => spool.Write("n-1", new byte[] { 1 }));
        disk.Fault = null;
        disk.KillProcess();
        Assert.Single(Open(disk.Root).ListPending());

        disk.CutPower();
        disk.Restart(tear: false);
        Assert.Equal([1], Open(disk.Root).Read("n-1"));
    }

    [Fact]
    public void The_same_id_with_other_content_is_refused()
    {
        var spool = Open(new MemoryDisk().Root);
        spool.Write("n-1", new byte[] { 1 });

        Assert.Throws<JournalException>(() => spool.Write("n-1", new byte[] { 2 }));
        Assert.Equal([1], spool.Read("n-1"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    public void An_id_that_is_no_file_name_is_a_fault_of_the_caller(string id) =>
        Assert.Throws<ArgumentException>(() => Open(new MemoryDisk().Root).Write(id, new byte[] { 1 }));

    [Fact]
    public void Confirmed_postings_leave_by_age_and_by_size()
    {
        var time = new SteppedTime();
        var directory = new MemoryDisk().Root;
        var spool = Open(directory, time, new PostingSpoolOptions { ConfirmedBytesMax = 250 });
        for (var number = 1; number <= 4; number++)
        {
            spool.Write($"n-{number}", new byte[100]);
            spool.Confirm($"n-{number}");
        }
        Assert.Equal(["n-3", "n-4"], spool.ListConfirmed().Select(posting => posting.PostingId));

        time.Step(TimeSpan.FromMinutes(11));
        spool.Write("n-5", new byte[1]);
        spool.Confirm("n-5");
        Assert.Equal(["n-5"], spool.ListConfirmed().Select(posting => posting.PostingId));
        Assert.Equal(["n-5.confirmed"], directory.List().Select(entry => entry.Name));
    }

    [Fact]
    public void What_has_left_the_window_goes_also_when_nothing_is_confirmed()
    {
        var (disk, time) = (new MemoryDisk(), new SteppedTime());
        var spool = Open(disk.Root, time);
        spool.Write("n-1", new byte[100]);
        spool.Confirm("n-1");
        time.Step(TimeSpan.FromMinutes(9));
        spool.Prune(freeBytesMin: 0);
        Assert.Single(spool.ListConfirmed());

        time.Step(TimeSpan.FromMinutes(1));
        spool.Prune(freeBytesMin: 0);

        Assert.Empty(spool.ListConfirmed());
        Assert.Empty(disk.Root.List());
    }

    [Fact]
    public void On_a_short_disk_the_window_goes_oldest_first_as_far_as_needed_and_what_is_pending_stays()
    {
        var disk = new MemoryDisk();
        var spool = Open(disk.Root);
        spool.Write("n-1", new byte[1000]);
        spool.Divide("n-1");
        foreach (var id in new[] { "n-2", "n-3", "n-4" })
        {
            spool.Write(id, new byte[1000]);
            spool.Confirm(id);
        }
        spool.Write("n-5", new byte[1000]);
        disk.CapacityBytes = disk.UsedBytes;

        spool.Prune(freeBytesMin: 1500);

        Assert.Equal(["n-3", "n-4"], spool.ListConfirmed().Select(posting => posting.PostingId));
        Assert.Equal(["n-5"], spool.ListPending().Select(posting => posting.PostingId));
        Assert.Equal(3, disk.Root.List().Count);

        spool.Prune(freeBytesMin: 1 << 20);
        Assert.Equal(["n-5.pending"], disk.Root.List().Select(entry => entry.Name));
    }

    [Fact]
    public void Pending_postings_are_bounded()
    {
        var options = new PostingSpoolOptions { PostingBytesMax = 100, PendingBytesMax = 250 };
        var spool = Open(new MemoryDisk().Root, options: options);
        spool.Write("n-1", new byte[100]);
        spool.Write("n-2", new byte[100]);

        Assert.Throws<JournalFullException>(() => spool.Write("n-3", new byte[100]));
        spool.Confirm("n-1");
        spool.Write("n-3", new byte[100]);
    }

    [Fact]
    public void The_largest_posting_has_room_for_its_halves_beside_it()
    {
        var options = new PostingSpoolOptions { PostingBytesMax = 100, PendingBytesMax = 199 };

        Assert.Contains("must be at least twice PostingBytesMax", Assert.Single(options.Validate()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_written_posting_survives_a_power_cut_at_every_write_and_sync_whole_or_not_at_all()
    {
        var dry = new MemoryDisk();
        Work(dry, []);
        for (long cut = 0; cut < dry.Operations; cut++)
        {
            for (var seed = 1; seed <= 8; seed++)
            {
                var disk = new MemoryDisk(seed);
                var at = cut;
                disk.Fault = (number, _, _) => number == at ? DiskFault.PowerCut : DiskFault.None;
                var written = new Dictionary<string, bool>();
                Work(disk, written);
                disk.Fault = null;
                disk.Restart(tear: true);

                var spool = Open(disk.Root);
                var pending = spool.ListPending().Select(posting => posting.PostingId).ToList();
                var confirmed = spool.ListConfirmed().Select(posting => posting.PostingId).ToList();
                foreach (var (id, isConfirmed) in written)
                {
                    var isKept = confirmed.Contains(id) || (!isConfirmed && pending.Contains(id));
                    Assert.True(isKept, $"cut {cut}, seed {seed}: {id}");
                }
                foreach (var id in pending.Concat(confirmed)) Assert.Equal(Content(id), spool.Read(id));
                Assert.Empty(spool.DamagedFiles);
            }
        }
    }

    [Fact]
    public void A_posting_whose_write_failed_is_gone_before_another_one_is_kept()
    {
        for (long fail = 0; fail < 6; fail++)
        {
            var disk = new MemoryDisk();
            var spool = Open(disk.Root);
            var at = disk.Operations + fail;
            disk.Fault = (number, _, _) => number == at ? DiskFault.Fail : DiskFault.None;
            var failed = false;
            try
            {
                spool.Write("n-1", new byte[600]);
            }
            catch (JournalException)
            {
                failed = true;
            }
            disk.Fault = null;
            spool.Write("n-2", new byte[700]);
            disk.CutPower();
            disk.Restart(tear: true);

            Assert.Equal(failed ? ["n-2"] : ["n-1", "n-2"], Open(disk.Root).ListPending().Select(posting => posting.PostingId));
        }
    }

    [Fact]
    public void A_confirmation_that_failed_can_be_tried_again()
    {
        for (var kind = DiskOperation.Rename; kind <= DiskOperation.SyncEntries; kind += 2)
        {
            var disk = new MemoryDisk();
            var spool = Open(disk.Root);
            spool.Write("n-1", new byte[] { 1 });
            var failing = kind;
            disk.Fault = (_, operation, _) => operation == failing ? DiskFault.Fail : DiskFault.None;
            Assert.Throws<JournalException>(() => spool.Confirm("n-1"));
            disk.Fault = null;

            spool.Confirm("n-1");

            disk.CutPower();
            disk.Restart(tear: false);
            Assert.Equal("n-1", Open(disk.Root).ListConfirmed().Single().PostingId);
        }
    }

    [Fact]
    public void A_damaged_posting_is_set_aside_and_the_others_stay()
    {
        var disk = new MemoryDisk();
        var spool = Open(disk.Root);
        for (var number = 1; number <= 3; number++) spool.Write($"n-{number}", Content($"n-{number}"));
        disk.Flip("n-1.pending", 20, 1);
        disk.Flip("n-2.pending", 150, 1);

        var again = Open(disk.Root);
        Assert.Equal(["n-2", "n-3"], again.ListPending().Select(posting => posting.PostingId));
        Assert.Throws<JournalDamageException>(() => again.Read("n-2"));

        Assert.Equal(["n-3"], again.ListPending().Select(posting => posting.PostingId));
        Assert.Equal(Content("n-3"), again.Read("n-3"));
        Assert.Equal(["n-1.damaged", "n-2.damaged"], again.DamagedFiles);
    }

    private static byte[] Content(string id) => JournalBench.Payload(id[^1], 1500);

    private static void Work(MemoryDisk disk, Dictionary<string, bool> written)
    {
        try
        {
            var spool = Open(disk.Root);
            for (var number = 1; number <= 3; number++)
            {
                var id = $"n-{number}";
                spool.Write(id, Content(id));
                written[id] = false;
                if (number == 2) continue;
                spool.Confirm(id);
                written[id] = true;
            }
        }
        catch (JournalException)
        {
        }
    }
}
