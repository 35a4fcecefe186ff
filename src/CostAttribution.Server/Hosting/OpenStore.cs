using System.Globalization;
using CostAttribution.ClickHouse.Embedded;
using CostAttribution.ClickHouse.Schema;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Hosting;

/// <summary>The store of this run: an embedded engine or a connection to a server, with the schema in place.</summary>
internal sealed class OpenStore : IAsyncDisposable
{
    /// <summary>Oldest ClickHouse server whose SQL the schema and the queries are known to work with.</summary>
    private static readonly Version ServerVersionMin = new(25, 3);

    private OpenStore(IClickHouseTransport transport, ChdbEngine? engine)
    {
        Transport = transport;
        Engine = engine;
    }

    public IClickHouseTransport Transport { get; }

    /// <summary>The engine in this process; null for a remote store.</summary>
    public ChdbEngine? Engine { get; }

    /// <summary>Opens and migrates; throws <see cref="StartupException"/> with what to do when that cannot be.</summary>
    public static async Task<OpenStore> OpenAsync(StoreSettings settings, string dataDirectory, CancellationToken cancel)
    {
        OpenStore? store = null;
        try
        {
            store = settings.Mode == StoreMode.Embedded ? Embedded(settings, dataDirectory) : Remote(settings);
            if (settings.Mode == StoreMode.Remote)
                await CheckVersionAsync(store.Transport, settings.ShownUrl, cancel).ConfigureAwait(false);
            if (store.Transport.Cluster is { } cluster)
                await CheckClusterAsync(store.Transport, cluster, cancel).ConfigureAwait(false);
            await new SchemaMigrator(store.Transport, store.Transport.Cluster).MigrateAsync(cancel).ConfigureAwait(false);
            return store;
        }
        catch (StartupException)
        {
            if (store is not null) await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        catch (Exception fault) when (fault is StoreUnavailableException or ClickHouseException or SchemaException)
        {
            if (store is not null) await store.DisposeAsync().ConfigureAwait(false);
            throw new StartupException(Describe(fault, settings));
        }
        catch (Exception fault) when (settings.Mode == StoreMode.Embedded && fault is IOException or UnauthorizedAccessException)
        {
            if (store is not null) await store.DisposeAsync().ConfigureAwait(false);
            throw new StartupException($"DataDirectory '{dataDirectory}' cannot be used: {fault.Message.TrimEnd('.')}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Transport.DisposeAsync().ConfigureAwait(false);
        if (Engine is not null) await Engine.DisposeAsync().ConfigureAwait(false);
    }

    private static OpenStore Embedded(StoreSettings settings, string dataDirectory)
    {
        var engine = ChdbEngine.Start(
            new ChdbOptions { Directory = Path.Combine(dataDirectory, "store"), MemoryBytesMax = settings.MemoryBytesMax });
        return new OpenStore(engine.CreateTransport(settings.Database), engine);
    }

    private static OpenStore Remote(StoreSettings settings) => new(new HttpTransport(new HttpTransportOptions
    {
        Url = new Uri(settings.Url),
        Database = settings.Database,
        Cluster = settings.Cluster.Length > 0 ? settings.Cluster : null,
        User = settings.User,
        Password = settings.Password,
        RequestTimeout = settings.RequestTimeout,
    }), null);

    private static async Task CheckVersionAsync(IClickHouseTransport transport, string url, CancellationToken cancel)
    {
        var answer = await transport.QueryAsync(
            new ClickHouseQuery("SELECT version()") { Format = "TabSeparated", OutsideDatabase = true }, cancel)
            .ConfigureAwait(false);
        var text = System.Text.Encoding.UTF8.GetString(answer).Trim();
        var parts = text.Split('.');
        if (parts.Length < 2 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out var year)
            || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var release))
            throw new StartupException(
                $"what answers at {url} is not ClickHouse (it says its version is '{text}'); check ClickHouse:Url");
        if (new Version(year, release) < ServerVersionMin)
            throw new StartupException($"ClickHouse {text} at {url} is too old; use {ServerVersionMin} or newer");
    }

    // What is in doubt is settled by asking the store, and a replica that lags behind gives the wrong answer. Quorum inserts with
    // sequential reads do not help: an insert whose quorum is not confirmed is invisible and yet may stay.
    private static async Task CheckClusterAsync(IClickHouseTransport transport, string cluster, CancellationToken cancel)
    {
        var answer = await transport.QueryAsync(new ClickHouseQuery(
            "SELECT count() FROM system.clusters WHERE cluster = {cluster:String}")
        {
            Format = "TabSeparated",
            OutsideDatabase = true,
            Parameters = new Dictionary<string, string> { ["cluster"] = cluster },
        }, cancel).ConfigureAwait(false);
        var servers = System.Text.Encoding.UTF8.GetString(answer).Trim();
        if (servers == "1") return;
        throw new StartupException(servers == "0"
            ? $"the store knows no cluster '{cluster}'; check ClickHouse:Cluster"
            : $"cluster '{cluster}' has {servers} servers, and rows would be counted twice or missed while one lags behind "
                + "another; use a single server, or a cluster of one");
    }

    /// <summary>Why a store cannot be used, and what to look at.</summary>
    public static string Describe(Exception fault, StoreSettings settings) => settings.Mode == StoreMode.Remote
        ? $"the store at {settings.ShownUrl} cannot be used: {fault.Message}; "
            + "check ClickHouse:Url, ClickHouse:User and that the server runs"
        : $"the embedded store cannot be used: {fault.Message}";
}
