using System.Diagnostics;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Ledger;
using CostAttribution.EndToEnd.Remote;
using CostAttribution.Testing.Store;
using CostAttribution.Workload;
using CostAttribution.Workload.Dialects;

namespace CostAttribution.EndToEnd.Stopping;

/// <summary>A stop that is asked for: bounded in time whatever hangs, and nothing is lost by it.</summary>
public sealed class StopTests(StoreServer stores)
{
    private const int Seed = 20_267;

    private static Senders NewSenders(int seed, int spans, DialectSet dialects = DialectSet.All) => new(
        new WorkloadOptions
        {
            Seed = (ulong)seed, Start = DateTimeOffset.UtcNow, Spans = spans, BatchSpansMax = 12, Rate = 5_000, Dialects = dialects,
        },
        lanes: 4, pace: TimeSpan.FromMilliseconds(5));

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_stop_under_load_ends_cleanly_and_senders_go_on_with_the_next_start(string signal)
    {
        using var data = new TempDirectory();
        using var senders = NewSenders(Seed, spans: 2_000);
        // Longer than the test waits: it must end by itself.
        string[] settings =
        [
            "--RateCards:Directory", Books.RateCards(data), "--ClickHouse:HttpPort", ServerProcess.FreePort(), "--Shutdown:Timeout", "00:05:00",
        ];
        await using (var server = await ServerProcess.StartAsync(data, settings))
        {
            senders.Target(server);
            senders.AllowAll();
            await Eventually.GetAsync(() => Task.FromResult(senders.Acknowledged), spans => spans > 400, server.ToString);
            await server.SignalAsync(signal);
            Assert.Equal(0, await server.WaitForExitAsync(TimeSpan.FromSeconds(60)));
            Assert.False(senders.Sent.IsCompleted);
        }

        await using var again = await ServerProcess.StartAsync(data, settings);
        senders.Target(again);
        await Settled.SentAsync(senders, again.ToString);
        using var sql = new SqlClient(again.Sql!);
        await Settled.WithoutDifferencesAsync(again, () => Books.DifferencesAsync(sql, senders.Truth), again.ToString);
    }

    [Fact]
    public async Task What_is_due_is_posted_before_the_end_without_waiting_for_company()
    {
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        // Traces of a gateway ask the store about their calls, and so wait for what is on the way to it.
        using var senders = NewSenders(Seed + 1, spans: 600, DialectSet.All & ~DialectSet.LiteLlm);
        await using var server = await ServerProcess.StartAsync(
            data, [.. store.Settings, "--RateCards:Directory", Books.RateCards(data), "--Posting:FlushInterval", "00:01:00"]);
        senders.Target(server);
        senders.AllowAll();
        await Settled.SentAsync(senders, server.ToString);
        await Settled.NothingOpenAsync(server, server.ToString);
        Assert.Equal("0", await store.Sql.ScalarAsync("SELECT count() FROM cost_ledger"));

        Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(60)));

        Assert.Empty(await Books.DifferencesAsync(store.Sql, senders.Truth));
    }

    [Theory]
    [InlineData(StoreFault.SilentBefore)]
    [InlineData(StoreFault.SilentAfter)]
    [InlineData(StoreFault.CutBefore)]
    public async Task A_store_that_does_not_answer_holds_up_no_stop_and_gets_everything_later(StoreFault fault)
    {
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        using var senders = NewSenders(Seed + 2 + (int)fault, spans: 600);
        string[] settings =
        [
            .. store.Settings, "--RateCards:Directory", Books.RateCards(data), "--ClickHouse:RequestTimeout", "00:05:00", "--Shutdown:Timeout", "00:00:04",
        ];
        await using (var server = await ServerProcess.StartAsync(data, settings))
        {
            store.Proxy.Script = _ => fault;
            senders.Target(server);
            senders.AllowAll();
            await Settled.SentAsync(senders, server.ToString);
            await Eventually.GetAsync(() => Task.FromResult(store.Proxy.CountOf(fault)), count => count > 0, server.ToString);

            var began = Stopwatch.GetTimestamp();
            Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(60)));
            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        }

        store.Proxy.Script = _ => StoreFault.None;
        await using var again = await ServerProcess.StartAsync(data, settings);
        await Settled.WithoutDifferencesAsync(again, () => Books.DifferencesAsync(store.Sql, senders.Truth), again.ToString);
    }

    [Fact]
    public async Task A_second_signal_ends_it_at_once_and_loses_nothing()
    {
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        using var senders = NewSenders(Seed + 20, spans: 600);
        string[] settings =
        [
            .. store.Settings, "--RateCards:Directory", Books.RateCards(data), "--ClickHouse:RequestTimeout", "00:05:00", "--Shutdown:Timeout", "00:05:00",
        ];
        await using (var server = await ServerProcess.StartAsync(data, settings))
        {
            store.Proxy.Script = _ => StoreFault.SilentBefore;
            senders.Target(server);
            senders.AllowAll();
            await Settled.SentAsync(senders, server.ToString);
            await Eventually.GetAsync(() => Task.FromResult(store.Proxy.CountOf(StoreFault.SilentBefore)), count => count > 0, server.ToString);
            await server.SignalAsync("TERM");
            // The ports are closed once the first signal is being followed.
            await Eventually.GetAsync(() => CanConnectAsync(server.Http), open => !open, server.ToString);
            Assert.False(server.HasExited);

            await server.SignalAsync("TERM");

            Assert.Equal(128 + 15, await server.WaitForExitAsync(TimeSpan.FromSeconds(5)));
        }

        store.Proxy.Script = _ => StoreFault.None;
        await using var again = await ServerProcess.StartAsync(data, settings);
        await Settled.WithoutDifferencesAsync(again, () => Books.DifferencesAsync(store.Sql, senders.Truth), again.ToString);
    }

    [Fact]
    public async Task A_stop_is_followed_while_a_silent_store_keeps_the_start_waiting()
    {
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        store.Proxy.Script = _ => StoreFault.SilentBefore;
        await using var server = ServerProcess.Launch(
            data, [.. store.Settings, "--ClickHouse:RequestTimeout", "00:05:00", "--Shutdown:Timeout", "00:05:00"]);
        await Eventually.GetAsync(() => Task.FromResult(store.Proxy.CountOf(StoreFault.SilentBefore)), count => count > 0, server.ToString);

        Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(60)));

        Assert.DoesNotContain(server.Lines, line => line.Contains("Exception", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stop_during_recovery_leaves_the_rest_to_the_next_start()
    {
        using var data = new TempDirectory();
        using var senders = NewSenders(Seed + 21, spans: 2_000);
        string[] settings = ["--RateCards:Directory", Books.RateCards(data), "--ClickHouse:HttpPort", ServerProcess.FreePort()];
        await using (var server = await ServerProcess.StartAsync(data, settings))
        {
            senders.Target(server);
            senders.AllowAll();
            await Settled.SentAsync(senders, server.ToString);
            await server.KillAsync();
        }
        await using (var recovering = ServerProcess.Launch(data, settings))
        {
            await Eventually.GetAsync(
                () => Task.FromResult(recovering.Lines), lines => lines.Any(line => line.Contains("replaying the journal", StringComparison.Ordinal)),
                recovering.ToString);
            Assert.Equal(0, await recovering.StopAsync(TimeSpan.FromSeconds(60)));
        }

        await using var again = await ServerProcess.StartAsync(data, settings);
        using var sql = new SqlClient(again.Sql!);
        await Settled.WithoutDifferencesAsync(again, () => Books.DifferencesAsync(sql, senders.Truth), again.ToString);
    }

    [Fact]
    public async Task A_query_that_takes_longer_does_not_hold_up_the_end()
    {
        using var data = new TempDirectory();
        await using var server = await ServerProcess.StartAsync(
            data, "--ClickHouse:HttpPort", ServerProcess.FreePort(), "--Shutdown:Timeout", "00:00:03");
        using var sql = new SqlClient(server.Sql!);
        var used = server.ProcessorTime();
        var query = sql.QueryAsync("SELECT sum(sipHash64(toString(number), toString(number + 1), toString(number + 2))) FROM numbers(1900000000)");
        await Eventually.GetAsync(
            () => Task.FromResult(server.ProcessorTime() - used), more => more > TimeSpan.FromSeconds(0.5) || query.IsCompleted, server.ToString);
        Assert.False(query.IsCompleted);

        var began = Stopwatch.GetTimestamp();
        Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(60)));

        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        await Assert.ThrowsAnyAsync<Exception>(() => query);
    }

    private static async Task<bool> CanConnectAsync(Uri url)
    {
        try
        {
            using var client = new System.Net.Sockets.TcpClient();
            await client.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
