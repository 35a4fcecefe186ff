using System.Diagnostics.Metrics;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.Server.Telemetry;

/// <summary>Times the inserts of the data plane on their way to the store.</summary>
internal sealed class MeteredStore : IClickHouseTransport
{
    private readonly Meter meter = new(SelfMeter.Name);
    private readonly Histogram<double> inserts;
    private readonly IClickHouseTransport store;
    private readonly TimeProvider clock;

    public MeteredStore(IClickHouseTransport store, TimeProvider clock)
    {
        this.store = store;
        this.clock = clock;
        inserts = meter.CreateHistogram<double>("cost_attribution.store.insert.duration", "s",
            "one insert of one table of a posting, by table and outcome",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
            });
    }

    public string Database => store.Database;

    public string? Cluster => store.Cluster;

    public Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel) => store.QueryAsync(query, cancel);

    public async Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var outcome = "unavailable";
        try
        {
            await store.InsertAsync(insert, cancel).ConfigureAwait(false);
            outcome = "ok";
        }
        catch (ClickHouseException)
        {
            outcome = "refused";
            throw;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            outcome = "cancelled";
            throw;
        }
        finally
        {
            inserts.Record(clock.GetElapsedTime(began).TotalSeconds, new("table", insert.Table), new("outcome", outcome));
        }
    }

    /// <summary>The store stays open: it is not this one's.</summary>
    public ValueTask DisposeAsync()
    {
        meter.Dispose();
        return ValueTask.CompletedTask;
    }
}
