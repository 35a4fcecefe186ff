using System.Globalization;
using CostAttribution.ClickHouse.Embedded;
using CostAttribution.EndToEnd.Hosting;
using CostAttribution.EndToEnd.Ledger;
using CostAttribution.EndToEnd.Remote;
using CostAttribution.Testing.Store;

[assembly: AssemblyFixture(typeof(StoreServer))]

namespace CostAttribution.EndToEnd.Remote;

/// <summary>
/// A ClickHouse server for those tests that need a remote one: the engine of this process behind a writable HTTP front; started
/// by the first that needs it.
/// </summary>
public sealed class StoreServer : IAsyncDisposable
{
    private readonly TempDirectory data = new();
    private readonly Lazy<Task<(ChdbEngine Engine, WritableHttpFront Front)>> running;
    private int databases;

    public StoreServer() => running = new(StartAsync);

    /// <summary>A database of its own behind a proxy of its own.</summary>
    internal async Task<RemoteStore> NewAsync()
    {
        var (_, front) = await running.Value;
        var database = "r" + Interlocked.Increment(ref databases).ToString(CultureInfo.InvariantCulture);
        return new RemoteStore(front.Url, database, await FaultProxy.StartAsync(front.Url, TimeProvider.System));
    }

    public async ValueTask DisposeAsync()
    {
        if (running is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            var (engine, front) = await running.Value;
            await front.DisposeAsync();
            await engine.DisposeAsync();
        }
        data.Dispose();
    }

    private async Task<(ChdbEngine Engine, WritableHttpFront Front)> StartAsync()
    {
        var engine = ChdbEngine.Start(new ChdbOptions { Directory = data.Path });
        return (engine, await WritableHttpFront.StartAsync(engine));
    }
}

/// <summary>One database, the way to it, and what its owner sees without the proxy.</summary>
internal sealed class RemoteStore(Uri front, string database, FaultProxy proxy) : IAsyncDisposable
{
    public FaultProxy Proxy => proxy;

    public SqlClient Sql { get; } = new(front, "tester", "secret", database);

    /// <summary>For a server that keeps its ledger here; it tries again soon.</summary>
    public string[] Settings =>
    [
        "--ClickHouse:Mode", "Remote", "--ClickHouse:Url", proxy.Url.ToString(), "--ClickHouse:Database", database,
        "--ClickHouse:User", "tester", "--ClickHouse:Password", "secret", "--ClickHouse:RequestTimeout", "00:00:20",
        "--Posting:RetryDelay", "00:00:00.02", "--Posting:RetryDelayMax", "00:00:00.2",
        "--Node:HeartbeatInterval", "00:00:00.2", "--Node:StaleAfter", "00:00:05",
    ];

    public async ValueTask DisposeAsync()
    {
        Sql.Dispose();
        await proxy.DisposeAsync();
    }
}
