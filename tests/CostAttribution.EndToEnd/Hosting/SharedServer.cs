using CostAttribution.EndToEnd.Hosting;

[assembly: AssemblyFixture(typeof(SharedServer))]

namespace CostAttribution.EndToEnd.Hosting;

/// <summary>One server for all tests that neither stop it nor count everything it holds; started by the first that needs it.</summary>
public sealed class SharedServer : IAsyncDisposable
{
    private readonly TempDirectory data = new();
    private readonly Lazy<Task<ServerProcess>> server;

    public SharedServer() =>
        server = new Lazy<Task<ServerProcess>>(() => ServerProcess.StartAsync(data, "--ClickHouse:HttpPort", ServerProcess.FreePort()));

    internal Task<ServerProcess> GetAsync() => server.Value;

    public async ValueTask DisposeAsync()
    {
        if (server.IsValueCreated && server.Value.IsCompletedSuccessfully) await (await server.Value).DisposeAsync();
        data.Dispose();
    }
}
