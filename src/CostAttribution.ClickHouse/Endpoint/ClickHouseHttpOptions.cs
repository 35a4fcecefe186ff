namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>
/// Who may query the embedded engine over HTTP, and within which limits. Together the limits stay below the engine's own, so
/// that no query here can make a posting fail.
/// </summary>
public sealed class ClickHouseHttpOptions
{
    /// <summary>The one database whose tables may be read.</summary>
    public required string Database { get; init; }
    public string User { get; init; } = "default";

    /// <summary>Empty means that none is asked for: for a loopback address only.</summary>
    public string Password { get; init; } = "";

    /// <summary>Queries that run at a time.</summary>
    public int ConcurrentMax { get; init; } = 2;

    /// <summary>Queries that may wait for their turn; more are turned away at once.</summary>
    public int WaitingMax { get; init; } = 32;

    /// <summary>Longest run of one query; a smaller <c>max_execution_time</c> of the client holds.</summary>
    public TimeSpan QueryTimeMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Memory of one query, in bytes.</summary>
    public long QueryMemoryBytesMax { get; init; } = 512L << 20;

    /// <summary>Rows one query may read from tables.</summary>
    public long RowsReadMax { get; init; } = 2_000_000_000;

    /// <summary>Rows of one result.</summary>
    public long ResultRowsMax { get; init; } = 1_000_000;

    /// <summary>Bytes of one result, before compression.</summary>
    public long ResultBytesMax { get; init; } = 128L << 20;

    /// <summary>Engine threads of one query.</summary>
    public int QueryThreadsMax { get; init; } = 1;

    /// <summary>Length of a query's text, in bytes. ClickHouse's own default for <c>max_query_size</c>.</summary>
    public int QueryBytesMax { get; init; } = 256 << 10;
}
