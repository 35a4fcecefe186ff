using System.Globalization;
using CostAttribution.ClickHouse.Adjustments;
using CostAttribution.ClickHouse.Rates;
using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Ingest.Adjustments;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Rates;
using CostAttribution.Ingest.Repricing;
using CostAttribution.StoreTests.Auditing;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Pricing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.StoreTests.Adjustments;

/// <summary>A node that settles terms by a clock of its own, over the real pipeline and the real engine.</summary>
internal sealed class AdjustmentBench : IDisposable
{
    private readonly AuditRig rig;
    private int published;

    private AdjustmentBench(AuditRig rig, RateBookPublisher publisher, AdjustmentOptions options)
    {
        this.rig = rig;
        Publisher = publisher;
        Adjuster = new Adjuster(new AdjusterParts
        {
            Pipeline = rig.Pipeline, Store = rig.Store, Snapshots = rig.Snapshots, Options = options, NodeId = rig.Node,
            Clock = Clock, Logger = NullLogger.Instance,
        });
    }

    public RateBookPublisher Publisher { get; }
    public Adjuster Adjuster { get; }

    /// <summary>Ahead of the real time by as much as a test says.</summary>
    public ShiftedClock Clock { get; } = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<AdjustmentBench> StartAsync(AuditRig rig, string terms = "", AdjustmentOptions? options = null)
    {
        var publisher = new RateBookPublisher(new RateBookParts
        {
            Store = rig.Store, Files = [("test.yaml", TestRates.Yaml)], NodeId = rig.Node, Clock = TimeProvider.System,
        });
        var loaded = await publisher.LoadAsync(Cancel);
        publisher.Attach(rig.Snapshots);
        var pair = new CostingPair(loaded.Book!, rig.Snapshots.Current.Attribution);
        await rig.Snapshots.PublishAsync(pair, new SnapshotArchive(rig.Store), TimeProvider.System, Cancel);
        var bench = new AdjustmentBench(rig, publisher, options ?? new AdjustmentOptions());
        if (terms.Length > 0) await bench.PublishAsync(terms);
        return bench;
    }

    /// <summary>Publishes a file of one or more terms, each in braces; corrects those of the same id.</summary>
    public async Task PublishAsync(string terms, string rest = "")
    {
        var lines = terms.Length == 0 ? "" : "terms:\n" + string.Concat(terms.Split('\n').Select(term => $"  - {term}\n"));
        var told = await Publisher.PublishAsync([new RateFile($"terms{++published}.yaml", $"format: 1\nprovider: openai\n{rest}{lines}")],
            dryRun: false, Cancel);
        Assert.Empty(told.Faults);
    }

    public async Task<AdjustmentReport> RunAsync(AdjustmentRequest? request = null)
    {
        var report = await TryAsync(request);
        Assert.Equal((AdjustmentState.Completed, ""), (report.State, report.Failure));
        return report;
    }

    public async Task<AdjustmentReport> TryAsync(AdjustmentRequest? request = null) =>
        (await Adjuster.RunAsync(request ?? new AdjustmentRequest(), Cancel)).Report!;

    public Repricer Repricer() => new(new RepricerParts
    {
        Pipeline = rig.Pipeline, Store = rig.Store, Snapshots = rig.Snapshots, Publisher = Publisher, NodeId = rig.Node,
        Clock = TimeProvider.System, Logger = NullLogger.Instance,
    });

    public async Task<long> RowsAsync() =>
        long.Parse(await rig.Store.AskAsync("SELECT count() FROM cost_ledger WHERE cost_kind = 'adjustment'"), CultureInfo.InvariantCulture);

    /// <summary>Customer and net adjustment by each term, from the ledger and from the rollup, which must agree.</summary>
    public static async Task<string[]> LinesAsync(IClickHouseTransport store)
    {
        var rows = await store.AskAsync("SELECT customer_id, cost_item, toString(sum(cost)) FROM cost_ledger WHERE cost_kind = 'adjustment' "
            + "GROUP BY ALL HAVING sum(sign) != 0 ORDER BY ALL FORMAT CSV");
        Assert.Equal(await store.AskAsync("SELECT sum(cost), sum(list_cost), sum(sign) FROM cost_ledger WHERE cost_kind = 'adjustment'"),
            await store.AskAsync("SELECT sum(cost), sum(list_cost), sum(entries) FROM cost_hourly WHERE cost_kind = 'adjustment'"));
        return rows.Length == 0 ? [] : [.. rows.Split('\n').Select(row => row.Replace("\"", "", StringComparison.Ordinal))];
    }

    public void Dispose()
    {
        Adjuster.Dispose();
        Publisher.Dispose();
    }

    internal sealed class ShiftedClock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        /// <summary>Called whenever the time is read.</summary>
        public Action OnRead { get; set; } = static () => { };

        public override DateTimeOffset GetUtcNow()
        {
            OnRead();
            return System.GetUtcNow() + Ahead;
        }
    }
}
