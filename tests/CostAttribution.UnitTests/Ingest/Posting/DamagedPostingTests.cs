using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.UnitTests.Hosting;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>
/// The file of a posting in doubt cannot be read: the journal still holds its traces, and they are posted as far as the store
/// lacks them.
/// </summary>
public sealed class DamagedPostingTests
{
    [Theory]
    [InlineData(0, 200)]
    [InlineData(0, 20)]
    [InlineData(1, 200)]
    [InlineData(2, 200)]
    [InlineData(3, 200)]
    public void What_a_damaged_posting_held_comes_back_from_the_journal(int tablesSent, long damagedByte)
    {
        var store = new MemoryStore();
        var log = new LogLines();
        using var rig = new PipelineRig(store) { Logger = log }.Start();
        var sent = 0;
        store.FailBefore = _ => sent++ < tablesSent ? null : new StoreUnavailableException("away");
        RefusedPostingTests.Offer(rig, 1, 5);
        rig.Pass(4);
        Assert.Equal(tablesSent == 3 ? 0 : 1, rig.Spool.ListPending().Count);
        var id = rig.Spool.ListPending().Concat(rig.Spool.ListConfirmed()).Single().PostingId;

        rig.Kill();
        store.FailBefore = _ => null;
        var file = rig.Disk.Root.Subdirectory("postings").List().Single(entry => entry.Name.StartsWith(id, StringComparison.Ordinal));
        rig.Disk.Flip($"postings/{file.Name}", damagedByte, 0x40);
        rig.Start();
        rig.Pass(90);

        RefusedPostingTests.StandOnce(store, [1, 2, 3, 4, 5]);
        Assert.Equal(5, store.Rows.Where(row => row.Table == "trace_facts").Select(row => row.TraceId).Distinct().Count());
        Assert.Empty(rig.Spool.ListPending());
        Assert.Equal(tablesSent == 3 ? 0 : 1, rig.Spool.DamagedFiles.Count);
        Assert.Equal(rig.Spool.DamagedFiles.Count,
            log.All.Count(line => line.Contains($"take them away: {id}.damaged", StringComparison.Ordinal)));
        Assert.Equal(6UL, rig.Journal.LowWaterMark.Sequence);
    }

    [Fact]
    public void A_correction_whose_posting_was_lost_half_way_is_posted_once()
    {
        var store = new MemoryStore();
        using var rig = new PipelineRig(store).Start();
        RefusedPostingTests.Offer(rig, 1, 2);
        rig.Pass(10);
        // The correction reaches the ledger, and its facts do not.
        store.FailBefore = insert => insert.Table == CostLedgerBlock.TableName ? null : new StoreUnavailableException("away");
        rig.Offer(TestSpan.Call(1, 2, 1, input: 5000).With("gen_ai.usage.cache_read.input_tokens", 100L), TestSpan.Call(1, 3, 1));
        rig.Pass(5);
        var id = rig.Spool.ListPending().Single().PostingId;

        rig.Kill();
        store.FailBefore = _ => null;
        rig.Disk.Flip($"postings/{id}.pending", 200, 1);
        rig.Start();
        rig.Pass(90);

        RefusedPostingTests.StandOnce(store, [1, 2], trace => trace == 1 ? 2 : 1);
        Assert.Equal(5, store.Ledger.Count());
        Assert.Equal(2, store.Rows.Count(row => row.Table == "trace_facts" && row.TraceId == RefusedPostingTests.Hex(1)));
    }
}
