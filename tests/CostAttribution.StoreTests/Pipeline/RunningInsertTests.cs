using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Schema;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Ingest;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal.Postings;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Filesystem;
using CostAttribution.Testing.Store;
using CostAttribution.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.StoreTests.Pipeline;

/// <summary>
/// An insert whose connection was cut goes on in the server. What it has not written yet must not be taken for missing.
/// </summary>
public sealed class RunningInsertTests(EngineFixture engine)
{
    private readonly ManualClock clock = new();
    private readonly PipelineMetrics metrics = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rows_that_a_server_is_still_writing_are_waited_for(bool afterARestart)
    {
        var database = engine.NewDatabase();
        await using var embedded = engine.Connect(TransportKind.Embedded, database);
        await new SchemaMigrator(embedded).MigrateAsync(Cancel);
        await using var front = await WritableHttpFront.StartAsync(engine.Engine);
        await using var proxy = await FaultProxy.StartAsync(front.Url, TimeProvider.System);
        await using var remote = new HttpTransport(new HttpTransportOptions
        {
            Url = proxy.Url, Database = database, User = "tester", Password = "secret",
        });
        var (half, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        front.HalfWay = () =>
        {
            half.TrySetResult();
            return go.Task;
        };
        var inserts = 0;
        proxy.Script = request => request.IsInsert && ++inserts == 1 ? StoreFault.CutWhileRunning : StoreFault.None;
        var disk = new MemoryDisk();
        var spool = PostingSpool.Open(disk.Root, new PostingSpoolOptions(), clock);
        var (delivery, pause) = Deliver(remote, spool);
        var posting = PostingRecoveryTests.Write();

        delivery.Send(posting);
        await StepAsync(delivery, pause, until: () => inserts == 1);
        await half.Task.WaitAsync(Cancel);
        if (afterARestart)
        {
            (delivery, pause) = Deliver(remote, PostingSpool.Open(disk.Root, new PostingSpoolOptions(), clock));
            delivery.Resume(posting);
        }
        var waits = 0;
        await StepAsync(delivery, pause, until: () => metrics.PostingTrouble.Contains("still runs", StringComparison.Ordinal) && ++waits > 5);
        Assert.Equal("5", await embedded.AskAsync("SELECT count() FROM cost_ledger"));
        Assert.Equal(1, inserts);
        Assert.Contains($"{database}/{posting.PostingId}/cost_ledger/", metrics.PostingTrouble, StringComparison.Ordinal);
        go.SetResult();
        await proxy.Unheard.WaitAsync(Cancel);
        await StepAsync(delivery, pause, until: () => delivery.IsDone);

        Assert.Equal(1, inserts);
        await PostingRecoveryTests.StandsOnceAsync(embedded);
    }

    [Theory]
    [InlineData(TransportKind.Embedded)]
    [InlineData(TransportKind.Http)]
    public async Task No_insert_runs_when_none_was_cut_off(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind);

        Assert.Null(await new RunningInserts(store).FindAsync("", Cancel));
    }

    private (PostingDelivery, RetryPause) Deliver(IClickHouseTransport store, PostingSpool spool)
    {
        var options = new PostingOptions();
        var pause = new RetryPause(clock, options);
        return (new PostingDelivery(store, spool, pause, options, metrics, NullLogger.Instance), pause);
    }

    private async Task StepAsync(PostingDelivery delivery, RetryPause pause, Func<bool> until)
    {
        for (var steps = 0; !until(); steps++)
        {
            Assert.True(steps < 50, metrics.PostingTrouble);
            if (!pause.IsOver) clock.Advance(pause.Left);
            await delivery.StepAsync(Cancel);
        }
    }
}
