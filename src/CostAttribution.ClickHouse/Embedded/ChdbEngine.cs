using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Embedded;

/// <summary>
/// The embedded ClickHouse of this process. The library allows one engine and one data directory per process, so there is one
/// instance at a time; a second opener of the directory, in this process or another, gets a clear error.
/// </summary>
public sealed class ChdbEngine : IAsyncDisposable
{
    private static int running;

    private readonly ChdbOptions options;
    private readonly DirectoryLock directoryLock;
    private readonly string dataPath;

    /// <summary>Held open for the engine's life: closing the last connection would shut the engine down.</summary>
    private readonly ChdbConnection keeper;

    /// <summary>Everything that runs statements; drained before the keeper closes.</summary>
    private readonly ConcurrentQueue<EngineLanes> lanes = [];

    private ChdbEngine(ChdbOptions options, DirectoryLock directoryLock, string dataPath, ChdbConnection keeper)
    {
        this.options = options;
        this.directoryLock = directoryLock;
        this.dataPath = dataPath;
        this.keeper = keeper;
        InsertLanes = AddLanes("chdb-insert", options.InsertLanes, options.WaitingMax, OpenProductSession);
        QueryLanes = AddLanes("chdb-query", options.QueryLanes, options.WaitingMax, OpenProductSession);
    }

    internal EngineLanes QueryLanes { get; }
    internal EngineLanes InsertLanes { get; }

    /// <summary>Version of the library, for example <c>26.7.2</c>.</summary>
    public static unsafe string LibraryVersion => Marshal.PtrToStringUTF8((nint)ChdbNative.Version()) ?? "";

    /// <summary>
    /// Locks the directory and starts the engine; 0.1–1 s. Throws <see cref="StoreUnavailableException"/> with what to do.
    /// </summary>
    public static ChdbEngine Start(ChdbOptions options)
    {
        if (Interlocked.Exchange(ref running, 1) != 0)
        {
            throw new StoreUnavailableException(
                "this process already runs an embedded engine: dispose it before starting another");
        }
        DirectoryLock? directoryLock = null;
        try
        {
            directoryLock = DirectoryLock.Acquire(options.Directory);
            var dataPath = Path.Combine(Path.GetFullPath(options.Directory), "engine");
            Directory.CreateDirectory(dataPath);
            var configPath = Path.Combine(Path.GetFullPath(options.Directory), "engine.xml");
            EngineConfig.Create(options).Save(configPath);
            ChdbNative.SetSignalHandlersEnabled(0);
            var keeper = ChdbConnection.Open([$"--path={dataPath}", $"--config-file={configPath}"]);
            return new ChdbEngine(options, directoryLock, dataPath, keeper);
        }
        catch (Exception error)
        {
            directoryLock?.Dispose();
            Volatile.Write(ref running, 0);
            if (error is DllNotFoundException)
            {
                throw new StoreUnavailableException(
                    "the embedded engine (libchdb.so) is not beside the program: build with npm available, or set " +
                        "ClickHouse:Mode to Remote", error);
            }
            throw;
        }
    }

    /// <summary>A transport for one database of this engine. Disposing it leaves the engine running.</summary>
    public ChdbTransport CreateTransport(string database) => new(this, database);

    /// <summary>
    /// Opens a session whose settings are fixed by <paramref name="settings"/>; with <c>readonly=1</c> no statement can
    /// change them.
    /// </summary>
    internal ChdbConnection OpenSession(IEnumerable<KeyValuePair<string, string>> settings) =>
        ChdbConnection.Open([$"--path={dataPath}", .. settings.Select(setting => $"--{setting.Key}={setting.Value}")]);

    /// <summary>Lanes that live as long as the engine.</summary>
    internal EngineLanes AddLanes(string name, int count, int waitingMax, Func<ChdbConnection> openSession)
    {
        var added = new EngineLanes(name, count, waitingMax, openSession);
        lanes.Enqueue(added);
        return added;
    }

    /// <summary>Finishes the statements that run or wait, then stops the engine and unlocks the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        while (lanes.TryDequeue(out var next)) await next.DisposeAsync();
        keeper.Dispose();
        directoryLock.Dispose();
        Volatile.Write(ref running, 0);
    }

    private ChdbConnection OpenProductSession() => OpenSession(
    [
        new("max_threads", options.QueryThreadsMax.ToString(CultureInfo.InvariantCulture)),
        new("max_memory_usage", options.QueryMemoryBytesMax.ToString(CultureInfo.InvariantCulture)),
        new("async_insert", "0"),
        new("session_timezone", "UTC"),
    ]);
}
