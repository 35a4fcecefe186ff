using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using CostAttribution.ClickHouse.Endpoint;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Endpoint;

/// <summary>What dashboards and clients rely on.</summary>
public sealed class EndpointTests(EngineFixture engine, SharedEndpoint shared) : IClassFixture<SharedEndpoint>
{
    public static TheoryData<string, string> AcceptedQueries => new()
    {
        { "SELECT count(), sum(cost) FROM cost_ledger", "40\t" },
        { "SELECT customer_id, sum(cost) AS c FROM cost_ledger WHERE event_time >= toDateTime(0) GROUP BY customer_id ORDER " +
            "BY c DESC LIMIT 1 FORMAT JSONEachRow", "{\"customer_id\"" },
        { "select toStartOfInterval(hour, INTERVAL 3600 second) AS time, sum(cost) FROM {db}.cost_hourly GROUP BY time WITH " +
            "TOTALS ORDER BY time WITH FILL LIMIT 2", "" },
        { "WITH top AS (SELECT customer_id FROM cost_hourly GROUP BY customer_id LIMIT 2) SELECT count() FROM cost_ledger " +
            "WHERE customer_id IN top", "12" },
        { "SELECT count() FROM cost_ledger AS l LEFT JOIN (SELECT DISTINCT customer_id FROM cost_hourly) AS h USING customer_id",
            "40" },
        { "SELECT sumIf(cost, customer_id = 'c-1'), uniqExact(run_id), quantile(0.9)(toFloat64(cost)) FROM cost_ledger", "" },
        { "SELECT row_number() OVER (PARTITION BY customer_id ORDER BY event_time) AS n FROM cost_ledger ORDER BY n LIMIT 1",
            "1" },
        { "SELECT a FROM (SELECT arrayJoin([1, 2]) AS a UNION ALL SELECT 3) ORDER BY a", "1\n2\n3" },
        { "SELECT f FROM cost_ledger ARRAY JOIN flags AS f GROUP BY f ORDER BY f LIMIT 1", "clock_skew" },
        { "SELECT CASE WHEN 1 THEN 'a' ELSE 'b' END, 1::Int8, CAST('1', 'Int8'), (1, 2).1, [1][1], map('a', 1)['a'], " +
            "'2026-01-01'::Date + INTERVAL 1 DAY", "a\t1\t1\t1\t1\t1\t2026-01-02" },
        { "SELECT COLUMNS('cost') EXCEPT (cost) FROM cost_ledger LIMIT 1", "" },
        { "SELECT EXISTS(SELECT 1), NOT 1 = 2, 'a' LIKE 'a%', 1 BETWEEN 0 AND 2", "1\t1\t1\t1" },
        { "SELECT displayName() != '', version() LIKE '26.7%', revision() > 54000, timezone()", "1\t1\t1\tUTC" },
        { "SELECT 1", "1" },
        { "SELECT 'it''s; INTO OUTFILE -- text' -- INTO OUTFILE 'x'\n", "it\\'s; INTO OUTFILE -- text" },
        { "SHOW DATABASES", "" },
        { "SHOW TABLES FROM \"{db}\"", "adjustments" },
        { "SHOW FULL TABLES", "" },
        { "SHOW CREATE TABLE cost_ledger", "CREATE TABLE" },
        { "SHOW COLUMNS FROM cost_ledger", "" },
        { "DESC TABLE \"{db}\".\"cost_ledger\"", "event_time" },
        { "DESCRIBE TABLE (SELECT cost FROM cost_ledger)", "cost" },
        { "EXISTS TABLE cost_ledger", "1" },
        { "EXPLAIN indexes = 1 SELECT count() FROM cost_ledger WHERE customer_id = 'c'", "" },
        { "SELECT name, type FROM system.columns WHERE database = '{db}' AND table = 'spans' ORDER BY position LIMIT 1",
            "trace_id\tString" },
        { "SELECT name FROM system.tables WHERE database = '{db}' ORDER BY name LIMIT 1", "adjustments" },
        { "SELECT count() > 3 FROM information_schema.tables WHERE table_schema = '{db}'", "1" },
        { "SELECT * FROM numbers(2)", "0\n1" },
        { "(SELECT 1) UNION ALL (SELECT 2)", "" },
        { "SELECT service FROM unattributed_cost LIMIT 1", "" },
        { "SELECT run_id, cost FROM workflow_runs LIMIT 1;", "" },
        { "SELECT trace_id FROM spans WHERE trace_id = 'x'", "" },
        { "SELECT model, unit FROM unpriced_usage ORDER BY ALL LIMIT 1", "gpt-0\tinput_tokens" },
    };

    [Theory, MemberData(nameof(AcceptedQueries))]
    public async Task Readers_queries_are_answered(string sql, string start)
    {
        var (status, _, body) = await shared.Host.AskAsync(sql.Replace("{db}", shared.Store.Database, StringComparison.Ordinal));

        Assert.True(status == 200, body);
        Assert.StartsWith(start, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_formats_and_headers_are_those_of_ClickHouse()
    {
        await using var host = await EndpointHost.StartAsync(engine, new ClickHouseHttpOptions { Database = "default" });

        using var response = await host.Client.GetAsync(new Uri(
            "/?query=SELECT%20{n:Int64}%20AS%20a,%20{s:String}%20AS%20b" +
            "&param_n=41&param_s=x%5Cty&default_format=JSON&query_id=q-1&max_execution_time=60.0&wait_end_of_query=1",
            UriKind.Relative));

        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Contains("\"b\": \"x\\ty\"", body, StringComparison.Ordinal);
        Assert.Equal("q-1", response.Headers.GetValues("X-ClickHouse-Query-Id").Single());
        Assert.Equal("JSON", response.Headers.GetValues("X-ClickHouse-Format").Single());
        Assert.Equal("UTC", response.Headers.GetValues("X-ClickHouse-Timezone").Single());
        Assert.Contains("\"result_rows\":\"1\"", response.Headers.GetValues("X-ClickHouse-Summary").Single(),
            StringComparison.Ordinal);
        Assert.Equal("application/json; charset=UTF-8", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Errors_have_their_status_code_and_text()
    {
        await using var host = await EndpointHost.StartAsync(engine, new ClickHouseHttpOptions { Database = "default" });

        var unknown = await host.AskAsync("SELECT * FROM no_such_table");
        var syntax = await host.AskAsync("SELECT FROM WHERE");

        Assert.Equal((404, 60), (unknown.Status, unknown.Code));
        Assert.StartsWith("Code: 60. DB::Exception: ", unknown.Body, StringComparison.Ordinal);
        Assert.Equal((400, 62), (syntax.Status, syntax.Code));
        Assert.Contains("Syntax error", syntax.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gzip_is_used_when_both_sides_want_it()
    {
        await using var host = await EndpointHost.StartAsync(engine, new ClickHouseHttpOptions { Database = "default" });
        using var request = new HttpRequestMessage(HttpMethod.Post,
            new Uri("/?enable_http_compression=1", UriKind.Relative)) { Content = new StringContent("SELECT 42") };
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));

        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("gzip", response.Content.Headers.ContentEncoding.Single());
        await using var text = new GZipStream(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken),
            CompressionMode.Decompress);
        Assert.Equal("42\n", await new StreamReader(text).ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Ping_needs_no_password_and_a_query_does()
    {
        await using var host = await EndpointHost.StartAsync(engine,
            new ClickHouseHttpOptions { Database = "default", User = "reader", Password = "s3cret:x" });

        Assert.Equal("Ok.\n",
            await host.Client.GetStringAsync(new Uri("/ping", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Equal(403, await AskAsync(request => { }));
        Assert.Equal(403, await AskAsync(request => request.Headers.Authorization = Basic("reader:wrong")));
        Assert.Equal(403, await AskAsync(request => request.Headers.Authorization = Basic("default:s3cret:x")));
        Assert.Equal(200, await AskAsync(request => request.Headers.Authorization = Basic("reader:s3cret:x")));
        Assert.Equal(200, await AskAsync(request =>
        {
            request.Headers.Add("X-ClickHouse-User", "reader");
            request.Headers.Add("X-ClickHouse-Key", "s3cret:x");
        }));
        Assert.Equal(200,
            await AskAsync(request => request.RequestUri = new Uri("/?user=reader&password=s3cret:x", UriKind.Relative)));

        async Task<int> AskAsync(Action<HttpRequestMessage> authenticate)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post,
                new Uri("/", UriKind.Relative)) { Content = new StringContent("SELECT 1") };
            authenticate(request);
            using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
            return (int)response.StatusCode;
        }

        static AuthenticationHeaderValue Basic(string text) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public async Task Without_a_password_the_default_user_is_let_in_and_no_other()
    {
        await using var host = await EndpointHost.StartAsync(engine, new ClickHouseHttpOptions { Database = "default" });

        Assert.Equal(200, (await host.AskAsync("SELECT 1", "?user=default")).Status);
        Assert.Equal(403, (await host.AskAsync("SELECT 1", "?user=admin")).Status);
        Assert.Equal(403, (await host.AskAsync("SELECT 1", "?user=default&password=x")).Status);
    }

    [Fact]
    public async Task Grafanas_plugin_gets_native_blocks_of_its_own_revision()
    {
        await using var host = await EndpointHost.StartAsync(engine, new ClickHouseHttpOptions { Database = "default" });

        using var response = await host.Client.PostAsync(
            new Uri("/?client_protocol_version=54460&database=default&default_format=Native&max_execution_time=65",
                UriKind.Relative), new StringContent("SELECT 1"),
            TestContext.Current.CancellationToken);

        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            [1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 1, 1, 1, (byte)'1', 5, .. "UInt8"u8, 0, 1],
            bytes);
    }

    [Fact]
    public async Task A_query_that_is_too_long_is_refused_before_it_is_read_whole()
    {
        await using var host = await EndpointHost.StartAsync(engine,
            new ClickHouseHttpOptions { Database = "default", QueryBytesMax = 1000 });

        Assert.Equal(400, (await host.AskAsync("SELECT '" + new string('x', 2000) + "'")).Status);
    }
}
