using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using WordMaps = CostAttribution.ClickHouse.Native.MapColumn<CostAttribution.ClickHouse.Native.LowCardinalityColumn,
    CostAttribution.ClickHouse.Native.StringColumn>;

namespace CostAttribution.ClickHouse.Topics;

/// <summary>Topics of traces as one block for <c>trace_topics</c>.</summary>
public sealed class TraceTopicsBlock : RowBlock
{
    public const string TableName = "trace_topics";

    private static readonly string Kinds = string.Join(", ", Enum.GetValues<TopicKind>()
        .Select(kind => $"'{SchemaEnums.SnakeCase(kind)}' = {(int)kind}"));

    private readonly FixedWidthColumn<sbyte> kinds;
    private readonly StringColumn topics;
    private readonly StringColumn items;
    private readonly StringColumn traceIds;
    private readonly FixedWidthColumn<uint> revisions;
    private readonly StringColumn postingIds;
    private readonly FixedWidthColumn<long> postedAt;
    private readonly FixedWidthColumn<byte> asks;
    private readonly WordMaps words;

    public TraceTopicsBlock() : base(TableName)
    {
        kinds = Add("kind", Columns.Enum8(Kinds));
        topics = Add("topic", Columns.String());
        items = Add("item", Columns.String());
        traceIds = Add("trace_id", Columns.String());
        revisions = Add("revision", Columns.UInt32());
        postingIds = Add("posting_id", Columns.String());
        postedAt = Add("posted_at", Columns.DateTimeMillis());
        asks = Add("asks", Columns.Bool());
        words = Add("words", Columns.Map(Columns.LowCardinality(), Columns.String()));
    }

    public void Append(TopicRow row, int revision, string postingId, long postedAtMillis)
    {
        kinds.Append((sbyte)row.Topic.Kind);
        topics.Append(row.Topic.Topic);
        items.Append(row.Topic.Item);
        traceIds.Append(row.Trace);
        revisions.Append((uint)revision);
        postingIds.Append(postingId);
        postedAt.Append(postedAtMillis);
        asks.Append(row.Asks ? (byte)1 : (byte)0);
        foreach (var (dimension, value) in row.Words)
        {
            words.Keys.Append(dimension);
            words.Values.Append(value);
        }
        words.EndRow();
    }
}
