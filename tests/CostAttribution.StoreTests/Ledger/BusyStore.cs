using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.StoreTests.Ledger;

/// <summary>A store on which other nodes do something at a bad moment.</summary>
internal sealed class BusyStore(IClickHouseTransport store) : IClickHouseTransport
{
    public string Database => store.Database;

    /// <summary>Query id of an insert that the server says is running.</summary>
    public string? Running { get; set; }

    /// <summary>What happens after a difference was measured.</summary>
    public Func<Task>? AfterMeasuring { get; set; }

    /// <summary>What happens, once, before rows are added.</summary>
    public Func<Task>? BeforeAdding { get; set; }

    public async Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel)
    {
        if (query.Sql.Contains("system.processes", StringComparison.Ordinal) && Running is { } running)
        {
            using var block = new OneText();
            block.Ids.Append(running);
            return block.ToInsert("none").NativeBlock.ToArray();
        }
        var answer = await store.QueryAsync(query, cancel);
        if (AfterMeasuring is { } after && query.Sql.Contains(RollupDifference.Columns.Split(", ")[^1], StringComparison.Ordinal)) await after();
        return answer;
    }

    public async Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel)
    {
        var before = BeforeAdding;
        BeforeAdding = null;
        if (before is not null) await before();
        await store.InsertAsync(insert, cancel);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class OneText : RowBlock
    {
        public OneText() : base("none") => Ids = Add("initial_query_id", Columns.String());

        public StringColumn Ids { get; }
    }
}
