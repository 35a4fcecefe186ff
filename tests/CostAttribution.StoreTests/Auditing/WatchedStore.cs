using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.StoreTests.Auditing;

/// <summary>The engine, with a test that is told of every call before it is made and may fail it.</summary>
internal sealed class WatchedStore(IClickHouseTransport store) : IClickHouseTransport
{
    public Action<string> OnQuery { get; set; } = static _ => { };

    /// <summary>What is asked instead.</summary>
    public Func<ClickHouseQuery, ClickHouseQuery> Instead { get; set; } = static query => query;

    public Action<ClickHouseInsert> OnInsert { get; set; } = static _ => { };

    public string Database => store.Database;

    public Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel)
    {
        OnQuery(query.Sql);
        cancel.ThrowIfCancellationRequested();
        return store.QueryAsync(Instead(query), cancel);
    }

    public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel)
    {
        try
        {
            OnInsert(insert);
        }
        catch (ClickHouseException refusal)
        {
            return Task.FromException(refusal);
        }
        return store.InsertAsync(insert, cancel);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
