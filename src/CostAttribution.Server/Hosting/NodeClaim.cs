using System.Security.Cryptography;
using CostAttribution.ClickHouse.Nodes;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Journal;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Hosting;

/// <summary>
/// This start's hold on its node id in a remote store, renewed while the server runs. The embedded store belongs to its data
/// directory, whose lock says as much: it is asked nothing.
/// </summary>
internal sealed partial class NodeClaim : IAsyncDisposable
{
    private const int IdChars = 16;

    /// <summary>Longest that a stop waits for the store to hear that the id is free.</summary>
    private static readonly TimeSpan ReleaseMax = TimeSpan.FromSeconds(2);

    private readonly NodeRegistry registry;
    private readonly NodeOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly CancellationTokenSource ended = new();

    private NodeClaim(NodeRegistry registry, NodeOptions options, TimeProvider clock, ILogger logger)
    {
        this.registry = registry;
        this.options = options;
        this.clock = clock;
        this.logger = logger;
        Lost = BeatAsync();
    }

    /// <summary>Fails with <see cref="NodeInUseException"/> when another process has the node id; completes at the end.</summary>
    public Task Lost { get; }

    public static string NewId() => RandomNumberGenerator.GetHexString(IdChars, lowercase: true);

    /// <summary>Claims the node id; throws <see cref="StartupException"/> with what to do when another process uses it.</summary>
    public static async Task<NodeClaim> TakeAsync(IClickHouseTransport store, ServerSettings settings, InstanceFile instance,
        string startId, TimeProvider clock, ILogger logger, CancellationToken cancel)
    {
        var start = new NodeStart(
            settings.NodeId, instance.InstanceId, startId, instance.FormerStarts, Environment.MachineName);
        var registry = new NodeRegistry(store, start, settings.Node, clock) { BeforeClaim = () => instance.Record(startId) };
        try
        {
            await registry.RegisterAsync(cancel).ConfigureAwait(false);
            return new NodeClaim(registry, settings.Node, clock, logger);
        }
        catch (Exception fault) when (fault is NodeInUseException or JournalException)
        {
            throw new StartupException(fault.Message);
        }
        catch (Exception fault) when (fault is ClickHouseException or StoreUnavailableException)
        {
            await ReleaseAsync(registry, clock).ConfigureAwait(false);
            throw new StartupException(
                $"the node cannot be registered in the store at {settings.Store.ShownUrl}: {fault.Message}");
        }
        catch (OperationCanceledException)
        {
            await ReleaseAsync(registry, clock).ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync().ConfigureAwait(false);
        await Lost.ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
        ended.Dispose();
        if (!Lost.IsFaulted) await ReleaseAsync(registry, clock).ConfigureAwait(false);
    }

    private static async Task ReleaseAsync(NodeRegistry registry, TimeProvider clock)
    {
        using var limit = new CancellationTokenSource(ReleaseMax, clock);
        try
        {
            await registry.ReleaseAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is ClickHouseException or StoreUnavailableException or OperationCanceledException)
        {
            // The next start waits a moment, or finds the claim stale.
        }
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(options.HeartbeatInterval, clock);
        var trouble = "";
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token).ConfigureAwait(false))
            {
                try
                {
                    await BeatOnceAsync().ConfigureAwait(false);
                    if (trouble.Length > 0) BeatsAgain(logger);
                    trouble = "";
                }
                catch (Exception fault) when (fault is ClickHouseException or StoreUnavailableException)
                {
                    // The journal takes the load meanwhile; who holds the id is settled when the store answers again.
                    if (trouble != fault.Message) NotBeating(logger, options.StaleAfter.TotalSeconds, fault.Message);
                    trouble = fault.Message;
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
        }
    }

    // The transport's own limit is for postings and far too long here: one request that hangs must not make a node look dead.
    private async Task BeatOnceAsync()
    {
        var max = 2 * options.HeartbeatInterval < options.StaleAfter / 3 ? 2 * options.HeartbeatInterval : options.StaleAfter / 3;
        using var limit = new CancellationTokenSource(max, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ended.Token);
        try
        {
            await registry.BeatAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException fault) when (!ended.IsCancellationRequested)
        {
            throw new StoreUnavailableException($"the store did not answer within {max.TotalSeconds:0.#} s", fault);
        }
    }

    [LoggerMessage(3201, LogLevel.Warning,
        "the store was not told that this node lives; after {StaleSeconds} s of that another process may claim its id: {Fault}")]
    private static partial void NotBeating(ILogger logger, double staleSeconds, string fault);

    [LoggerMessage(3202, LogLevel.Information, "the store hears again that this node lives")]
    private static partial void BeatsAgain(ILogger logger);
}
