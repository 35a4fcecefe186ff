using CostAttribution.ClickHouse.Schema;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Schema;

/// <summary>A migration that was cut off anywhere is completed by the next start, on the real engine.</summary>
public sealed class InterruptedMigrationTests(EngineFixture engine)
{
    private const string Shape = """
        SELECT (SELECT groupArray(concat(table, '.', name, ' ', type)) FROM
                (SELECT * FROM system.columns WHERE database = currentDatabase() ORDER BY table, name)),
            (SELECT groupArray(concat(name, ' ', engine, ' ', sorting_key)) FROM
                (SELECT * FROM system.tables WHERE database = currentDatabase() ORDER BY name)),
            (SELECT groupArray(concat(toString(id), name, checksum)) FROM (SELECT DISTINCT id, name, checksum
                FROM schema_migrations ORDER BY id))
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_start_that_was_cut_off_before_or_after_any_statement_is_completed_by_the_next()
    {
        await using var whole = await engine.NewStoreAsync();
        var expected = await whole.AskAsync(Shape);
        var statements = 0;
        await using (var counted = new CutTransport(engine.Connect(TransportKind.Embedded, engine.NewDatabase())))
        {
            await new SchemaMigrator(counted).MigrateAsync(Cancel);
            statements = counted.Statements;
        }
        Assert.True(statements >= 2 * Migration.All.Count);

        for (var cut = 1; cut <= statements; cut++)
        {
            await using var store = new CutTransport(engine.Connect(TransportKind.Embedded, engine.NewDatabase()));
            store.CutAt = cut;
            store.IsApplied = cut % 2 == 0;
            await Assert.ThrowsAsync<StoreUnavailableException>(() => new SchemaMigrator(store).MigrateAsync(Cancel));
            store.CutAt = 0;

            await new SchemaMigrator(store).MigrateAsync(Cancel);

            Assert.Equal(expected, await store.AskAsync(Shape));
            Assert.Equal(0, await new SchemaMigrator(store).MigrateAsync(Cancel));
        }
    }

    [Fact]
    public async Task A_schema_that_is_refused_is_left_as_it_is()
    {
        await using var store = await engine.NewStoreAsync();
        await new SchemaMigrator(store).MigrateAsync([.. Migration.All, new Migration(9999, "from_the_future", "SELECT 1")], Cancel);
        var before = await store.AskAsync(Shape);
        var older = Migration.All.Take(Migration.All.Count - 2).Append(new Migration(8888, "of_its_own", "CREATE TABLE own (x UInt8) ENGINE = Memory"));

        await Assert.ThrowsAsync<SchemaException>(() => new SchemaMigrator(store).MigrateAsync([.. older], Cancel));

        Assert.Equal(before, await store.AskAsync(Shape));
    }

    /// <summary>Fails one statement, before it runs or after, as a cut connection or a killed process would.</summary>
    private sealed class CutTransport(IClickHouseTransport inner) : IClickHouseTransport
    {
        public int CutAt { get; set; }
        public bool IsApplied { get; set; }
        public int Statements { get; private set; }
        public string Database => inner.Database;

        public async Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel)
        {
            var isCut = ++Statements == CutAt;
            if (isCut && !IsApplied) throw new StoreUnavailableException("cut before");
            var answer = await inner.QueryAsync(query, cancel);
            return isCut ? throw new StoreUnavailableException("cut after") : answer;
        }

        public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel) => inner.InsertAsync(insert, cancel);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
