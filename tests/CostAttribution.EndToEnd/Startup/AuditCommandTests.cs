using System.Text.Json;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Intake;

namespace CostAttribution.EndToEnd.Startup;

/// <summary>The verb <c>audit</c> on a stopped server's data directory, and on a running server.</summary>
public sealed class AuditCommandTests
{
    [Fact]
    public async Task The_ledger_of_a_server_is_audited_while_it_runs_and_after_it_has_stopped()
    {
        using var data = new TempDirectory();
        var directory = Path.Combine(data.Path, "data");
        await using (var server = await ServerProcess.StartAsync(data))
        {
            var trace = new JsonTrace();
            await server.Otlp.SendJsonAsync(JsonTrace.Request(trace.Root(1, "c-audit"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100)));
            await server.Api.SettledRunAsync(trace.Id, spans: 2, calls: 1);

            var taken = await ServerRun.ToEndAsync(data, "audit", "--DataDirectory", directory);
            taken.FailedWith(["in use by another process", "audit --server"]);

            var running = await ServerRun.ToEndAsync(data, "audit", "--server", server.ApiUrl.ToString());
            Assert.True(running.ExitCode == 0, string.Join('\n', [.. running.Lines, .. running.Errors]));
            Assert.Contains("1 ledger rows in 1 hours", running.Lines[0], StringComparison.Ordinal);
            Assert.Equal("nothing found", running.Lines[^1]);
            var listed = await server.Api.GetAsync("/api/v1/audits");
            Assert.Equal("completed", Assert.Single(listed.GetProperty("audits").EnumerateArray()).Text("state"));
            var pipeline = await server.Api.GetAsync("/api/v1/pipeline");
            Assert.Equal("healthy", pipeline.GetProperty("audit").GetProperty("status").Text("state"));
            Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(60)));
        }

        var stopped = await ServerRun.ToEndAsync(data, "audit", "--json", "--DataDirectory", directory);

        Assert.True(stopped.ExitCode == 0, string.Join('\n', [.. stopped.Lines, .. stopped.Errors]));
        using var report = JsonDocument.Parse(string.Join('\n', stopped.Lines));
        Assert.Equal(("completed", 1, 0), (report.RootElement.Text("state"), report.RootElement.Count("rows"), report.RootElement.Count("found")));
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_named()
    {
        using var data = new TempDirectory();

        var run = await ServerRun.ToEndAsync(data, "audit", "--server", "http://127.0.0.1:9");

        run.FailedWith(["http://127.0.0.1:9", "--server"]);
    }
}
