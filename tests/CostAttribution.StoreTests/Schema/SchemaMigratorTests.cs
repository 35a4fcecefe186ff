using CostAttribution.ClickHouse.Schema;
using CostAttribution.StoreTests.Engine;
using CostAttribution.StoreTests.Pipeline;

namespace CostAttribution.StoreTests.Schema;

public sealed class SchemaMigratorTests(EngineFixture engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task Migrating_again_changes_nothing(TransportKind kind)
    {
        await using var store = engine.Connect(kind, engine.NewDatabase());
        var migrator = new SchemaMigrator(store);

        Assert.Equal(Migration.All.Count, await migrator.MigrateAsync(Cancel));
        Assert.Equal(0, await migrator.MigrateAsync(Cancel));
        Assert.Equal("adjustments audits cost_hourly cost_hourly_feed cost_ledger costing_snapshots nodes rate_documents repricings " +
            "run_segments schema_migrations service_state spans trace_facts trace_topics " +
            "unattributed_cost unpriced_usage usage_excess workflow_runs",
            await store.AskAsync("SELECT arrayStringConcat(arraySort(groupArray(name)), ' ') FROM system.tables WHERE " +
                "database = currentDatabase()"));
    }

    [Fact]
    public async Task Two_nodes_may_migrate_at_once()
    {
        var database = engine.NewDatabase();
        var stores = Enumerable.Range(0, 3).Select(_ => engine.Connect(TransportKind.Embedded, database)).ToArray();

        await Task.WhenAll(stores.Select(store => new SchemaMigrator(store).MigrateAsync(Cancel)));

        Assert.Equal(0, await new SchemaMigrator(stores[0]).MigrateAsync(Cancel));
    }

    [Fact]
    public async Task A_schema_of_a_newer_program_is_refused()
    {
        await using var store = await engine.NewStoreAsync();
        var newer = new Migration(9999, "from_the_future", "SELECT 1");
        await new SchemaMigrator(store).MigrateAsync([.. Migration.All, newer], Cancel);

        var error = await Assert.ThrowsAsync<SchemaException>(() => new SchemaMigrator(store).MigrateAsync(Cancel));

        Assert.Contains("9999 (from_the_future)", error.Message, StringComparison.Ordinal);
        Assert.Contains("run the newer program", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_released_migration_must_not_change()
    {
        await using var store = await engine.NewStoreAsync();
        var altered = Migration.All.Select(migration => migration.Id == 1
            ? migration with { Template = migration.Template + " -- altered" } : migration);

        var error = await Assert.ThrowsAsync<SchemaException>(() => new SchemaMigrator(store)
            .MigrateAsync([.. altered.Select(Fresh)], Cancel));

        Assert.Contains("schema version 1", error.Message, StringComparison.Ordinal);

        static Migration Fresh(Migration migration) => new(migration.Id, migration.Name, migration.Template);
    }

    [Fact]
    public void A_cluster_gets_replicated_tables_on_every_node()
    {
        var target = new SchemaTarget("d", "main");

        var texts = Migration.All.Select(migration => target.Render(migration.Template)).ToArray();

        Assert.All(texts, text => Assert.Contains("ON CLUSTER `main`", text, StringComparison.Ordinal));
        Assert.Contains(texts, text => text.Contains(
            "ReplicatedAggregatingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')", StringComparison.Ordinal));
        Assert.DoesNotContain(texts, text => text.Contains("non_replicated", StringComparison.Ordinal));
    }

    [Fact]
    public void A_cluster_that_was_created_without_a_window_in_seconds_gets_one_for_every_table_that_has_a_window()
    {
        var target = new SchemaTarget("d", "main");
        var created = Migration.All.Where(migration => migration.Template.Contains("SETTINGS {{deduplication_window}}", StringComparison.Ordinal));

        var altered = Migration.All.Where(migration => migration.Template.Contains("MODIFY SETTING", StringComparison.Ordinal))
            .Select(migration => string.Join(' ', Lines(target.Render(migration.Template)))).ToArray();

        Assert.Equal(created.Select(migration => $"ALTER TABLE `d`.{migration.Name} ON CLUSTER `main` MODIFY SETTING "
            + $"replicated_deduplication_window_seconds = 604800, replicated_deduplication_window = {WindowOf(migration)}").Order(), altered.Order());

        static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.TrimEntries).Where(line => !line.StartsWith("--"));
        static string WindowOf(Migration migration) =>
            migration.Template[(migration.Template.IndexOf("window}} = ", StringComparison.Ordinal) + 11)..].Split(',', '\n')[0];
    }

    [Fact]
    public async Task The_windows_of_older_tables_are_set_and_what_they_remember_is_kept()
    {
        await using var store = await engine.NewStoreAsync(migrate: false);
        Migration[] older = [.. Migration.All.Where(migration => !migration.Template.Contains("MODIFY SETTING", StringComparison.Ordinal))];
        await new SchemaMigrator(store).MigrateAsync(older, Cancel);
        await SendAsync();

        Assert.Equal(Migration.All.Count - older.Length, await new SchemaMigrator(store).MigrateAsync(Cancel));

        foreach (var migration in Migration.All.Except(older).Where(next => next.Name.EndsWith("_window", StringComparison.Ordinal)))
        {
            var table = migration.Name.Replace("_window", "", StringComparison.Ordinal);
            Assert.Matches("non_replicated_deduplication_window = 10+", await store.AskAsync($"SHOW CREATE TABLE {table}"));
        }
        await SendAsync();
        Assert.Equal("10\t10", await store.AskAsync("SELECT count(), (SELECT sum(entries) FROM cost_hourly) FROM cost_ledger"));

        async Task SendAsync()
        {
            var posting = PostingRecoveryTests.Write();
            await store.InsertAsync(posting.InsertOf(posting.Tables[0]), Cancel);
        }
    }

    [Fact]
    public void Migrations_have_numbers_of_their_own() =>
        Assert.Distinct(Migration.All.Select(migration => migration.Id));

    [Fact]
    public async Task The_embedded_tables_are_durable_when_an_insert_returns()
    {
        await using var store = await engine.NewStoreAsync();

        Assert.Equal("fsync_after_insert 1, fsync_part_directory 1, min_rows_to_fsync_after_merge 1", await store.AskAsync(
            "SELECT arrayStringConcat(arraySort(groupArray(concat(name, ' ', value))), ', ') FROM system.merge_tree_settings " +
            "WHERE name IN ('fsync_after_insert', 'fsync_part_directory', 'min_rows_to_fsync_after_merge')"));
    }
}
