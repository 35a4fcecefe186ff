using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>What the store holds of postings: the truth when it is in doubt whether one has arrived.</summary>
public sealed class PostingReader(IClickHouseTransport transport)
{
    /// <summary>Posting ids in one statement; at 100 characters each, under the server's query size limit of 256 KiB.</summary>
    private const int PostingsPerQueryMax = 1000;

    /// <summary>The tables of a posting and the columns that identify a row of it among all rows.</summary>
    private static readonly Dictionary<string, string[]> RowKeys = new(StringComparer.Ordinal)
    {
        [CostLedgerBlock.TableName] = ["entry_id"],
        [TraceFactsBlock.TableName] = ["trace_id", "revision"],
        [RunSegmentBlock.TableName] = ["run_id", "trace_id", "revision"],
        [TraceTopicsBlock.TableName] = ["topic", "item", "trace_id", "revision"],
    };

    /// <summary>
    /// How many rows of each posting each table holds; nothing for a table that holds none. Rows posted before
    /// <paramref name="since"/> are not looked at, which keeps the question cheap in a large store: too few rows are a reason to
    /// ask with <see cref="KeysAsync"/>, no proof.
    /// </summary>
    public async Task<IReadOnlyDictionary<(string PostingId, string Table), long>> CountAsync(
        IReadOnlyList<string> postingIds, DateTimeOffset since, CancellationToken cancel)
    {
        var counts = new Dictionary<(string, string), long>();
        foreach (var ids in postingIds.Chunk(PostingsPerQueryMax))
        {
            var list = string.Join(',', ids.Select(SqlText.String));
            var from = since.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
            var sql = string.Join(" UNION ALL ", RowKeys.Keys.Select(table =>
                $"SELECT '{table}' AS name, posting_id, count() AS rows FROM {table} " +
                $"WHERE posted_at >= fromUnixTimestamp64Milli({from}, 'UTC') AND posting_id IN ({list}) GROUP BY posting_id"));
            foreach (var block in await QueryAsync(sql, cancel).ConfigureAwait(false))
            {
                var names = block.Column<StringValues>("name");
                var postings = block.Column<StringValues>("posting_id");
                var rows = block.Column<FixedWidthValues>("rows");
                for (var i = 0; i < block.Rows; i++) counts[(postings.At(i), names.At(i))] = rows.At<long>(i);
            }
        }
        return counts;
    }

    /// <summary>
    /// Which rows of a posting a table holds, as <see cref="KeysOf"/> names them. On a cluster those that any replica holds that
    /// answers: one that lags behind would make rows look missing.
    /// </summary>
    public async Task<IReadOnlySet<UInt128>> KeysAsync(string postingId, string table, CancellationToken cancel)
    {
        var sql = $"SELECT {string.Join(", ", RowKeys[table])} FROM {OnReplicas(table)} WHERE posting_id = {{id:String}}";
        var keys = new HashSet<UInt128>();
        foreach (var block in await QueryAsync(sql, cancel, new Dictionary<string, string> { ["id"] = postingId })
            .ConfigureAwait(false))
            keys.UnionWith(KeysOf(table, block));
        return keys;
    }

    /// <summary>
    /// The identity of each row of a block: a ledger row's <c>entry_id</c>; for facts, segments and topics a hash of trace,
    /// revision and run or topic.
    /// </summary>
    public static UInt128[] KeysOf(string table, NativeBlock block)
    {
        if (!RowKeys.TryGetValue(table, out var columns)) throw new InvalidDataException($"no posting writes to {table}");
        var keys = new UInt128[block.Rows];
        if (block.Rows == 0) return keys;
        if (table == CostLedgerBlock.TableName)
        {
            var ids = block.Column<FixedWidthValues>(columns[0]);
            for (var i = 0; i < keys.Length; i++) keys[i] = ids.BigEndianAt(i);
            return keys;
        }
        var texts = columns.SkipLast(1).Select(block.Column<StringValues>).ToArray();
        var revisions = block.Column<FixedWidthValues>(columns[^1]);
        var hash = new XxHash128();
        Span<byte> length = stackalloc byte[4];
        for (var i = 0; i < keys.Length; i++)
        {
            hash.Append(revisions.BytesAt(i));
            foreach (var text in texts)
            {
                var bytes = text.BytesAt(i).Span;
                BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
                hash.Append(length);
                hash.Append(bytes);
            }
            keys[i] = hash.GetCurrentHashAsUInt128();
            hash.Reset();
        }
        return keys;
    }

    private string OnReplicas(string table) => transport.Cluster is { } cluster
        ? $"clusterAllReplicas({SqlText.String(cluster)}, {SqlText.Identifier(transport.Database)}.{table})" : table;

    private Task<IReadOnlyList<NativeBlock>> QueryAsync(string sql, CancellationToken cancel,
        Dictionary<string, string>? parameters = null) =>
        transport.ReadAsync(new ClickHouseQuery(sql)
        {
            Parameters = parameters ?? [],
            Settings = new Dictionary<string, string>(transport.Cluster is null ? [] : [new("skip_unavailable_shards", "1")]),
        }, cancel);
}
