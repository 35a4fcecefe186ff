using System.Diagnostics.Metrics;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Server.Telemetry;

namespace CostAttribution.UnitTests.Hosting;

/// <summary>How an insert ended is told as it was.</summary>
public sealed class MeteredStoreTests
{
    [Fact]
    public async Task An_insert_that_a_stop_cut_off_does_not_count_as_a_store_that_is_away()
    {
        var outcomes = new List<string>();
        using var listener = Listen("cancelled_table", outcomes);
        var faults = new Queue<Exception?>([null, new StoreUnavailableException("away"), new OperationCanceledException()]);
        await using var store = new MeteredStore(new ScriptedStore(faults), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var insert = new ClickHouseInsert("cancelled_table", ["one"], new byte[1], "t");

        await store.InsertAsync(insert, stop.Token);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.InsertAsync(insert, stop.Token));
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => store.InsertAsync(insert, stop.Token));

        Assert.Equal(["ok", "unavailable", "cancelled"], outcomes);
    }

    /// <summary>Inserts end as told, in this order; null is well.</summary>
    private sealed class ScriptedStore(Queue<Exception?> faults) : IClickHouseTransport
    {
        public string Database => "test";

        public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel) =>
            faults.Dequeue() is { } fault ? Task.FromException(fault) : Task.CompletedTask;

        public Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private static MeterListener Listen(string table, List<string> outcomes)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Name.EndsWith("store.insert.duration", StringComparison.Ordinal)) own.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            var byName = tags.ToArray().ToDictionary(tag => tag.Key, tag => (string?)tag.Value);
            if (byName["table"] == table) outcomes.Add(byName["outcome"]!);
        });
        listener.Start();
        return listener;
    }
}
