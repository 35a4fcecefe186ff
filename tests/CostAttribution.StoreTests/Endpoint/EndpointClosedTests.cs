using CostAttribution.ClickHouse.Endpoint;
using CostAttribution.StoreTests.Engine;
using CostAttribution.StoreTests.Ledger;

namespace CostAttribution.StoreTests.Endpoint;

/// <summary>The endpoint is for reading the product's tables. Everything else is tried here.</summary>
public sealed class EndpointClosedTests(EngineFixture engine, SharedEndpoint shared) : IClassFixture<SharedEndpoint>
{
    public static TheoryData<string> RefusedQueries =>
    [
        "SELECT file('{secret}')",
        "SELECT FILE('{secret}')",
        "SELECT `file`('{secret}')",
        "SELECT \"file\"('{secret}')",
        "SELECT /* x */ file /* y */ ('{secret}')",
        "SELECT * FROM file('{secret}', 'LineAsString')",
        "SELECT * FROM (SELECT * FROM file('{secret}', 'LineAsString'))",
        "WITH x AS (SELECT file('{secret}') AS a) SELECT a FROM x",
        "WITH file('{secret}') AS a SELECT a",
        "SELECT arrayMap(x -> file(x), ['{secret}'])",
        "SELECT arrayMap(file, ['{secret}'])",
        "SELECT arrayMap(`file`, ['{secret}'])",
        "SELECT arrayFold(file, ['{secret}'], '')",
        "SELECT ['{secret}'] AS a, * APPLY(file) FROM (SELECT '{secret}')",
        "SELECT * APPLY(x -> file(x)) FROM (SELECT '{secret}')",
        "SELECT COLUMNS('.*') APPLY(file) FROM (SELECT '{secret}')",
        "SELECT * REPLACE(file('{secret}') AS dummy) FROM system.one",
        "SELECT 1 ORDER BY file('{secret}')",
        "SELECT 1 WHERE file('{secret}') != ''",
        "SELECT 1 LIMIT length(file('{secret}'))",
        "SELECT sum(1) OVER (ORDER BY file('{secret}'))",
        "EXPLAIN SELECT file('{secret}')",
        "EXPLAIN SYNTAX SELECT file('{secret}')",
        "EXPLAIN PLAN SELECT * FROM file('{secret}', 'LineAsString')",
        "DESCRIBE file('{secret}', 'LineAsString')",
        "DESCRIBE (SELECT file('{secret}'))",
        "DESC TABLE file('{secret}')",
        "SELECT 1 INTO OUTFILE '{target}'",
        "SELECT 1 INTO/**/OUTFILE '{target}' FORMAT CSV",
        "SELECT 1 INTO\nOUTFILE '{target}' TRUNCATE",
        "(SELECT 1) INTO OUTFILE '{target}'",
        "EXPLAIN SELECT 1 INTO OUTFILE '{target}'",
        "SHOW TABLES INTO OUTFILE '{target}'",
        "INSERT INTO FUNCTION file('{target}', 'CSV', 'a Int8') VALUES (1)",
        "INSERT INTO cost_ledger FROM INFILE '{secret}' FORMAT CSV",
        "INSERT INTO cost_ledger (cost) VALUES (1)",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM s3('http://127.0.0.1:1/b/k', 'CSV')",
        "SELECT * FROM remote('127.0.0.1', 'system', 'one')",
        "SELECT * FROM cluster('default', 'system', 'one')",
        "SELECT * FROM executable('cat', 'TSV', 'a String')",
        "SELECT * FROM input('a Int8')",
        "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
        "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
        "SELECT * FROM sqlite('{secret}', 't')",
        "SELECT * FROM fileCluster('default', '{secret}', 'LineAsString')",
        "SELECT * FROM merge('system', '.*')",
        "SELECT * FROM dictionary('d')",
        "SELECT * FROM eval('SELECT 1')",
        "SELECT * FROM view(SELECT file('{secret}'))",
        "SELECT * FROM loop(system.one)",
        "SELECT * FROM viewIfPermitted(SELECT 1 ELSE null('a Int8'))",
        "SELECT * FROM mergeTreeIndex(currentDatabase(), 'cost_ledger')",
        "SELECT * FROM deltaLakeLocal('/etc')",
        "SELECT * FROM filesystem('/etc')",
        "SELECT * FROM format(LineAsString, 'x')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM `{secret}`",
        "SELECT 1; SELECT 2",
        "SELECT 1;; DROP TABLE cost_ledger",
        "SELECT 1 PARALLEL WITH SELECT 2",
        "SET readonly = 0",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT 1 SETTINGS max_execution_time = 100000",
        "SELECT 1 SETTINGS max_memory_usage = 0",
        "SELECT * FROM (SELECT 1 SETTINGS max_threads = 64)",
        "WITH x AS (SELECT 1 SETTINGS readonly = 0) SELECT * FROM x",
        "SELECT 1 IN (SELECT 1 SETTINGS max_memory_usage = 0)",
        "SELECT (SELECT 1 SETTINGS max_execution_time = 0)",
        "USE system",
        "CREATE TABLE x (a Int8) ENGINE = Memory",
        "CREATE TEMPORARY TABLE x (a Int8)",
        "CREATE FUNCTION f AS (x) -> x",
        "DROP TABLE cost_ledger",
        "TRUNCATE TABLE cost_ledger",
        "ALTER TABLE cost_ledger DELETE WHERE 1",
        "OPTIMIZE TABLE cost_ledger",
        "RENAME TABLE cost_ledger TO x",
        "ATTACH TABLE x",
        "DETACH TABLE cost_ledger",
        "SYSTEM SHUTDOWN",
        "SYSTEM DROP MARK CACHE",
        "KILL QUERY WHERE 1",
        "BACKUP DATABASE default TO File('{target}')",
        "RESTORE DATABASE default FROM File('{secret}')",
        "GRANT ALL ON *.* TO default",
        "SHOW PROCESSLIST",
        "SHOW GRANTS",
        "SHOW SETTINGS LIKE '%'",
        "SHOW CLUSTERS",
        "SELECT * FROM system.processes",
        "SELECT * FROM system.query_log",
        "SELECT * FROM system.disks",
        "SELECT * FROM system.parts",
        "SELECT * FROM system.server_settings",
        "SELECT * FROM system.settings",
        "SELECT * FROM system.user_directories",
        "SELECT * FROM system.environment",
        "SELECT * FROM `system`.`processes`",
        "SELECT * FROM \"system\".\"processes\"",
        "SELECT 1 IN system.processes",
        "SELECT 'x' IN (system.processes)",
        "SELECT 1 FROM system.one JOIN system.processes ON 1",
        "SELECT 1 FROM system.one, system.processes",
        "SELECT (SELECT count() FROM system.processes)",
        "SELECT * FROM {other}.secrets",
        "DESCRIBE TABLE {other}.secrets",
        "SHOW CREATE TABLE {other}.secrets",
        "EXISTS TABLE {other}.secrets",
        "SELECT 1 IN {other}.secrets",
        "SELECT joinGet('system.processes', 'query', 1)",
        "SELECT dictGet('d', 'a', 1)",
        "SELECT sleep(3)",
        "SELECT sleepEachRow(0.1)",
        "SELECT catboostEvaluate('{secret}', 1)",
        "SELECT hostName()",
        "SELECT getServerSetting('path')",
        "SELECT aiGenerate('x')",
        "SELECT {t:Identifier}.a FROM {t:Identifier}",
        "SELECT `a\\nb` FROM system.one",
        "SELECT $$x$$",
        "SELECT 'unclosed",
        "SELECT /* unclosed",
        "",
        ";",
        "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    ];

    [Theory, MemberData(nameof(RefusedQueries))]
    public async Task What_is_not_reading_the_products_tables_is_refused(string template)
    {
        var secret = Path.Combine(engine.DataDirectory, "secret.txt");
        var target = Path.Combine(engine.DataDirectory, "written.txt");
        await File.WriteAllTextAsync(secret, "the-secret-content", TestContext.Current.CancellationToken);

        var sql = template.Replace("{secret}", secret, StringComparison.Ordinal)
            .Replace("{target}", target, StringComparison.Ordinal)
            .Replace("{other}", shared.Other.Database, StringComparison.Ordinal);
        foreach (var url in new[] { "", "?readonly=0", "?param_t=secrets&database=" + shared.Store.Database })
        {
            var (status, code, body) = await shared.Host.AskAsync(sql, url);

            Assert.True(status >= 400, $"{status} {body}");
            Assert.NotEqual(0, code);
            Assert.DoesNotContain("the-secret-content", body, StringComparison.Ordinal);
            Assert.False(File.Exists(target));
        }
        Assert.Equal("1",
            await shared.Store.AskAsync("SELECT count() > 5 FROM system.tables WHERE database = currentDatabase()"));
    }

    [Theory]
    [InlineData("?max_memory_usage=0"), InlineData("?max_threads=64"), InlineData("?max_result_bytes=0"),
        InlineData("?format_schema=%2Fetc%2Fpasswd")]
    [InlineData("?output_format_schema=%2Ftmp%2Fx"), InlineData("?user_files_path=%2F"),
        InlineData("?additional_table_filters=%7B%7D"), InlineData("?nonsense=1")]
    public async Task Settings_in_the_address_that_are_not_known_are_refused(string url)
    {
        await using var host = await EndpointHost.StartAsync(engine, new ClickHouseHttpOptions { Database = "default" });

        var (status, code, _) = await host.AskAsync("SELECT 1", url);

        Assert.Equal((403, 164), (status, code));
    }

    [Fact]
    public async Task Another_database_cannot_be_made_the_current_one()
    {
        await using var host = await EndpointHost.StartAsync(engine, new ClickHouseHttpOptions { Database = "default" });

        Assert.Equal((404, 81), Brief(await host.AskAsync("SELECT * FROM processes", "?database=system")));

        static (int, int) Brief((int Status, int Code, string Body) answer) => (answer.Status, answer.Code);
    }

    [Fact]
    public async Task A_query_ends_at_its_limits()
    {
        await using var host = await EndpointHost.StartAsync(engine, new ClickHouseHttpOptions
        {
            Database = "default", ResultRowsMax = 1000, ResultBytesMax = 100_000, RowsReadMax = 200_000_000,
                QueryMemoryBytesMax = 50 << 20,
        });

        Assert.Equal(396, (await host.AskAsync("SELECT number FROM numbers(2000)")).Code);
        Assert.Equal(396, (await host.AskAsync("SELECT repeat(toString(number), 500) FROM numbers(900)")).Code);
        Assert.Equal(158, (await host.AskAsync("SELECT count() FROM numbers(300000000) WHERE NOT ignore(number)")).Code);
        Assert.Equal(241, (await host.AskAsync("SELECT length(groupArray(repeat('x', 1000))) FROM numbers(500000)")).Code);
        Assert.Equal((408, 159),
            Brief(await host.AskAsync("SELECT sum(sipHash64(number, number)) FROM numbers(190000000)", "?max_execution_time=1")));
        Assert.Equal("1000", (await host.AskAsync("SELECT count() FROM (SELECT number FROM numbers(1000))")).Body.Trim());

        static (int, int) Brief((int Status, int Code, string Body) answer) => (answer.Status, answer.Code);
    }

    [Fact]
    public async Task Too_many_queries_are_turned_away_and_postings_go_on()
    {
        await using var store = await engine.NewStoreAsync();
        await using var host = await EndpointHost.StartAsync(engine,
            new ClickHouseHttpOptions { Database = store.Database, ConcurrentMax = 1, WaitingMax = 1 });

        var flood = Enumerable.Range(0, 8)
            .Select(_ => host.AskAsync("SELECT sum(sipHash64(number, number)) FROM numbers(30000000)")).ToArray();
        await CostLedgerTests.PostAsync(store, "p-1", [LedgerEntries.Create(1)]);
        var answers = await Task.WhenAll(flood);

        Assert.Contains(answers, answer => answer.Status == 200);
        Assert.Contains(answers, answer => (answer.Status, answer.Code) == (503, 202));
        Assert.Equal("1", await store.AskAsync("SELECT count() FROM cost_ledger"));
    }

    [Fact]
    public async Task The_engines_functions_are_those_that_were_reviewed()
    {
        await using var store = await engine.NewStoreAsync(migrate: false);

        var list = await store.AskAsync("SELECT concat(toString(count()), ' ', " +
            "lower(hex(SHA256(arrayStringConcat(arraySort(groupArray(name)), '\n'))))) FROM system.functions");

        Assert.True(list == DeniedFunctions.ReviewedList,
            $"the engine's functions are {list}: review the new ones (files, network, process, tables by name) and pin the " +
                $"list in DeniedFunctions");
    }
}
