using System.Net;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Intake;
using CostAttribution.EndToEnd.Ledger;
using CostAttribution.EndToEnd.Startup;

namespace CostAttribution.EndToEnd.Remote;

/// <summary>Two servers on one remote store: never both under one node id.</summary>
public sealed class TwoNodesTests(StoreServer stores)
{
    [Fact]
    public async Task A_second_server_with_the_same_node_id_is_refused_and_one_with_its_own_runs_beside()
    {
        using var data = new TempDirectory();
        using var other = new TempDirectory();
        await using var store = await stores.NewAsync();
        await using var first = await ServerProcess.StartAsync(data, store.Settings);

        var run = await ServerRun.ToEndAsync(other,
            [.. ServerRun.AnyPorts, .. store.Settings, "--DataDirectory", Path.Combine(other.Path, "data")]);

        run.FailedWith(["node id 'node-1'", "another NodeId", "--Node:TakeOver true"]);
        using var third = new TempDirectory();
        await using var second = await ServerProcess.StartAsync(third, [.. store.Settings, "--NodeId", "node-2"]);
        Assert.Equal(HttpStatusCode.OK, await first.Api.StatusAsync("/health/ready"));
    }

    [Fact]
    public async Task A_killed_server_comes_back_at_once_and_a_copy_of_its_directory_does_not()
    {
        using var data = new TempDirectory();
        await using var store = await stores.NewAsync();
        await using (var killed = await ServerProcess.StartAsync(data, store.Settings)) await killed.KillAsync();

        await using var again = await ServerProcess.StartAsync(data, store.Settings);
        using var copy = new TempDirectory();
        var copied = Path.Combine(copy.Path, "data");
        CopyDirectory(Path.Combine(data.Path, "data"), copied);
        var run = await ServerRun.ToEndAsync(copy, [.. ServerRun.AnyPorts, .. store.Settings, "--DataDirectory", copied]);

        run.FailedWith(["copies of each other", "after its journal is posted, an empty DataDirectory"]);
        Assert.Equal(HttpStatusCode.OK, await again.Api.StatusAsync("/health/ready"));
    }

    [Fact]
    public async Task A_server_whose_node_id_is_taken_over_stops_and_says_why()
    {
        using var data = new TempDirectory();
        using var other = new TempDirectory();
        await using var store = await stores.NewAsync();
        await using var first = await ServerProcess.StartAsync(data, store.Settings);

        await using var second = await ServerProcess.StartAsync(other, [.. store.Settings, "--Node:TakeOver", "true"]);

        Assert.Equal(1, await first.WaitForExitAsync(Eventually.DeadlineDefault));
        Assert.Contains(first.Lines, line => line.StartsWith("error: another process uses node id 'node-1'", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, await second.Api.StatusAsync("/health/ready"));
    }

    [Fact]
    public async Task A_server_whose_node_id_is_taken_over_posts_nothing_more()
    {
        using var data = new TempDirectory();
        using var other = new TempDirectory();
        await using var store = await stores.NewAsync();
        // What is due waits for company until the server is told to stop.
        await using var first = await ServerProcess.StartAsync(data, [.. store.Settings, "--Posting:FlushInterval", "00:01:00"]);
        var trace = new JsonTrace();
        await first.Otlp.SendJsonAsync(JsonTrace.Request(trace.Root(1, "c-taken"), trace.Chat(2, 1, "gpt-4o", 500, 0, 100)));
        await Settled.NothingOpenAsync(first, first.ToString);

        await using var second = await ServerProcess.StartAsync(other, [.. store.Settings, "--Node:TakeOver", "true"]);
        Assert.Equal(1, await first.WaitForExitAsync(Eventually.DeadlineDefault));

        Assert.Equal("0", await store.Sql.ScalarAsync("SELECT count() FROM cost_ledger"));
    }

    private static void CopyDirectory(string from, string to)
    {
        foreach (var path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            // The lock is held, and says nothing.
            if (Path.GetFileName(path) != "lock") File.Copy(path, target);
        }
    }
}
