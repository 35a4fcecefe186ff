using System.Net;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Intake;
using CostAttribution.EndToEnd.Ledger;
using CostAttribution.Workload;

namespace CostAttribution.EndToEnd.Repeats;

/// <summary>Senders that were not sure and sent again: as often as they like, at once, cut otherwise, and after a restart.</summary>
public sealed class ExactlyOnceTests
{
    private const int Seed = 20_268;
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_same_requests_once_twice_and_fifty_times_on_both_ports_and_across_a_restart_count_once()
    {
        using var data = new TempDirectory();
        var generator = new WorkloadGenerator(
            new WorkloadOptions { Seed = Seed, Start = DateTimeOffset.UtcNow, Spans = 300, Rate = 5_000, ContentBytesMax = 0 });
        var bodies = generator.Requests().Select(request => request.Body).ToArray();
        string[] settings = ["--RateCards:Directory", Books.RateCards(data), "--ClickHouse:HttpPort", ServerProcess.FreePort()];
        await using (var server = await ServerProcess.StartAsync(data, settings))
        {
            foreach (var body in bodies) await SendAsync(server, body, http: false);
            await SendAllAsync(server, bodies, times: 2);
            await EqualAsync(server, generator.Truth);
            // Settled, posted and still remembered.
            await SendAllAsync(server, bodies, times: 50);
            await EqualAsync(server, generator.Truth);
            Assert.Equal(0, await server.StopAsync(StopMax));
        }

        await using var again = await ServerProcess.StartAsync(data, settings);
        await SendAllAsync(again, bodies, times: 3);
        await EqualAsync(again, generator.Truth);
        using var sql = new SqlClient(again.Sql!);
        Assert.Equal("0", await sql.ScalarAsync("SELECT count() FROM cost_ledger WHERE sign < 0"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_that_comes_again_half_in_another_batch_counts_once(bool restarted)
    {
        using var data = new TempDirectory();
        var trace = new JsonTrace();
        object[] spans = [trace.Root(1, "c-half"), .. Enumerable.Range(2, 9).Select(number => trace.Chat(number, 1, "gpt-4o", 100 * number, 0, 10))];
        var other = new JsonTrace();
        object[] others = [other.Root(1, "c-other"), other.Chat(2, 1, "gpt-4o", 1000, 0, 10)];
        var server = await ServerProcess.StartAsync(data);
        try
        {
            await server.Otlp.SendJsonAsync(JsonTrace.Request(spans));
            if (restarted)
            {
                await server.Api.SettledRunAsync(trace.Id, spans: 10, calls: 9);
                Assert.Equal(0, await server.StopAsync(StopMax));
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(data);
            }
            await Task.WhenAll(Enumerable.Range(0, 10).Select(i => server.Otlp.SendJsonAsync(JsonTrace.Request(
                [.. spans.Where((_, at) => at % 2 == i % 2), .. others]))));

            await server.Api.SettledRunAsync(other.Id, spans: 2, calls: 1);
            var run = await server.Api.SettledRunAsync(trace.Id, spans: 10, calls: 9);
            // 100 × (2 + … + 10) tokens at $2.50 and 90 at $10 per million.
            Assert.Equal("0.014400000000", run.GetProperty("run").Text("cost"));
            foreach (var number in Enumerable.Range(2, 9))
            {
                var told = await server.Api.GetAsync($"/api/v1/spans/{trace.Id}/{JsonTrace.SpanId(number)}/explain");
                Assert.Single(told.GetProperty("rows").EnumerateArray());
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static Task SendAllAsync(ServerProcess server, byte[][] bodies, int times) => Parallel.ForEachAsync(
        Enumerable.Range(0, times * bodies.Length),
        new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken },
        async (i, _) => await SendAsync(server, bodies[i % bodies.Length], http: i / bodies.Length % 2 == 0));

    private static async Task SendAsync(ServerProcess server, byte[] body, bool http)
    {
        if (http) Assert.Equal(HttpStatusCode.OK, (await server.Otlp.TryPostAsync(body)).Status);
        else Assert.Equal("0", (await server.Otlp.TryCallAsync(body)).Status);
    }

    private static async Task EqualAsync(ServerProcess server, GroundTruth truth)
    {
        using var sql = new SqlClient(server.Sql!);
        await Settled.WithoutDifferencesAsync(server, () => Books.DifferencesAsync(sql, truth), server.ToString);
    }
}
