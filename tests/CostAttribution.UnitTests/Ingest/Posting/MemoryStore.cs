using System.Text;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>
/// The store as the posting stage sees it: blocks by table, each token counted once. Answers at once, on the caller's thread.
/// </summary>
internal sealed class MemoryStore : IClickHouseTransport
{
    private readonly HashSet<string> tokens = new(StringComparer.Ordinal);

    public string Database => "test";

    /// <summary>What stands in the store, in the order it was inserted.</summary>
    public List<ClickHouseInsert> Inserted { get; } = [];

    /// <summary>Inserts attempted.</summary>
    public int Attempts { get; private set; }

    /// <summary>What an insert throws instead of being applied; null for nothing.</summary>
    public Func<ClickHouseInsert, Exception?> FailBefore { get; set; } = _ => null;

    /// <summary>What an insert throws after it was applied.</summary>
    public Func<ClickHouseInsert, Exception?> FailAfter { get; set; } = _ => null;

    public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel)
    {
        Attempts++;
        if (FailBefore(insert) is { } before) return Task.FromException(before);
        if (tokens.Add(insert.DeduplicationToken)) Inserted.Add(insert);
        return FailAfter(insert) is { } after ? Task.FromException(after) : Task.CompletedTask;
    }

    public Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel) =>
        query.Sql.StartsWith("SELECT count() = 0", StringComparison.Ordinal)
            ? Task.FromResult(Encoding.UTF8.GetBytes(Inserted.Count == 0 ? "1\n" : "0\n"))
            : Task.FromResult<byte[]>([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
