using System.Text.Json;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Intake;

namespace CostAttribution.EndToEnd.Restart;

/// <summary>Stopping, killing and starting again on the same data directory.</summary>
public sealed class RestartTests
{
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task After_a_clean_stop_nothing_doubles_and_a_late_call_finds_its_stored_customer()
    {
        using var data = new TempDirectory();
        var trace = new JsonTrace();
        var request = JsonTrace.Request(trace.Root(1, "c-restart"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100));
        await using (var server = await ServerProcess.StartAsync(data))
        {
            await server.Otlp.SendJsonAsync(request);
            await server.Api.SettledRunAsync(trace.Id, spans: 2, calls: 1);
            Assert.Equal(0, await server.StopAsync(StopMax));
        }

        await using var again = await ServerProcess.StartAsync(data);
        await again.Otlp.SendJsonAsync(request);
        await again.Otlp.SendJsonAsync(JsonTrace.Request(trace.Chat(3, 1, "gpt-4.1-mini", 1000, 0, 1000)));
        var run = await again.Api.SettledRunAsync(trace.Id, spans: 3, calls: 2);

        // 500 × $2.50 + 100 × $10 and 1000 × $0.40 + 1000 × $1.60, per million.
        Assert.Equal(("0.004250000000", 2), (run.GetProperty("run").Text("cost"), run.GetProperty("run").Count("calls")));
        var late = run.Spans().Single(span => span.Text("spanId") == JsonTrace.SpanId(3)).GetProperty("items").EnumerateArray().Single();
        Assert.Equal(("c-restart", "ancestor"), (late.GetProperty("attribution").Text("customer"), late.GetProperty("attribution").Text("customerEvidence")));
        var first = await again.Api.GetAsync($"/api/v1/spans/{trace.Id}/{JsonTrace.SpanId(2)}/explain");
        Assert.Single(first.GetProperty("rows").EnumerateArray());
        Assert.Equal(0, await again.StopAsync(StopMax));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_acknowledged_before_the_end_reaches_the_ledger_exactly_once(bool killed)
    {
        const int traces = 40;
        using var data = new TempDirectory();
        var sent = new List<JsonTrace>();
        await using (var server = await ServerProcess.StartAsync(data))
        {
            for (var i = 0; i < traces; i++)
            {
                var trace = new JsonTrace();
                await server.Otlp.SendJsonAsync(JsonTrace.Request(trace.Root(1, "c-killed"), trace.Chat(2, 1, "gpt-4o", 500 + i, 0, 100)));
                sent.Add(trace);
            }
            if (killed) await server.KillAsync();
            else Assert.Equal(0, await server.StopAsync(StopMax));
        }

        await using var again = await ServerProcess.StartAsync(data);
        foreach (var trace in sent) await again.Api.SettledRunAsync(trace.Id, spans: 2, calls: 1);
        await CheckAsync(again);

        // Whatever the recovery left behind must not come back either.
        Assert.Equal(0, await again.StopAsync(StopMax));
        await using var third = await ServerProcess.StartAsync(data);
        var last = new JsonTrace();
        await third.Otlp.SendJsonAsync(JsonTrace.Request(last.Root(1, "c-after"), last.Chat(2, 1, "gpt-4o", 1, 0, 1)));
        await third.Api.SettledRunAsync(last.Id, spans: 2, calls: 1);
        await CheckAsync(third);

        async Task CheckAsync(ServerProcess server)
        {
            var answer = await server.Api.GetAsync("/api/v1/costs?groupBy=customer&customer=c-killed");
            var row = Assert.Single(answer.GetProperty("rows").EnumerateArray());
            // Input 500 + 501 + … + 539 at $2.50 and 40 × 100 output at $10 per million.
            Assert.Equal((traces, 20_780, 4000, "0.091950000000"), (row.Count("calls"), row.Count("inputTokens"), row.Count("outputTokens"), row.Text("cost")));
            foreach (var trace in sent) Assert.Single(await RowsAsync(server, trace));
        }
    }

    private static async Task<IEnumerable<JsonElement>> RowsAsync(ServerProcess server, JsonTrace trace) =>
        (await server.Api.GetAsync($"/api/v1/spans/{trace.Id}/{JsonTrace.SpanId(2)}/explain")).GetProperty("rows").EnumerateArray();
}
