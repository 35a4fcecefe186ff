using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Embedded;

/// <summary>
/// The transport to one database of the embedded engine. Safe for concurrent use; statements queue for the engine's lanes.
/// </summary>
public sealed class ChdbTransport : IClickHouseTransport
{
    private readonly ChdbEngine engine;

    internal ChdbTransport(ChdbEngine engine, string database)
    {
        this.engine = engine;
        Database = database;
    }

    public string Database { get; }

    public Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel) => engine.QueryLanes.RunAsync(
        session => session.With(query.OutsideDatabase ? null : Database, query.Settings,
            connection => connection.Query(query.Sql, query.Format, query.Parameters).Bytes),
        cancel);

    public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel) => engine.InsertLanes.RunAsync(
        session =>
        {
            try
            {
                session.Use(Database).Insert(InsertSettings.Into(insert, InsertSettings.Clause(insert.DeduplicationToken)),
                    insert.NativeBlock.Span);
                return true;
            }
            catch (ClickHouseException error)
            {
                throw ClickHouseErrors.OfInsert(error);
            }
        },
        cancel);

    /// <summary>Nothing to release: the engine owns the sessions.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
