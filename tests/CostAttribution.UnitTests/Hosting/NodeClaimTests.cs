using CostAttribution.ClickHouse.Transport;
using CostAttribution.Journal;
using CostAttribution.Server.Hosting;
using CostAttribution.Server.Settings;
using CostAttribution.Testing.Filesystem;
using CostAttribution.Testing.Time;
using Microsoft.Extensions.Configuration;

namespace CostAttribution.UnitTests.Hosting;

/// <summary>A start that ends at a bad moment does not keep the next one of its own directory out.</summary>
public sealed class NodeClaimTests : IAsyncDisposable
{
    private readonly ManualClock clock = new();
    private readonly MemoryDisk disk = new();
    private readonly NodesTable store;
    private readonly LogLines log = new();
    private readonly ServerSettings settings = ServerSettings.From(new ConfigurationBuilder().AddInMemoryCollection(
        new Dictionary<string, string?>
        {
            ["ClickHouse:Mode"] = "Remote", ["ClickHouse:Url"] = "http://store:8123", ["Node:StaleAfter"] = "01:00:00",
        }).Build(), demo: false);

    public NodeClaimTests() => store = new NodesTable(clock);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    public async Task The_directory_knows_the_start_before_the_store_does()
    {
        var known = new List<string>();
        store.OnWrite = () => known.Add(string.Join(' ', Instance().FormerStarts));

        await using (await TakeAsync("s1"))
        {
        }

        Assert.Equal(["s1", "s1"], known);
        Assert.Equal(["s1 running", "s1 stopped"], store.Rows);
    }

    [Fact]
    public async Task A_start_that_fails_after_its_claim_gives_the_id_back()
    {
        store.Fail = isWrite => !isWrite && store.Rows.Count == 1 ? new StoreUnavailableException("cut") : null;

        await Assert.ThrowsAsync<StartupException>(() => TakeAsync("s1"));

        Assert.Equal(["s1 running", "s1 stopped"], store.Rows);
    }

    [Fact]
    public async Task A_start_that_is_told_to_stop_after_its_claim_gives_the_id_back()
    {
        store.Fail = isWrite => !isWrite && store.Rows.Count == 1 ? new OperationCanceledException() : null;

        await Assert.ThrowsAsync<OperationCanceledException>(() => TakeAsync("s1"));

        Assert.Equal(["s1 running", "s1 stopped"], store.Rows);
    }

    [Fact]
    public async Task The_store_hears_nothing_of_a_start_that_could_not_ask()
    {
        var away = true;
        store.Fail = _ => away ? new StoreUnavailableException("away") : null;

        await Assert.ThrowsAsync<StartupException>(() => TakeAsync("s1"));
        away = false;

        Assert.Empty(store.Rows);
        Assert.Empty(Instance().FormerStarts);
    }

    [Fact]
    public async Task A_start_that_ended_between_claim_and_confirmation_does_not_keep_the_next_one_out()
    {
        store.Fail = _ => store.Rows.Count == 1 ? new StoreUnavailableException("gone for good") : null;
        await Assert.ThrowsAsync<StartupException>(() => TakeAsync("s1"));
        store.Fail = _ => null;
        disk.KillProcess();

        var taking = TakeAsync("s2");
        for (var turn = 0; turn < 100 && !taking.IsCompleted; turn++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await using var claim = await taking;

        Assert.Equal(["s1 running", "s2 running"], store.Rows);
        Assert.Equal(["s2", "s1"], Instance().FormerStarts);
    }

    [Fact]
    public async Task A_heartbeat_that_fails_is_told_once_and_so_is_its_end()
    {
        await using var claim = await TakeAsync("s1");
        store.Fail = _ => new StoreUnavailableException("away");
        await BeatUntilAsync(() => log.All.Count > 0);
        var before = store.Rows.Count;
        for (var beat = 0; beat < 5; beat++) clock.Advance(TimeSpan.FromSeconds(5));
        store.Fail = _ => null;
        await BeatUntilAsync(() => log.All.Count > 1);

        Assert.True(store.Rows.Count > before);
        Assert.Contains("away", log.All[0], StringComparison.Ordinal);
        Assert.Contains("hears again", log.All[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_heartbeat_that_hangs_is_given_up_before_the_node_looks_dead()
    {
        await using var claim = await TakeAsync("s1");
        var hung = 0;
        store.Wait = cancel => Interlocked.Increment(ref hung) == 1 ? Task.Delay(Timeout.Infinite, cancel) : Task.CompletedTask;
        await BeatUntilAsync(() => Volatile.Read(ref hung) > 0);
        var before = store.Rows.Count;

        await BeatUntilAsync(() => store.Rows.Count > before);

        Assert.Contains("did not answer within 10 s", log.All[0], StringComparison.Ordinal);
    }

    private Task<NodeClaim> TakeAsync(string startId) =>
        NodeClaim.TakeAsync(store, settings, Instance(), startId, clock, log, TestContext.Current.CancellationToken);

    private InstanceFile Instance() => InstanceFile.Adopt(disk.Root, "directory1");

    // The heart beats on a thread of the pool.
    private async Task BeatUntilAsync(Func<bool> seen)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!seen())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(30), "nothing was told");
            clock.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }
    }
}
