using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Ledger;
using CostAttribution.Ingest;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Postings;
using CostAttribution.StoreTests.Engine;
using CostAttribution.StoreTests.Ledger;
using CostAttribution.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.StoreTests.Pipeline;

/// <summary>
/// A posting that a process left behind in any state stands once, in the ledger and in the rollup, after the next start: also
/// where deduplication tokens fail and where the store has lost what it had confirmed.
/// </summary>
public sealed class PostingRecoveryTests(EngineFixture engine) : IDisposable
{
    private const string PostingId = "node-1-1";

    private readonly string directory = Directory.CreateTempSubdirectory("posting-recovery-").FullName;
    private readonly ManualClock clock = new(DateTimeOffset.FromUnixTimeMilliseconds(LedgerEntries.BaseMicros / 1000 + 6_000));

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
        await SendAsync(store, posting);
        await ResolveAsync(store, posting);

        await StandsOnceAsync(store);
    }

    [Fact]
    public async Task A_posting_that_reached_the_ledger_but_not_the_rollup_reaches_it()
    {
        await using var store = await engine.NewStoreAsync();
        var posting = Write();
        await store.RunAsync("ALTER TABLE cost_hourly ADD CONSTRAINT shut CHECK hour < toDateTime(0)");
        await Assert.ThrowsAsync<ClickHouseException>(() => SendAsync(store, posting));
        await store.RunAsync("ALTER TABLE cost_hourly DROP CONSTRAINT shut");
        Assert.Equal("10", await store.AskAsync("SELECT count() FROM cost_ledger"));
        Assert.Equal("0", await store.AskAsync("SELECT count() FROM cost_hourly"));

        await ResolveAsync(store, posting);

        await StandsOnceAsync(store);
    }

    [Fact]
    public async Task Blocks_of_another_size_are_completed_to_the_row()
    {
        await using var store = await engine.NewStoreAsync();
        var posting = Write();
        // The same rows, cut in two by someone who does not keep blocks whole; the second half never came.
        var content = new PostingContent(posting);
        var half = posting.InsertOf(content.Cut(0, [0, 1, 2, 3, 4])) with { DeduplicationToken = "other" };
        await store.InsertAsync(half, Cancel);

        await ResolveAsync(store, posting);

        await StandsOnceAsync(store);
    }

    [Fact]
    public async Task A_token_that_has_left_the_window_does_not_double_a_posting()
    {
        await using var store = await engine.NewStoreAsync();
        foreach (var table in new[] { "cost_ledger", "cost_hourly" })
            await store.RunAsync($"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 1");
        var posting = Write();
        await SendAsync(store, posting);
        await SendAsync(store, Write("node-1-2", from: 100));
        await SendAsync(store, Write("node-1-3", from: 200));

        await ResolveAsync(store, posting);

        await StandsOnceAsync(store, rows: 30);
        // The premise: by the token alone the posting would have been counted twice.
        await SendAsync(store, posting);
        Assert.Equal("40", await store.AskAsync("SELECT count() FROM cost_ledger"));
    }

    [Fact]
    public async Task An_answer_lost_in_the_running_process_does_not_double_a_posting_whose_token_has_left_the_window()
    {
        await using var store = await engine.NewStoreAsync();
        foreach (var table in new[] { "cost_ledger", "cost_hourly" })
            await store.RunAsync($"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = 1");
        var cut = new CutConnection(store, async () =>
        {
            await SendAsync(store, Write("other-1-2", from: 100));
            await SendAsync(store, Write("other-1-3", from: 200));
        });
        var (options, metrics) = (new PostingOptions(), new PipelineMetrics());
        var pause = new RetryPause(clock, options);
        var delivery = new PostingDelivery(cut, Open(), pause, options, metrics, NullLogger.Instance);

        delivery.Send(Write());
        for (var steps = 0; !delivery.IsDone; steps++)
        {
            Assert.True(steps < 50, metrics.PostingTrouble);
            if (!pause.IsOver) clock.Advance(pause.Left);
            await delivery.StepAsync(Cancel);
        }

        Assert.True(cut.WasCut);
        await StandsOnceAsync(store, rows: 30);
    }

    [Fact]
    public async Task A_view_added_in_between_does_not_double_a_posting()
    {
        await using var store = await engine.NewStoreAsync();
        var posting = Write();
        await SendAsync(store, posting);
        await store.RunAsync("CREATE TABLE extra (customer_id String, rows UInt64) ENGINE = MergeTree ORDER BY customer_id");
        await store.RunAsync("CREATE MATERIALIZED VIEW extra_feed TO extra AS " +
            "SELECT customer_id, count() AS rows FROM cost_ledger GROUP BY customer_id");

        await ResolveAsync(store, posting);

        await StandsOnceAsync(store);
        Assert.Equal("0", await store.AskAsync("SELECT sum(rows) FROM extra"));
    }

    [Fact]
    public async Task A_posting_over_several_partitions_of_which_one_is_lost_is_completed()
    {
        await using var store = await engine.NewStoreAsync();
        var posting = Write(change: (entry, i) => entry.EventTimeMicros += i % 3 * 40L * 86_400_000_000);
        await SendAsync(store, posting);
        var months = (await store.AskAsync("SELECT DISTINCT toYYYYMM(event_time) AS month FROM cost_ledger ORDER BY month"))
            .Split('\n');
        Assert.Equal(3, months.Length);
        await store.RunAsync($"ALTER TABLE cost_ledger DROP PARTITION {months[1]}");

        await ResolveAsync(store, posting);

        await StandsOnceAsync(store);
    }

    [Fact]
    public async Task A_failing_view_of_an_operator_stops_no_posting()
    {
        await using var store = await engine.NewStoreAsync();
        await store.RunAsync("CREATE TABLE extra (customer_id String, n UInt8) ENGINE = MergeTree ORDER BY customer_id");
        await store.RunAsync("CREATE MATERIALIZED VIEW a_broken_feed TO extra AS " +
            "SELECT customer_id, throwIf(1, 'broken') AS n FROM cost_ledger");
        var posting = Write();
        await Assert.ThrowsAsync<ClickHouseException>(() => SendAsync(store, posting));

        await ResolveAsync(store, posting);
        await StandsOnceAsync(store);

        await store.RunAsync("DROP VIEW a_broken_feed");
        await ResolveAsync(store, Write("node-1-2", from: 100));
        await StandsOnceAsync(store, rows: 20);
    }

    [Fact]
    public async Task Rows_that_a_confirmed_posting_has_lost_come_back_also_when_their_token_is_remembered()
    {
        await using var store = await engine.NewStoreAsync();
        await ResolveAsync(store, Write());
        await ResolveAsync(store, Write("node-1-2", from: 100));
        // As if the part had not been synced: the rows are gone, the tokens and the rollup are not.
        await store.RunAsync("ALTER TABLE cost_ledger DROP PARTITION ID '" +
            await store.AskAsync("SELECT DISTINCT partition_id FROM system.parts WHERE database = currentDatabase() " +
                "AND table = 'cost_ledger' AND active") + "'");
        Assert.Equal("0", await store.AskAsync("SELECT count() FROM cost_ledger"));

        await RecoverAsync(store);

        await StandsOnceAsync(store, rows: 20);
    }

    [Fact]
    public async Task A_part_that_the_rollup_has_lost_is_added_again()
    {
        await using var store = await engine.NewStoreAsync();
        await ResolveAsync(store, Write());
        await store.RunAsync("TRUNCATE TABLE cost_hourly");

        await RecoverAsync(store);
        await RecoverAsync(store);

        await StandsOnceAsync(store);
    }

    /// <summary>Loses the answer to the first insert; others write before the next attempt.</summary>
    private sealed class CutConnection(IClickHouseTransport store, Func<Task> meanwhile) : IClickHouseTransport
    {
        public bool WasCut { get; private set; }

        public string Database => store.Database;

        public async Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel)
        {
            await store.InsertAsync(insert, cancel);
            if (WasCut) return;
            WasCut = true;
            await meanwhile();
            throw new StoreUnavailableException("the answer was lost");
        }

        public Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel) => store.QueryAsync(query, cancel);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    internal static async Task StandsOnceAsync(IClickHouseTransport store, int rows = 10)
    {
        Assert.Equal($"{rows}\t{rows}", await store.AskAsync("SELECT count(), uniqExact(entry_id) FROM cost_ledger"));
        await RollupRepairTests.RollupEqualsLedgerAsync(store);
    }

    private static async Task SendAsync(IClickHouseTransport store, EncodedPosting posting)
    {
        foreach (var table in posting.Tables) await store.InsertAsync(posting.InsertOf(table), Cancel);
    }

    internal static EncodedPosting Write(string id = PostingId, int from = 0, Action<LedgerEntry, int>? change = null)
    {
        using var block = new CostLedgerBlock();
        for (var i = from; i < from + 10; i++)
        {
            block.Append(LedgerEntries.Create(i, entry =>
            {
                entry.PostingId = id;
                change?.Invoke(entry, i);
            }));
        }
        var insert = block.ToInsert("");
        return new EncodedPosting
        {
            PostingId = id, LedgerRows = block.Rows, SpanFacts = 0,
            Tables = [new EncodedPosting.TableBlock(block.Table, [.. block.ColumnNames], block.Rows, insert.NativeBlock)],
        };
    }

    /// <summary>The posting was kept and its outcome is unknown; then a new process starts.</summary>
    private async Task ResolveAsync(IClickHouseTransport store, EncodedPosting posting)
    {
        Open().Write(posting.PostingId, posting.ToBytes());
        await RecoverAsync(store);
        Assert.Contains(Open().ListConfirmed(), confirmed => confirmed.PostingId == posting.PostingId);
    }

    private async Task RecoverAsync(IClickHouseTransport store)
    {
        var spool = Open();
        var options = new PostingOptions();
        var metrics = new PipelineMetrics();
        var recovery = new PostingRecovery(store, spool, new RetryPause(clock, options), options, metrics, NullLogger.Instance);
        for (var attempts = 0; !await recovery.TryResolveAsync(Cancel); attempts++)
        {
            Assert.True(attempts < 20, metrics.PostingTrouble);
            clock.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.Empty(spool.ListPending());
        Assert.Equal(0, spool.Refused().Files);
    }

    private PostingSpool Open() => PostingSpool.Open(SystemDirectory.Open(directory),
        new PostingSpoolOptions { ConfirmedAge = TimeSpan.FromDays(1) }, clock);
}
