using System.Text;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Topics;

/// <summary>Loads back what traces asked and told each other.</summary>
public sealed class TopicReader(IClickHouseTransport transport)
{
    /// <summary>
    /// Traces loaded of one topic, those with words first; see <c>docs/attribution.md</c> for what that means.
    /// </summary>
    public const int TracesPerTopicMax = 384;

    private const int TracesPerQueryMax = 2000;

    /// <summary>Text of topics in one statement, well under the server's query size limit of 256 KiB.</summary>
    private const int TopicTextMax = 100_000;

    /// <summary>Who asks or tells about sessions, runs and responses, newest word each.</summary>
    public Task<IReadOnlyList<TopicRow>> LoadAsync(IReadOnlyList<TopicKey> topics, CancellationToken cancel) =>
        ReadAsync([.. topics.Select(topic => $"('{SchemaEnums.SnakeCase(topic.Kind)}', {SqlText.String(topic.Topic)})")], cancel);

    /// <summary>Who asks about any span of these traces.</summary>
    public Task<IReadOnlyList<TopicRow>> LoadAskersAsync(IReadOnlyList<TraceId> linked, CancellationToken cancel) =>
        ReadAsync([.. linked.Select(trace => $"('link', '{trace}')")], cancel);

    /// <summary>
    /// Keys of the responses and agent totals that traces asked about, of the newest <paramref name="max"/> questions.
    /// </summary>
    public async Task<IReadOnlyList<string>> LoadAskedKeysAsync(int max, CancellationToken cancel)
    {
        var keys = new List<string>();
        var sql = $"SELECT topic FROM {TraceTopicsBlock.TableName} WHERE kind IN ('response', 'series') AND asks " +
            $"ORDER BY posted_at DESC LIMIT {SqlText.Number(max)}";
        foreach (var block in await transport.ReadAsync(new ClickHouseQuery(sql), cancel).ConfigureAwait(false))
        {
            if (block.Rows == 0) continue;
            var topics = block.Column<StringValues>("topic");
            for (var i = 0; i < block.Rows; i++) keys.Add(topics.At(i));
        }
        return keys;
    }

    /// <summary>
    /// All topics that these traces ever had, with what each told last; those it has left, too.
    /// </summary>
    public async Task<IReadOnlyList<TopicHistory>> LoadOfTracesAsync(IReadOnlyList<TraceId> traces, CancellationToken cancel)
    {
        var histories = new List<TopicHistory>();
        foreach (var chunk in traces.Chunk(TracesPerQueryMax))
        {
            var ids = string.Join(',', chunk.Select(trace => $"'{trace}'"));
            var sql = "SELECT kind, topic, item, trace_id, newest.1 AS is_asking, " +
                "CAST(newest.2, 'Map(String, String)') AS words, CAST(told, 'Map(String, String)') AS told_last " +
                "FROM (SELECT kind, topic, item, trace_id, argMax((asks, words), (revision, posted_at)) AS newest, " +
                $"argMaxIf(words, (revision, posted_at), notEmpty(words)) AS told FROM {TraceTopicsBlock.TableName} " +
                $"WHERE trace_id IN ({ids}) GROUP BY kind, topic, item, trace_id ORDER BY kind, topic, item, trace_id)";
            foreach (var block in await transport.ReadAsync(new ClickHouseQuery(sql), cancel).ConfigureAwait(false))
            {
                var rows = new List<TopicRow>();
                Read(block, rows);
                for (var i = 0; i < rows.Count; i++)
                    histories.Add(new TopicHistory(rows[i], WordsAt(block.Column<ArrayValues>("told_last"), i)));
            }
        }
        return histories;
    }

    private async Task<IReadOnlyList<TopicRow>> ReadAsync(List<string> keys, CancellationToken cancel)
    {
        var rows = new List<TopicRow>();
        for (var start = 0; start < keys.Count;)
        {
            var list = new StringBuilder();
            for (; start < keys.Count && (list.Length == 0 || list.Length + keys[start].Length < TopicTextMax); start++)
                list.Append(list.Length == 0 ? "" : ", ").Append(keys[start]);
            var sql = "SELECT kind, topic, item, trace_id, argMax((asks, words), (revision, posted_at)) AS newest, " +
                $"newest.1 AS is_asking, newest.2 AS said FROM {TraceTopicsBlock.TableName} " +
                $"WHERE (kind, topic) IN ({list}) GROUP BY kind, topic, item, trace_id HAVING is_asking OR notEmpty(said) " +
                // Of agent totals the newest are wanted: their words begin with the time.
                "ORDER BY kind, topic, item, notEmpty(said) DESC, said['series'] DESC, trace_id " +
                $"LIMIT {SqlText.Number(TracesPerTopicMax)} BY kind, topic, item";
            sql = $"SELECT kind, topic, item, trace_id, is_asking, CAST(said, 'Map(String, String)') AS words FROM ({sql})";
            foreach (var block in await transport.ReadAsync(new ClickHouseQuery(sql), cancel).ConfigureAwait(false))
                Read(block, rows);
        }
        return rows;
    }

    private static void Read(NativeBlock block, List<TopicRow> rows)
    {
        if (block.Rows == 0) return;
        var kinds = block.Column<FixedWidthValues>("kind");
        var topics = block.Column<StringValues>("topic");
        var items = block.Column<StringValues>("item");
        var traces = block.Column<StringValues>("trace_id");
        var asks = block.Column<FixedWidthValues>("is_asking");
        var words = block.Column<ArrayValues>("words");
        for (var i = 0; i < block.Rows; i++)
        {
            var kind = (TopicKind)kinds.At<sbyte>(i);
            var key = kind == TopicKind.Link
                ? TopicKey.OfLink(LedgerRowReader.ParseTrace(topics.At(i)), SpanOf(items.At(i)))
                : new TopicKey(kind, topics.At(i), default, default);
            rows.Add(new TopicRow(key, LedgerRowReader.ParseTrace(traces.At(i)), asks.At<byte>(i) != 0, WordsAt(words, i)));
        }
    }

    private static OutsideValue[] WordsAt(ArrayValues words, int row)
    {
        var pairs = (TupleValues)words.Elements;
        var (dimensions, values) = ((StringValues)pairs.Places[0], (StringValues)pairs.Places[1]);
        var said = new OutsideValue[words.End(row) - words.Start(row)];
        for (var word = 0; word < said.Length; word++)
            said[word] = new(dimensions.At(words.Start(row) + word), values.At(words.Start(row) + word));
        return said;
    }

    private static SpanId SpanOf(string text) =>
        SpanId.TryParse(text, out var id) ? id : throw new InvalidDataException($"the store holds '{text}' as a span id");
}
