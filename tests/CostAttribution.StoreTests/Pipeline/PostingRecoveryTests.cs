using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Ingest;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Postings;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.StoreTests.Pipeline;

/// <summary>A posting that a process left behind in any state stands once, in the ledger and in the rollup, after the next start.</summary>
public sealed class PostingRecoveryTests(EngineFixture engine) : IDisposable
{
    private const string PostingId = "node-1-1";
    private const string Sums = "SELECT sum(entries), sum(calls), sum(cost) FROM cost_hourly UNION ALL " +
        "SELECT sum(toInt64(sign)), sum(toInt64(calls)), sum(cost) FROM cost_ledger";

    private readonly string directory = Directory.CreateTempSubdirectory("posting-recovery-").FullName;
    private readonly ManualClock clock = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_posting_that_never_arrived_is_sent()
    {
        await using var store = await engine.NewStoreAsync();
        await ResolveAsync(store, Write());

        await StandsOnceAsync(store);
    }

    [Fact]
    public async Task A_posting_that_arrived_whole_is_not_counted_again()
    {
        await using var store = await engine.NewStoreAsync();
        var posting = Write();
        await store.InsertAsync(posting.InsertOf(posting.Tables[0]), Cancel);
        await ResolveAsync(store, posting);

        await StandsOnceAsync(store);
    }

    [Fact]
    public async Task A_posting_that_reached_the_ledger_but_not_the_rollup_reaches_it()
    {
        await using var store = await engine.NewStoreAsync();
        var posting = Write();
        await store.AskAsync("ALTER TABLE cost_hourly ADD CONSTRAINT shut CHECK hour < toDateTime(0)");
        await Assert.ThrowsAsync<ClickHouseException>(() => store.InsertAsync(posting.InsertOf(posting.Tables[0]), Cancel));
        await store.AskAsync("ALTER TABLE cost_hourly DROP CONSTRAINT shut");
        Assert.Equal("10", await store.AskAsync("SELECT count() FROM cost_ledger"));
        Assert.Equal("0", await store.AskAsync("SELECT count() FROM cost_hourly"));

        await ResolveAsync(store, posting);

        await StandsOnceAsync(store);
    }

    private static async Task StandsOnceAsync(IClickHouseTransport store)
    {
        var sums = (await store.AskAsync(Sums)).Split('\n');
        Assert.Equal(sums[0], sums[1]);
        Assert.StartsWith("10\t", sums[0], StringComparison.Ordinal);
    }

    private static EncodedPosting Write()
    {
        using var block = new CostLedgerBlock();
        for (var i = 0; i < 10; i++) block.Append(LedgerEntries.Create(i, entry => entry.PostingId = PostingId));
        var insert = block.ToInsert("");
        return new EncodedPosting
        {
            PostingId = PostingId, LedgerRows = block.Rows, SpanFacts = 0,
            Tables = [new EncodedPosting.TableBlock(block.Table, [.. block.ColumnNames], block.Rows, insert.NativeBlock)],
        };
    }

    private async Task ResolveAsync(IClickHouseTransport store, EncodedPosting posting)
    {
        var spool = PostingSpool.Open(SystemDirectory.Open(directory), new PostingSpoolOptions(), clock);
        spool.Write(posting.PostingId, posting.ToBytes());
        var recovery = new PostingRecovery(store, spool, new LedgerReader(store), new PipelineMetrics(), NullLogger.Instance);
        await recovery.ResolveAsync(Cancel);
        Assert.Empty(spool.ListPending());
    }
}
