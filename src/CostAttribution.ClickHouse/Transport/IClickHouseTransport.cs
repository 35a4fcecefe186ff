namespace CostAttribution.ClickHouse.Transport;

/// <summary>
/// The seam between the product and the engine: SQL text in, bytes out. Implemented in process (<c>ChdbTransport</c>) and
/// over the HTTP interface (<c>HttpTransport</c>); one contract suite runs against both. Safe for concurrent use.
/// </summary>
public interface IClickHouseTransport : IAsyncDisposable
{
    /// <summary>The product's database, in which unqualified table names resolve.</summary>
    string Database { get; }

    /// <summary>Cluster whose replicas hold the database together; null for a single server.</summary>
    string? Cluster => null;

    /// <summary>
    /// Runs one statement and returns the whole result in the query's format. Throws <see cref="ClickHouseException"/> with
    /// the server's code and text, or <see cref="StoreUnavailableException"/> when it is unknown whether the statement ran.
    /// </summary>
    Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel);

    /// <summary>
    /// Sends one Native block as one INSERT under a deduplication token. Returns only when the rows are durable in the store.
    /// Throws as <see cref="QueryAsync"/> does; after <see cref="StoreUnavailableException"/> the same bytes under the same
    /// token may be sent again, and the first may still be running (<c>RunningInserts</c>).
    /// </summary>
    Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel);
}

/// <summary>One statement with server-side parameters.</summary>
public sealed record ClickHouseQuery(string Sql)
{
    /// <summary>
    /// Output format, appended by the transport; <c>Native</c>, <c>JSONCompactEachRow</c>, <c>TabSeparated</c>, ….
    /// </summary>
    public string Format { get; init; } = "JSONCompactEachRow";

    /// <summary>Values of <c>{name:Type}</c> placeholders as plain text; the transport does the escaping.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Runs in the server's default database: for statements that create the product's database.</summary>
    public bool OutsideDatabase { get; init; }

    /// <summary>Query-level settings.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}

/// <summary>One block for one table.</summary>
/// <param name="Table">Unqualified table name in the product's database.</param>
/// <param name="Columns">Column names in the order of the block.</param>
/// <param name="NativeBlock">A single block in the <c>Native</c> format, revision 0.</param>
/// <param name="DeduplicationToken">Unique per posting and table.</param>
public sealed record ClickHouseInsert(string Table, IReadOnlyList<string> Columns, ReadOnlyMemory<byte> NativeBlock,
    string DeduplicationToken);
