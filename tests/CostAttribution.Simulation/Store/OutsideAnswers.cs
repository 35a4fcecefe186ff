using System.Buffers;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.Simulation.Store;

/// <summary>
/// Answers what the product asks about kept rate books and attribution tables, and about what traces told and asked each other.
/// </summary>
internal static class OutsideAnswers
{
    public const string SnapshotTable = "costing_snapshots";
    private const string KeptSnapshots = "SELECT kind, version, content FROM " + SnapshotTable + " WHERE ";
    private const string NewestTopics = "SELECT kind, topic, item, trace_id, is_asking, CAST(said, 'Map(String, String)') AS words FROM (";
    private const string TopicsOfTraces = "SELECT kind, topic, item, trace_id, newest.1 AS is_asking, ";
    private const string AskedKeys = "SELECT topic FROM " + TraceTopicsBlock.TableName + " WHERE kind IN ('response', 'series') AND asks ";
    private const string TopicsOfPosting = "SELECT topic, item, trace_id, revision FROM " + TraceTopicsBlock.TableName +
        " WHERE posting_id = {id:String}";

    /// <summary>Null for a statement about something else.</summary>
    public static byte[]? To(ClickHouseQuery query, StoreTables tables)
    {
        var sql = query.Sql;
        if (sql.StartsWith(KeptSnapshots, StringComparison.Ordinal)) return Snapshots(tables);
        if (sql.StartsWith(TopicsOfTraces, StringComparison.Ordinal)) return OfTraces(tables, sql);
        if (sql.StartsWith(AskedKeys, StringComparison.Ordinal)) return Asked(tables);
        if (sql.StartsWith(NewestTopics, StringComparison.Ordinal)) return Topics(tables, sql);
        return sql == TopicsOfPosting ? Keys(tables.Of(query.Parameters["id"]).SelectMany(insert => insert.Topics)) : null;
    }

    /// <summary>Takes in a block of snapshots; false for a block of another table.</summary>
    public static bool Keep(ClickHouseInsert insert, Dictionary<(sbyte Kind, long Version), byte[]> snapshots)
    {
        if (insert.Table != SnapshotTable) return false;
        foreach (var block in NativeBlockReader.ReadAll(insert.NativeBlock))
        {
            for (var row = 0; row < block.Rows; row++)
            {
                var key = (block.Column<FixedWidthValues>("kind").At<sbyte>(row), block.Column<FixedWidthValues>("version").At<long>(row));
                snapshots[key] = block.Column<StringValues>("content").BytesAt(row).ToArray();
            }
        }
        return true;
    }

    // All of them: the product takes those it asked for.
    private static byte[] Snapshots(StoreTables tables)
    {
        using var kinds = Columns.Enum8("'rate_book' = 1, 'attribution' = 2");
        using var versions = Columns.Int64();
        using var contents = Columns.String();
        foreach (var ((kind, version), content) in tables.Snapshots.OrderBy(kept => kept.Key))
        {
            kinds.Append(kind);
            versions.Append(version);
            contents.Append(content.AsSpan());
        }
        return Block(("kind", kinds), ("version", versions), ("content", contents));
    }

    private static byte[] Topics(StoreTables tables, string sql)
    {
        const string condition = "WHERE (kind, topic) IN (";
        var start = sql.IndexOf(condition, StringComparison.Ordinal) + condition.Length;
        var asked = sql[start..sql.IndexOf(") GROUP BY", start, StringComparison.Ordinal)].Split("), (")
            .Select(pair => pair.Trim('(', ')')).ToHashSet(StringComparer.Ordinal);
        return Topics(Histories(tables).Select(history => history.Newest).Where(newest => (newest.Asks || newest.Words.Count > 0)
            && asked.Contains($"'{newest.Kind.ToString().ToLowerInvariant()}', '{newest.Topic}'")).Select(row => (row, (StoredTopic?)null)));
    }

    private static byte[] Asked(StoreTables tables)
    {
        using var topics = Columns.String();
        foreach (var row in tables.Topics.Where(row => row is { Kind: TopicKind.Response or TopicKind.Series, Asks: true })) topics.Append(row.Topic);
        return Block(("topic", topics));
    }

    private static byte[] OfTraces(StoreTables tables, string sql)
    {
        const string condition = "WHERE trace_id IN (";
        var start = sql.IndexOf(condition, StringComparison.Ordinal) + condition.Length;
        var asked = sql[start..sql.IndexOf(')', start)].Split(',').Select(id => id.Trim('\'')).ToHashSet(StringComparer.Ordinal);
        return Topics(Histories(tables).Where(history => asked.Contains(history.Newest.TraceId.ToString())));
    }

    // The newest row of each trace and topic, and the newest that says something.
    private static IEnumerable<(StoredTopic Newest, StoredTopic? ToldLast)> Histories(StoreTables tables) =>
        tables.Topics.GroupBy(row => (row.Kind, row.Topic, row.Item, row.TraceId)).OrderBy(rows => rows.Key).Select(rows =>
            (rows.MaxBy(row => row.Revision)!, rows.Where(row => row.Words.Count > 0).MaxBy(row => row.Revision)));

    private static byte[] Topics(IEnumerable<(StoredTopic Newest, StoredTopic? ToldLast)> histories)
    {
        using var kinds = Columns.Enum8("'session' = 1, 'run' = 2, 'link' = 3, 'response' = 4, 'series' = 5");
        using StringColumn topics = Columns.String(), items = Columns.String(), traces = Columns.String();
        using var asks = Columns.Bool();
        using var words = Columns.Map(Columns.String(), Columns.String());
        using var toldLast = Columns.Map(Columns.String(), Columns.String());
        foreach (var (newest, told) in histories)
        {
            kinds.Append((sbyte)newest.Kind);
            topics.Append(newest.Topic);
            items.Append(newest.Item);
            traces.Append(newest.TraceId.ToString());
            asks.Append(newest.Asks ? (byte)1 : (byte)0);
            Append(words, newest.Words);
            Append(toldLast, told?.Words ?? []);
        }
        return Block(("kind", kinds), ("topic", topics), ("item", items), ("trace_id", traces), ("is_asking", asks),
            ("words", words), ("told_last", toldLast));
    }

    private static void Append(MapColumn<StringColumn, StringColumn> column, IReadOnlyList<KeyValuePair<string, string>> words)
    {
        foreach (var (name, value) in words)
        {
            column.Keys.Append(name);
            column.Values.Append(value);
        }
        column.EndRow();
    }

    private static byte[] Keys(IEnumerable<StoredTopic> rows)
    {
        using StringColumn topics = Columns.String(), items = Columns.String(), traces = Columns.String();
        using var revisions = Columns.UInt32();
        foreach (var row in rows)
        {
            topics.Append(row.Topic);
            items.Append(row.Item);
            traces.Append(row.TraceId.ToString());
            revisions.Append((uint)row.Revision);
        }
        return Block(("topic", topics), ("item", items), ("trace_id", traces), ("revision", revisions));
    }

    private static byte[] Block(params (string Name, NativeColumn Column)[] columns)
    {
        var output = new ArrayBufferWriter<byte>();
        NativeBlockWriter.Write(output, [.. columns.Select(column => new NamedColumn(column.Name, column.Column))]);
        return output.WrittenSpan.ToArray();
    }
}
