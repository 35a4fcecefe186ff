using CostAttribution.ClickHouse.Nodes;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Nodes;

/// <summary>Two processes never post under one node id for longer than one of them needs to notice.</summary>
public sealed class NodeRegistryTests(EngineFixture engine)
{
    private static readonly NodeOptions Slow = new()
    {
        HeartbeatInterval = TimeSpan.FromMinutes(1), StaleAfter = TimeSpan.FromHours(1),
    };

    private static readonly NodeOptions Quick = new()
    {
        HeartbeatInterval = TimeSpan.FromMilliseconds(200), StaleAfter = TimeSpan.FromHours(1),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task A_second_node_with_the_same_id_is_refused_and_told_what_to_do(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind);
        var first = Registry(store, "a", "1");
        await first.RegisterAsync(Cancel);

        var refused = await Assert.ThrowsAsync<NodeInUseException>(() => Registry(store, "b", "2").RegisterAsync(Cancel));

        foreach (var word in new[] { "node id 'node-1'", "host h-a", "another NodeId", "3600 s", "--Node:TakeOver true" })
            Assert.Contains(word, refused.Message, StringComparison.Ordinal);
        await first.BeatAsync(Cancel);
    }

    [Fact]
    public async Task Nodes_with_ids_of_their_own_do_not_meet()
    {
        await using var store = await engine.NewStoreAsync();
        var first = Registry(store, "a", "1", nodeId: "node-1");
        var second = Registry(store, "b", "2", nodeId: "node-2");

        await first.RegisterAsync(Cancel);
        await second.RegisterAsync(Cancel);

        await first.BeatAsync(Cancel);
        await second.BeatAsync(Cancel);
    }

    [Fact]
    public async Task A_node_that_was_stopped_gives_its_id_back_at_once()
    {
        await using var store = await engine.NewStoreAsync();
        var first = Registry(store, "a", "1");
        await first.RegisterAsync(Cancel);
        await first.BeatAsync(Cancel);
        await first.ReleaseAsync(Cancel);

        await Registry(store, "b", "2").RegisterAsync(Cancel);
    }

    [Fact]
    public async Task A_node_that_was_killed_comes_back_on_its_directory_after_two_silent_intervals()
    {
        await using var store = await engine.NewStoreAsync();
        await Registry(store, "a", "1", options: Quick).RegisterAsync(Cancel);

        await Registry(store, "a", "2", formerStarts: "1", options: Quick).RegisterAsync(Cancel);

        Assert.Equal("2", await store.AskAsync("SELECT max(generation) FROM nodes"));
    }

    [Fact]
    public async Task A_node_that_is_killed_again_right_after_its_claim_comes_back_all_the_same()
    {
        await using var store = await engine.NewStoreAsync();
        await Registry(store, "a", "1", options: Quick).RegisterAsync(Cancel);
        await Registry(store, "a", "2", formerStarts: "1", options: Quick).RegisterAsync(Cancel);

        // The store still takes both for living: neither was silent for as long as StaleAfter.
        await Registry(store, "a", "3", formerStarts: "2 1", options: Quick).RegisterAsync(Cancel);

        Assert.Equal("3", await store.AskAsync("SELECT max(generation) FROM nodes"));
    }

    [Fact]
    public async Task A_copy_of_a_directory_whose_node_lives_is_refused()
    {
        await using var store = await engine.NewStoreAsync();
        var original = Registry(store, "a", "1", options: Quick);
        await original.RegisterAsync(Cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var beating = BeatUntilAsync(original, stop.Token);

        // Copied while the first runs: it takes the registered start for its own former one, until that speaks.
        var copy = Registry(store, "a", "2", formerStarts: "1", options: Quick);
        var refused = await Assert.ThrowsAsync<NodeInUseException>(() => copy.RegisterAsync(Cancel));
        // Copied before it was started: not even that.
        await Assert.ThrowsAsync<NodeInUseException>(() => Registry(store, "a", "3", formerStarts: "0").RegisterAsync(Cancel));
        await stop.CancelAsync();
        await beating;

        Assert.Contains("copies of each other", refused.Message, StringComparison.Ordinal);
        Assert.Contains("another NodeId and, after its journal is posted, an empty DataDirectory", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_has_long_been_silent_gives_way_and_notices_it_when_it_wakes()
    {
        await using var store = await engine.NewStoreAsync();
        var silent = Registry(store, "a", "1");
        await silent.RegisterAsync(Cancel);
        await store.AskAsync("ALTER TABLE nodes UPDATE seen_at = now64(3) - INTERVAL 2 HOUR WHERE 1 SETTINGS mutations_sync = 1");

        var second = Registry(store, "b", "2");
        await second.RegisterAsync(Cancel);

        await Assert.ThrowsAsync<NodeInUseException>(() => silent.BeatAsync(Cancel));
        await second.BeatAsync(Cancel);
    }

    [Fact]
    public async Task A_node_may_be_told_to_take_over_and_the_other_then_stops()
    {
        await using var store = await engine.NewStoreAsync();
        var first = Registry(store, "a", "1");
        await first.RegisterAsync(Cancel);

        var second = Registry(store, "b", "2", options: new NodeOptions { TakeOver = true, StaleAfter = Slow.StaleAfter });
        await second.RegisterAsync(Cancel);

        await Assert.ThrowsAsync<NodeInUseException>(() => first.BeatAsync(Cancel));
        await second.BeatAsync(Cancel);
    }

    [Fact]
    public async Task Of_nodes_that_start_at_once_under_one_id_at_most_one_stays()
    {
        for (var round = 0; round < 5; round++)
        {
            await using var store = await engine.NewStoreAsync();
            var nodes = Enumerable.Range(0, 4).Select(i => Registry(store, $"d{i}", $"s{i}")).ToList();

            var started = await Task.WhenAll(nodes.Select(node => OutcomeAsync(() => node.RegisterAsync(Cancel))));
            var living = nodes.Where((_, i) => started[i]).ToList();
            var beaten = new List<bool>();
            foreach (var node in living) beaten.Add(await OutcomeAsync(() => node.BeatAsync(Cancel)));

            Assert.Single(beaten, stays => stays);
        }
    }

    [Theory]
    [InlineData(10, 30, "Node:HeartbeatInterval")]
    [InlineData(5000, 6000, "Node:StaleAfter")]
    public void Intervals_that_cannot_work_are_named(int heartbeatMs, int staleMs, string setting)
    {
        var options = new NodeOptions
        {
            HeartbeatInterval = TimeSpan.FromMilliseconds(heartbeatMs), StaleAfter = TimeSpan.FromMilliseconds(staleMs),
        };

        Assert.Contains(options.Validate(), fault => fault.StartsWith(setting, StringComparison.Ordinal));
        Assert.Empty(new NodeOptions().Validate());
    }

    private static NodeRegistry Registry(IClickHouseTransport store, string instance, string start, string formerStarts = "",
        string nodeId = "node-1", NodeOptions? options = null) =>
        new(store, new NodeStart(nodeId, instance, start, formerStarts.Split(' '), "h-" + instance), options ?? Slow, TimeProvider.System);

    private static async Task<bool> OutcomeAsync(Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (NodeInUseException)
        {
            return false;
        }
    }

    private static async Task BeatUntilAsync(NodeRegistry registry, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await timer.WaitForNextTickAsync(stop)) await registry.BeatAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }
}
