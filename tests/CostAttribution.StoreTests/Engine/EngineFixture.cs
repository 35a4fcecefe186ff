using System.Globalization;
using CostAttribution.ClickHouse.Embedded;
using CostAttribution.ClickHouse.Schema;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Store;

[assembly: AssemblyFixture(typeof(EngineFixture))]

namespace CostAttribution.StoreTests.Engine;

/// <summary>
/// The one engine of the test process (the library allows no second) and the writable HTTP front before it. Each test takes
/// databases of its own.
/// </summary>
public sealed class EngineFixture : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("store-tests-").FullName;
    private int databases;

    public ChdbEngine Engine { get; private set; } = null!;
    public string DataDirectory => directory;
    private WritableHttpFront Front { get; set; } = null!;

    public Uri FrontUrl => Front.Url;

    public async ValueTask InitializeAsync()
    {
        Engine = ChdbEngine.Start(new ChdbOptions { Directory = directory });
        Front = await WritableHttpFront.StartAsync(Engine);
    }

    public async ValueTask DisposeAsync()
    {
        await Front.DisposeAsync();
        await Engine.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A name no other test uses.</summary>
    public string NewDatabase() => "t" + Interlocked.Increment(ref databases).ToString(CultureInfo.InvariantCulture);

    public IClickHouseTransport Connect(TransportKind kind, string database) => kind switch
    {
        TransportKind.Embedded => Engine.CreateTransport(database),
        _ => new HttpTransport(new HttpTransportOptions { Url = Front.Url, Database = database, User = "tester",
            Password = "secret" }),
    };

    /// <summary>A transport to a new database; with the product's schema unless told otherwise.</summary>
    public async Task<IClickHouseTransport> NewStoreAsync(TransportKind kind = TransportKind.Embedded, bool migrate = true)
    {
        var transport = Connect(kind, NewDatabase());
        if (migrate) await new SchemaMigrator(transport).MigrateAsync(TestContext.Current.CancellationToken);
        else
        {
            await transport.QueryAsync(new ClickHouseQuery($"CREATE DATABASE {transport.Database}") { OutsideDatabase = true },
                TestContext.Current.CancellationToken);
        }
        return transport;
    }
}

/// <summary>The two ways to the store that the contract suite covers.</summary>
public enum TransportKind { Embedded, Http }
