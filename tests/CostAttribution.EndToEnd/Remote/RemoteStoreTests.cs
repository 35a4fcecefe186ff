using System.Net;
using System.Text;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Ledger;
using CostAttribution.Testing.Store;
using CostAttribution.Workload;

namespace CostAttribution.EndToEnd.Remote;

/// <summary>A remote store behind a network that cuts, delays and lies; one that is away; one that is slow.</summary>
public sealed class RemoteStoreTests(StoreServer stores)
{
    private const int Seed = 20_264;

    /// <summary>What a server without an engine may take at most; far above what it takes, far below a leak.</summary>
    private const long ResidentBytesMax = 700L << 20;

    /// <summary>A journal that a few hundred spans fill.</summary>
    private static readonly string[] SmallJournal =
    [
        "--Journal:SegmentBytesMax", "65536", "--Journal:RecordBytesMax", "60000", "--Journal:WindowBytesMax", "0",
        "--Journal:JournalBytesMax", "524288", "--Journal:RetryInterval", "00:00:00.1",
    ];

    private static WorkloadOptions Workload(int seed, int spans) =>
        new() { Seed = (ulong)seed, Start = DateTimeOffset.UtcNow, Spans = spans, BatchSpansMax = 12, Rate = 5_000 };

    [Fact]
    public async Task Answers_that_are_cut_lost_or_lies_post_everything_once()
    {
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        using var senders = new Senders(Workload(Seed, spans: 1_500), lanes: 4, pace: TimeSpan.FromMilliseconds(10));
        await using var server = await ServerProcess.StartAsync(
            data, [.. store.Settings, "--RateCards:Directory", Books.RateCards(data), "--Posting:RowsMax", "60", "--ClickHouse:RequestTimeout", "00:00:02"]);
        var drawn = FaultProxy.Drawn(Seed, 350, StoreFault.CutBefore, StoreFault.CutAfter, StoreFault.CutAnswer,
            StoreFault.CutWhileRunning, StoreFault.BadGatewayBefore, StoreFault.ErrorAfter, StoreFault.PageBefore, StoreFault.PageAfter);

        // Silence costs two seconds each, so it is rationed.
        store.Proxy.Script = request => (request.Number % 60) switch
        {
            7 => StoreFault.SilentAfter,
            19 => StoreFault.SilentBefore,
            _ => drawn(request),
        };
        senders.Target(server);
        senders.AllowAll();
        await Settled.SentAsync(senders, Told);

        await Settled.WithoutDifferencesAsync(server, () => Books.DifferencesAsync(store.Sql, senders.Truth), Told);
        TestContext.Current.TestOutputHelper!.WriteLine(Told());
        foreach (var fault in Enum.GetValues<StoreFault>()) Assert.True(store.Proxy.CountOf(fault) > 0, $"{fault} was not drawn: {store.Proxy}");

        string Told() => $"{store.Proxy}\n{senders}\n{server}";
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_that_is_away_until_the_journal_is_full_costs_nothing_that_was_accepted(bool killed)
    {
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        using var senders = new Senders(Workload(Seed + 1, spans: 6_000), lanes: 4, pace: TimeSpan.FromMilliseconds(2));
        string[] settings = [.. store.Settings, .. SmallJournal, "--RateCards:Directory", Books.RateCards(data)];
        var server = await ServerProcess.StartAsync(data, settings);
        try
        {
            senders.Target(server);
            senders.Allow(40);
            await Eventually.GetAsync(() => store.Sql.ScalarAsync("SELECT count() FROM cost_ledger"), rows => rows != "0", Told);
            store.Proxy.Script = _ => StoreFault.CutBefore;
            senders.AllowAll();
            await Eventually.GetAsync(() => Task.FromResult(senders.PushedBack), count => count > 20, Told);
            await RefusesWithRetryAsync(server);
            var pipeline = await server.Api.GetAsync("/api/v1/pipeline");
            Assert.False(senders.Sent.IsCompleted);
            Assert.Equal("struggling", pipeline.GetProperty("journal").Text("state"));
            Assert.Contains("the journal is full", pipeline.GetProperty("journal").Text("detail"), StringComparison.Ordinal);
            Assert.Equal("struggling", pipeline.GetProperty("posting").Text("state"));
            Assert.Contains("the store is unavailable", pipeline.GetProperty("posting").Text("detail"), StringComparison.Ordinal);
            Assert.InRange(pipeline.GetProperty("lag").Count("bytes"), 200_000, 600_000);
            await Eventually.GetAsync(
                () => server.Api.GetAsync("/api/v1/pipeline"), seen => seen.GetProperty("lag").GetProperty("seconds").GetDouble() > 2, Told);
            Assert.InRange(server.ResidentBytes(), 1, ResidentBytesMax);
            if (killed) server = await KillWhileAwayAsync(server);

            store.Proxy.Script = _ => StoreFault.None;
            if (killed)
            {
                server = await ServerProcess.StartAsync(data, settings);
                senders.Target(server);
            }
            await Settled.SentAsync(senders, Told);
            await Settled.WithoutDifferencesAsync(server, () => Books.DifferencesAsync(store.Sql, senders.Truth), Told);
            var after = await server.Api.GetAsync("/api/v1/pipeline");
            Assert.Equal("healthy", after.GetProperty("posting").Text("state"));
            Assert.Equal("healthy", after.GetProperty("journal").Text("state"));
        }
        finally
        {
            await server.DisposeAsync();
        }

        string Told() => $"{store.Proxy}\n{senders}\n{server}";

        // A start needs the store: it says so and leaves, and what is in the journal waits for the next.
        async Task<ServerProcess> KillWhileAwayAsync(ServerProcess running)
        {
            await running.KillAsync();
            senders.Target(null);
            await running.DisposeAsync();
            await using var refused = ServerProcess.Launch(data, settings);
            Assert.Equal(1, await refused.WaitForExitAsync(Eventually.DeadlineDefault));
            Assert.Contains(refused.Lines, line => line.StartsWith("error: the store at ", StringComparison.Ordinal));
            return running;
        }
    }

    [Fact]
    public async Task A_burst_on_a_slow_store_is_throttled_shown_and_posted_in_bounded_memory()
    {
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        using var senders = new Senders(Workload(Seed + 2, spans: 4_000), lanes: 16, pace: TimeSpan.FromMilliseconds(1));
        await using var server = await ServerProcess.StartAsync(
            data, [.. store.Settings, .. SmallJournal, "--RateCards:Directory", Books.RateCards(data), "--Posting:RowsMax", "400"]);
        store.Proxy.Delay = TimeSpan.FromMilliseconds(150);
        senders.Target(server);
        senders.AllowAll();

        var (resident, lagBytes) = (0L, 0L);
        await Eventually.GetAsync(
            async () =>
            {
                var pipeline = await server.Api.GetAsync("/api/v1/pipeline");
                lagBytes = Math.Max(lagBytes, pipeline.GetProperty("lag").Count("bytes"));
                resident = Math.Max(resident, server.ResidentBytes());
                return senders.Sent.IsCompleted;
            },
            done => done, Told, TimeSpan.FromSeconds(90));

        store.Proxy.Delay = TimeSpan.Zero;
        await Settled.WithoutDifferencesAsync(server, () => Books.DifferencesAsync(store.Sql, senders.Truth), Told);
        TestContext.Current.TestOutputHelper!.WriteLine($"peak {resident >> 20} MiB, lag up to {lagBytes} bytes, {senders}");
        Assert.True(senders.PushedBack > 0, Told());
        Assert.InRange(resident, 1, ResidentBytesMax);
        Assert.InRange(lagBytes, 100_000, 600_000);

        string Told() => $"{store.Proxy}\n{senders}\n{server}";
    }

    private static async Task RefusesWithRetryAsync(ServerProcess server)
    {
        var body = new WorkloadGenerator(Workload(Seed + 9, spans: 400)).Requests().First().Body;
        var (http, retryAfter) = await server.Otlp.TryPostAsync(body);
        var (grpc, details) = await server.Otlp.TryCallAsync(body);

        Assert.Equal(HttpStatusCode.TooManyRequests, http);
        Assert.True(retryAfter >= TimeSpan.FromSeconds(1));
        Assert.Equal("8", grpc);
        Assert.Contains("google.rpc.RetryInfo", Encoding.ASCII.GetString(details), StringComparison.Ordinal);
    }
}
