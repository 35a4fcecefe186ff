using CostAttribution.ClickHouse.Transport;
using CostAttribution.Server.Hosting;
using CostAttribution.Server.Settings;

namespace CostAttribution.UnitTests.Hosting;

/// <summary>What a remote store is asked for, and what is no store.</summary>
public sealed class RemoteStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(302), InlineData(307), InlineData(308)]
    public async Task Password_and_rows_do_not_follow_a_redirect(int status)
    {
        await using var elsewhere = await RemoteServer.StartAsync((_, _) => "1");
        await using var proxy = await RemoteServer.StartAsync((http, _) =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.Location = elsewhere.Url.ToString();
            return "";
        }, isClickHouse: false);
        await using var store = NewTransport(proxy.Url);

        var asked = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => store.QueryAsync(new ClickHouseQuery("SELECT 1"), Cancel));
        await Assert.ThrowsAsync<StoreUnavailableException>(
            () => store.InsertAsync(new ClickHouseInsert("t", ["a"], new byte[] { 1 }, "token"), Cancel));

        Assert.Contains("ClickHouse:Url", asked.Message, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Asked);
    }

    [Fact]
    public async Task Every_question_asks_for_what_was_written_before_it()
    {
        await using var server = await RemoteServer.StartAsync((_, _) => "1");
        await using var store = NewTransport(server.Url);

        await store.QueryAsync(new ClickHouseQuery("SELECT 1"), Cancel);

        Assert.Contains("select_sequential_consistency=1", Assert.Single(server.Asked), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3", "3 servers")]
    [InlineData("0", "no cluster 'main'")]
    public async Task A_cluster_of_several_servers_and_one_that_is_not_there_are_refused_before_anything_is_created(
        string servers, string words)
    {
        var written = new List<string>();
        await using var server = await RemoteServer.StartAsync((_, sql) =>
        {
            if (!sql.StartsWith("SELECT", StringComparison.Ordinal)) written.Add(sql);
            return sql.Contains("version()", StringComparison.Ordinal) ? "26.3.1.1\n" : $"{servers}\n";
        });
        var settings = new StoreSettings { Mode = StoreMode.Remote, Url = server.Url.ToString(), Cluster = "main" };

        var fault = await Assert.ThrowsAsync<StartupException>(() => OpenStore.OpenAsync(settings, "", Cancel));

        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.Empty(written);
    }

    [Fact]
    public async Task An_answer_about_the_schema_that_cannot_be_read_is_told_as_a_store_that_cannot_be_used()
    {
        await using var server = await RemoteServer.StartAsync((_, sql) =>
            sql.Contains("version()", StringComparison.Ordinal) ? "26.3.1.1\n" : "\u0001 nothing that is a block");
        var settings = new StoreSettings { Mode = StoreMode.Remote, Url = server.Url.ToString() };

        var fault = await Assert.ThrowsAsync<StartupException>(() => OpenStore.OpenAsync(settings, "", Cancel));

        Assert.Contains("cannot be used", fault.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(32), InlineData(33)]
    public void A_block_that_was_cut_on_its_way_is_no_fault_of_its_rows(int code)
    {
        var error = new ClickHouseException(code, "cannot read all data");

        Assert.False(error.IsAboutContent);
        Assert.IsType<StoreUnavailableException>(ClickHouseErrors.OfInsert(error));
    }

    private static HttpTransport NewTransport(Uri url) =>
        new(new HttpTransportOptions { Url = url, Database = "test", Password = "secret" });
}
