using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Ledger;
using CostAttribution.Workload;

namespace CostAttribution.EndToEnd.Crashes;

/// <summary>SIGKILL while senders send, at moments that the server's own progress decides.</summary>
public sealed class KillTests
{
    private const int Seed = 20_261;
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Ten_kills_under_load_lose_nothing_and_double_nothing()
    {
        using var data = new TempDirectory();
        var cards = Books.RateCards(data);
        using var senders = new Senders(
            new WorkloadOptions { Seed = Seed, Start = DateTimeOffset.UtcNow, Spans = 6_000, BatchSpansMax = 6, Rate = 5_000 },
            lanes: 4, pace: TimeSpan.FromMilliseconds(20));
        var killer = new Killer(data, senders, new Random(Seed));
        string[] settings = ["--RateCards:Directory", cards, "--Posting:RowsMax", "400"];
        for (var life = 0; life < Killer.Moments.Count; life++)
        {
            await using var server = ServerProcess.Launch(data, settings);
            await killer.StrikeAsync(server, life);
            senders.Target(null);
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"{killer}\n{senders}");
        Assert.False(senders.Sent.IsCompleted, $"all was sent before the last kill\n{killer}");
        Assert.True(killer.InDoubt > 0, $"no kill met a posting\n{killer}");

        await using (var server = await ServerProcess.StartAsync(data, [.. settings, "--ClickHouse:HttpPort", ServerProcess.FreePort()]))
        {
            senders.AllowAll();
            senders.Target(server);
            await Settled.SentAsync(senders, () => $"{killer}\n{senders}\n{server}");
            await EqualAsync(server);
            Assert.Equal(0, await server.StopAsync(StopMax));
        }

        // What recovery left behind must not come back either.
        await using var last = await ServerProcess.StartAsync(data, [.. settings, "--ClickHouse:HttpPort", ServerProcess.FreePort()]);
        await EqualAsync(last);

        async Task EqualAsync(ServerProcess server)
        {
            using var sql = new SqlClient(server.Sql!);
            await Settled.WithoutDifferencesAsync(server, () => Books.DifferencesAsync(sql, senders.Truth), () => $"{killer}\n{senders}\n{server}");
        }
    }
}
