using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.StoreTests.Engine;

namespace CostAttribution.StoreTests.Topics;

public sealed class TopicReaderTests(EngineFixture engine)
{
    private static readonly TraceId First = new(1, 1), Second = new(1, 2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TransportKind.Embedded, "s-1")]
    [InlineData(TransportKind.Embedded, "it's \\ a 'session'\n'), ('run', 'x")]
    [InlineData(TransportKind.Http, "Sitzung ü {curly} %percent")]
    public async Task What_traces_told_and_asked_comes_back_newest_word_each(TransportKind kind, string session)
    {
        await using var store = await engine.NewStoreAsync(kind);
        var (topic, run) = (TopicKey.OfSession(session), TopicKey.OfRun(session));
        await InsertAsync(store, 1, new TopicRow(topic, First, false, [new("customer", "acme"), new("plan", "")]),
            new TopicRow(run, First, true, []), new TopicRow(topic, Second, true, []));
        await InsertAsync(store, 2, new TopicRow(topic, First, false, [new("customer", "globex")]));

        var rows = await new TopicReader(store).LoadAsync([topic, run, TopicKey.OfSession("other")], Cancel);

        Assert.Equal(3, rows.Count);
        Assert.Contains(rows, row => row.Topic == topic && row.Trace == First && !row.Asks
            && row.Words.SequenceEqual([new OutsideValue("customer", "globex")]));
        Assert.Contains(rows, row => row.Topic == topic && row.Trace == Second && row.Asks && row.Words.Count == 0);
        Assert.Contains(rows, row => row.Topic == run && row.Trace == First && row.Asks);
    }

    [Fact]
    public async Task A_trace_that_left_a_topic_is_no_longer_part_of_it()
    {
        await using var store = await engine.NewStoreAsync();
        var topic = TopicKey.OfSession("s-1");
        await InsertAsync(store, 1, new TopicRow(topic, First, true, [new("customer", "acme")]));
        await InsertAsync(store, 2, new TopicRow(topic, First, false, []));

        Assert.Empty(await new TopicReader(store).LoadAsync([topic], Cancel));
    }

    [Theory, InlineData(TransportKind.Embedded), InlineData(TransportKind.Http)]
    public async Task A_trace_is_told_every_topic_it_ever_had_and_what_it_told_last(TransportKind kind)
    {
        await using var store = await engine.NewStoreAsync(kind);
        var (left, kept, link) = (TopicKey.OfSession("left"), TopicKey.OfRun("kept"), TopicKey.OfLink(Second, new SpanId(7)));
        await InsertAsync(store, 1, new TopicRow(left, First, true, [new("customer", "acme"), new("plan", "gold")]),
            new TopicRow(kept, First, true, [new("customer", "acme")]), new TopicRow(left, Second, false, [new("customer", "other")]));
        await InsertAsync(store, 2, new TopicRow(left, First, false, []), new TopicRow(link, First, true, []));

        var histories = await new TopicReader(store).LoadOfTracesAsync([First], Cancel);

        Assert.All(histories, history => Assert.Equal(First, history.Newest.Trace));
        var byTopic = histories.ToDictionary(history => history.Newest.Topic);
        Assert.Equal(3, byTopic.Count);
        Assert.Equal((false, 0), (byTopic[left].Newest.Asks, byTopic[left].Newest.Words.Count));
        Assert.Equal(new HashSet<OutsideValue> { new("customer", "acme"), new("plan", "gold") }, byTopic[left].ToldLast.ToHashSet());
        Assert.Equal((true, "acme"), (byTopic[kept].Newest.Asks, byTopic[kept].Newest.Words[0].Value));
        Assert.Equal((true, 0), (byTopic[link].Newest.Asks, byTopic[link].ToldLast.Count));
    }

    [Fact]
    public async Task Who_asks_about_a_span_is_found_by_its_trace()
    {
        await using var store = await engine.NewStoreAsync();
        var link = TopicKey.OfLink(First, new SpanId(7));
        await InsertAsync(store, 1, new TopicRow(link, Second, true, []));

        var row = Assert.Single(await new TopicReader(store).LoadAskersAsync([First, Second], Cancel));

        Assert.Equal((link, Second, true), (row.Topic, row.Trace, row.Asks));
    }

    [Fact]
    public async Task A_row_of_a_posting_is_identified_by_its_topic_trace_and_revision()
    {
        await using var store = await engine.NewStoreAsync();
        using var block = Block(3, new TopicRow(TopicKey.OfSession("x"), First, true, []),
            new TopicRow(TopicKey.OfRun("x"), First, true, []), new TopicRow(TopicKey.OfLink(Second, new SpanId(1)), First, true, []));
        var insert = block.ToInsert("token-3");
        await store.InsertAsync(insert, Cancel);

        var keys = await new PostingReader(store).KeysAsync("posting-3", TraceTopicsBlock.TableName, Cancel);

        Assert.Equal(3, keys.Count);
        Assert.True(keys.SetEquals(PostingReader.KeysOf(TraceTopicsBlock.TableName, NativeBlockReader.ReadAll(insert.NativeBlock)[0])));
    }

    [Fact]
    public async Task Of_a_topic_with_very_many_traces_those_with_words_come_first()
    {
        await using var store = await engine.NewStoreAsync();
        var topic = TopicKey.OfSession("busy");
        await InsertAsync(store, 1, [.. Enumerable.Range(0, 500).Select(i => new TopicRow(topic, new TraceId(0, (ulong)i + 1), true, []))]);
        await InsertAsync(store, 1, new TopicRow(topic, new TraceId(9, 9), false, [new("customer", "acme")]));

        var rows = await new TopicReader(store).LoadAsync([topic], Cancel);

        Assert.Equal((TopicReader.TracesPerTopicMax, 1), (rows.Count, rows.Count(row => row.Words.Count > 0)));
    }

    private static async Task InsertAsync(IClickHouseTransport store, int revision, params TopicRow[] rows)
    {
        using var block = Block(revision, rows);
        await store.InsertAsync(block.ToInsert($"token-{revision}-{rows.Length}"), Cancel);
    }

    private static TraceTopicsBlock Block(int revision, params TopicRow[] rows)
    {
        var block = new TraceTopicsBlock();
        foreach (var row in rows) block.Append(row, revision, $"posting-{revision}", 1_795_348_800_000 + revision);
        return block;
    }
}
