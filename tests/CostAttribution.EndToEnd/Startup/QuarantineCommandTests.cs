using CostAttribution.EndToEnd.Hosting;

namespace CostAttribution.EndToEnd.Startup;

/// <summary>The verb <c>quarantine</c> on a running server and on a stopped server's data directory.</summary>
public sealed class QuarantineCommandTests
{
    [Fact]
    public async Task An_empty_quarantine_is_told_and_a_directory_in_use_is_posted_to_by_its_server_only()
    {
        using var data = new TempDirectory();
        var directory = Path.Combine(data.Path, "data");
        await using (var server = await ServerProcess.StartAsync(data))
        {
            var listed = await ServerRun.ToEndAsync(data, "quarantine", "list", "--server", server.ApiUrl.ToString());
            Assert.Equal(["nothing is in quarantine"], listed.Lines);
            var looked = await ServerRun.ToEndAsync(data, "quarantine", "list", "--json", "--DataDirectory", directory);
            Assert.Equal(["[]"], looked.Lines);
            var posted = await ServerRun.ToEndAsync(data, "quarantine", "post", "--all", "--server", server.ApiUrl.ToString());
            Assert.True(posted.ExitCode == 0, string.Join('\n', [.. posted.Lines, .. posted.Errors]));
            var unknown = await ServerRun.ToEndAsync(data, "quarantine", "post", "n-1", "--server", server.ApiUrl.ToString());
            unknown.FailedWith(["no refused posting 'n-1' is in quarantine"]);

            var taken = await ServerRun.ToEndAsync(data, "quarantine", "post", "--all", "--DataDirectory", directory);
            taken.FailedWith(["in use by another process", "quarantine post --server"]);
            Assert.Equal(0, await server.StopAsync(TimeSpan.FromSeconds(60)));
        }

        var stopped = await ServerRun.ToEndAsync(data, "quarantine", "post", "--all", "--DataDirectory", directory);

        Assert.Equal(["nothing is in quarantine"], stopped.Lines);
        Assert.Equal(0, stopped.ExitCode);
    }
}
