using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>
/// The store as the posting stage sees it: rows by table, each token counted once, the questions of the pipeline answered. On the
/// caller's thread, at once. It has no rollup.
/// </summary>
internal sealed partial class MemoryStore : IClickHouseTransport
{
    private readonly HashSet<string> tokens = new(StringComparer.Ordinal);

    /// <summary>One stored row.</summary>
    public sealed record Row(string Table, string PostingId, string TraceId, UInt128 Key, NativeBlock Block, int Index);

    public string Database => "test";

    /// <summary>What stands in the store, in the order it was inserted.</summary>
    public List<Row> Rows { get; } = [];

    /// <summary>Tokens of inserts that go on although nobody waits for them.</summary>
    public List<string> Running { get; } = [];

    /// <summary>Inserts attempted.</summary>
    public int Attempts { get; private set; }

    /// <summary>What an insert throws instead of being applied; null for nothing.</summary>
    public Func<ClickHouseInsert, Exception?> FailBefore { get; set; } = _ => null;

    /// <summary>What an insert throws after it was applied.</summary>
    public Func<ClickHouseInsert, Exception?> FailAfter { get; set; } = _ => null;

    /// <summary>What a question about traces throws; null for nothing.</summary>
    public Func<ClickHouseQuery, Exception?> FailLookup { get; set; } = _ => null;

    public IEnumerable<LedgerEntry> Ledger => Rows.Where(row => row.Table == CostLedgerBlock.TableName)
        .Select(row => new LedgerRowReader(row.Block).At(row.Index));

    /// <summary>Ids (hex) of the traces in an insert.</summary>
    public static IReadOnlySet<string> TracesIn(ClickHouseInsert insert)
    {
        var traces = NativeBlockReader.ReadAll(insert.NativeBlock)[0].Column<StringValues>("trace_id");
        return Enumerable.Range(0, traces.Count).Select(traces.At).ToHashSet(StringComparer.Ordinal);
    }

    public Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel)
    {
        // Kept before the first posting, and no posting itself.
        if (insert.Table == "costing_snapshots") return Task.CompletedTask;
        Attempts++;
        if (FailBefore(insert) is { } before) return Task.FromException(before);
        if (tokens.Add(insert.DeduplicationToken)) Apply(insert);
        return FailAfter(insert) is { } after ? Task.FromException(after) : Task.CompletedTask;
    }

    public Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel)
    {
        if (query.Sql.StartsWith("SELECT count() = 0", StringComparison.Ordinal))
            return Task.FromResult(Encoding.UTF8.GetBytes(Rows.Count == 0 ? "1\n" : "0\n"));
        if (query.Parameters.TryGetValue("prefix", out var prefix))
        {
            var ids = Running.Select(token => $"{Database}/{token}/1").Where(id => id.StartsWith(prefix, StringComparison.Ordinal));
            return Task.FromResult(RunningOf([.. ids]));
        }
        if (query.Sql.Contains("count() AS rows", StringComparison.Ordinal)) return Task.FromResult(Counts());
        if (query.Sql.Contains("cost_hourly", StringComparison.Ordinal)
            || query.Sql.Contains("DISTINCT toStartOfHour", StringComparison.Ordinal)) return Task.FromResult<byte[]>([]);
        var table = TableName().Match(query.Sql).Groups[1].Value;
        if (query.Parameters.TryGetValue("id", out var posting))
            return Task.FromResult(Select(row => row.Table == table && row.PostingId == posting));
        if (FailLookup(query) is { } fault) return Task.FromException<byte[]>(fault);
        return Task.FromResult(Select(row => row.Table == table
            && query.Sql.Contains($"'{row.TraceId}'", StringComparison.Ordinal)));
    }

    /// <summary>Loses rows, as a machine does that had not synced them, and remembers their tokens.</summary>
    public void Lose(Predicate<Row> lost) => Rows.RemoveAll(lost);

    public void ForgetTokens() => tokens.Clear();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Apply(ClickHouseInsert insert)
    {
        var block = Assert.Single(NativeBlockReader.ReadAll(insert.NativeBlock));
        var keys = PostingReader.KeysOf(insert.Table, block);
        var (postings, traces) = (block.Column<StringValues>("posting_id"), block.Column<StringValues>("trace_id"));
        for (var i = 0; i < block.Rows; i++)
            Rows.Add(new Row(insert.Table, postings.At(i), traces.At(i), keys[i], block, i));
    }

    private byte[] Select(Predicate<Row> wanted)
    {
        var answer = new List<byte>();
        foreach (var block in Rows.FindAll(wanted).GroupBy(row => row.Block))
            answer.AddRange(NativeBlockCutter.Cut(block.Key, [.. block.Select(row => row.Index)]));
        return [.. answer];
    }

    private static byte[] RunningOf(string[] queryIds)
    {
        using var ids = Columns.String();
        foreach (var id in queryIds) ids.Append(id);
        return BytesOf(new NamedColumn("initial_query_id", ids));
    }

    private byte[] Counts()
    {
        using StringColumn names = new(), postings = new();
        using var rows = Columns.Int64();
        foreach (var group in Rows.GroupBy(row => (row.Table, row.PostingId)))
        {
            names.Append(group.Key.Table);
            postings.Append(group.Key.PostingId);
            rows.Append(group.Count());
        }
        return BytesOf(new("name", names), new("posting_id", postings), new("rows", rows));
    }

    private static byte[] BytesOf(params NamedColumn[] columns)
    {
        var output = new ArrayBufferWriter<byte>();
        NativeBlockWriter.Write(output, columns);
        return output.WrittenSpan.ToArray();
    }

    [GeneratedRegex(@"FROM (\w+)")]
    private static partial Regex TableName();
}
