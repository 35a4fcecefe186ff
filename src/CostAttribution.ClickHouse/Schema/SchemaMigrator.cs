using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Schema;

/// <summary>
/// Brings a database to the schema of this program. Safe to run again and from several nodes at once: every statement
/// changes nothing the second time, and a migration recorded twice counts once. Views may only change while no posting is in
/// doubt.
/// </summary>
public sealed class SchemaMigrator(IClickHouseTransport transport, string? cluster = null)
{
    private const string HistoryTable = """
        CREATE TABLE IF NOT EXISTS {{database}}.schema_migrations {{on_cluster}}
        (
            id UInt32,
            name String,
            checksum String,
            applied_at DateTime('UTC') DEFAULT now('UTC')
        )
        ENGINE = {{merge_tree}}
        ORDER BY id
        """;

    private readonly SchemaTarget target = new(transport.Database, cluster);

    /// <summary>
    /// Applies what is missing and returns how many migrations that were. Throws <see cref="SchemaException"/> when the database
    /// belongs to a newer program or a released migration has been altered.
    /// </summary>
    public Task<int> MigrateAsync(CancellationToken cancel) => MigrateAsync(Migration.All, cancel);

    internal async Task<int> MigrateAsync(IReadOnlyList<Migration> known, CancellationToken cancel)
    {
        await RunAsync("CREATE DATABASE IF NOT EXISTS {{database}} {{on_cluster}}", cancel);
        await RunAsync(HistoryTable, cancel);
        var applied = await AppliedAsync(cancel);
        Check(known, applied);

        var count = 0;
        foreach (var migration in known)
        {
            if (applied.ContainsKey(migration.Id)) continue;
            await RunAsync(migration.Template, cancel);
            await RecordAsync(migration, cancel);
            count++;
        }
        return count;
    }

    private void Check(IReadOnlyList<Migration> known, Dictionary<int, (string Name, string Checksum)> applied)
    {
        var newest = known.Count == 0 ? 0 : known[^1].Id;
        foreach (var (id, (name, checksum)) in applied)
        {
            var migration = known.FirstOrDefault(candidate => candidate.Id == id);
            if (migration is null)
            {
                throw new SchemaException(
                    $"database {transport.Database} has schema version {id} ({name}), this program knows up to {newest}: " +
                        $"run the newer program");
            }
            if (migration.Checksum != checksum)
            {
                throw new SchemaException(
                    $"schema version {id} ({migration.Name}) of database {transport.Database} was applied with another " +
                        $"text: use the program that created it");
            }
        }
    }

    private async Task<Dictionary<int, (string Name, string Checksum)>> AppliedAsync(CancellationToken cancel)
    {
        var query = new ClickHouseQuery(
            $"SELECT DISTINCT id, name, checksum FROM {SqlText.Identifier(transport.Database)}.schema_migrations ORDER BY id")
        {
            OutsideDatabase = true,
        };
        var applied = new Dictionary<int, (string, string)>();
        foreach (var block in await transport.ReadAsync(query, cancel))
        {
            var ids = block.Column<FixedWidthValues>("id");
            var names = block.Column<StringValues>("name");
            var checksums = block.Column<StringValues>("checksum");
            for (var i = 0; i < block.Rows; i++) applied[(int)ids.At<uint>(i)] = (names.At(i), checksums.At(i));
        }
        return applied;
    }

    private async Task RecordAsync(Migration migration, CancellationToken cancel) => await transport.QueryAsync(
        new ClickHouseQuery(
            $"INSERT INTO {SqlText.Identifier(transport.Database)}.schema_migrations (id, name, checksum) VALUES " +
            $"({SqlText.Number(migration.Id)}, {SqlText.String(migration.Name)}, {SqlText.String(migration.Checksum)})")
        {
            OutsideDatabase = true,
            Settings = new Dictionary<string, string> { ["async_insert"] = "0" },
        },
        cancel);

    private async Task RunAsync(string template, CancellationToken cancel) =>
        await transport.QueryAsync(new ClickHouseQuery(target.Render(template)) { OutsideDatabase = true }, cancel);
}
