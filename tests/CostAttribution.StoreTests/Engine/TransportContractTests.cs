using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.StoreTests.Engine;

/// <summary>What every transport promises.</summary>
public sealed class TransportContractTests(EngineFixture engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task Parameters_arrive_as_they_were_given(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind, migrate: false);
        const string Awkward = "tab\there, line\nbreak, quote ' and \", back\\slash, nul \0, ünïcode 🙂, {x:String}";

        var hex = await store.AskAsync("SELECT hex({text:String}), {number:Int64} + 1", ("text", Awkward), ("number", "41"));

        Assert.Equal($"{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(Awkward))}\t42", hex);
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task A_refused_statement_names_its_error_code(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind, migrate: false);

        var error = await Assert.ThrowsAsync<ClickHouseException>(() => store.RunAsync("SELECT * FROM no_such_table"));

        Assert.Equal(60, error.Code);
        Assert.Contains("no_such_table", error.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task Settings_end_with_their_statement(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind, migrate: false);
        var query = new ClickHouseQuery("SELECT getSetting('max_result_rows')") { Format = "TabSeparated" };

        var limited = await store.QueryAsync(query with { Settings = new Dictionary<string,
            string> { ["max_result_rows"] = "7" } }, Cancel);

        Assert.Equal("7\n"u8.ToArray(), limited);
        for (var i = 0; i < 8; i++) Assert.NotEqual("7\n"u8.ToArray(), await store.QueryAsync(query, Cancel));
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task Unqualified_tables_are_those_of_the_transports_database(TransportKind kind)
    {
        await using var first = await engine.NewStoreAsync(kind, migrate: false);
        await using var second = await engine.NewStoreAsync(kind, migrate: false);
        foreach (var (store, value) in new[] { (first, "1"), (second, "2") })
        {
            await store.RunAsync("CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a");
            await store.RunAsync($"INSERT INTO t VALUES ({value})");
        }

        Assert.Equal("1", await first.AskAsync("SELECT a FROM t"));
        Assert.Equal("2", await second.AskAsync("SELECT a FROM t"));
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task A_repeated_token_counts_once_and_a_new_one_again(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind, migrate: false);
        await store.RunAsync(
            "CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100");
        using var block = new OneColumnBlock();
        block.Values.Append(1);
        block.Values.Append(2);

        for (var i = 0; i < 3; i++) await store.InsertAsync(block.ToInsert("p-1/t"), Cancel);
        Assert.Equal("2", await store.AskAsync("SELECT count() FROM t"));

        await store.InsertAsync(block.ToInsert("p-2/t"), Cancel);
        Assert.Equal("4", await store.AskAsync("SELECT count() FROM t"));
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task A_block_that_is_not_one_is_refused_and_leaves_nothing(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind, migrate: false);
        await store.RunAsync("CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a");
        using var block = new OneColumnBlock();
        for (var i = 0; i < 100; i++) block.Values.Append(i);
        var insert = block.ToInsert("p-1/t");

        await Assert.ThrowsAnyAsync<Exception>(() => store.InsertAsync(insert with { NativeBlock = insert.NativeBlock[..^5] },
            Cancel));

        Assert.Equal("0", await store.AskAsync("SELECT count() FROM t"));
        await store.InsertAsync(insert, Cancel);
        Assert.Equal("100", await store.AskAsync("SELECT count() FROM t"));
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task Waiting_ends_when_it_is_cancelled(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind, migrate: false);
        using var cancel = new CancellationTokenSource();

        var slow = store.QueryAsync(
            new ClickHouseQuery("SELECT sleepEachRow(0.1) FROM numbers(20) SETTINGS max_block_size = 1") { Format = "Null" },
                cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        Assert.Equal("1", await store.AskAsync("SELECT 1"));
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task Many_statements_at_a_time_all_get_their_own_answer(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind, migrate: false);

        var answers = await Task.WhenAll(Enumerable.Range(0, 64)
            .Select(i => store.AskAsync("SELECT {i:Int32} * 2", ("i", $"{i}"))));

        Assert.Equal(Enumerable.Range(0, 64).Select(i => $"{2 * i}"), answers);
    }

    [Fact]
    public async Task An_unreachable_server_is_unavailable_not_refusing()
    {
        await using var store = new HttpTransport(new HttpTransportOptions { Url = new Uri("http://127.0.0.1:1/"),
            Database = "d" });

        var error = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.RunAsync("SELECT 1"));

        Assert.Contains("http://127.0.0.1:1 ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_time_leaves_the_outcome_unknown()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var url = new Uri($"http://{silent.LocalEndpoint}/");
        await using var store = new HttpTransport(new HttpTransportOptions { Url = url, Database = "d",
            RequestTimeout = TimeSpan.FromMilliseconds(200) });

        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.RunAsync("SELECT 1"));
    }

    [Fact]
    public async Task A_wrong_password_is_reported_with_its_code()
    {
        await using var store = new HttpTransport(new HttpTransportOptions { Url = engine.FrontUrl, Database = "default",
            User = "tester", Password = "wrong" });

        var error = await Assert.ThrowsAsync<ClickHouseException>(() => store.RunAsync("SELECT 1"));

        Assert.Equal(516, error.Code);
    }

    private sealed class OneColumnBlock : RowBlock
    {
        public OneColumnBlock() : base("t") => Values = Add("a", Columns.Int64());

        public FixedWidthColumn<long> Values { get; }
    }
}
