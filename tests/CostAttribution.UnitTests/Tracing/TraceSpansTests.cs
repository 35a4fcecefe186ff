using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.UnitTests.Tracing;

public sealed class TraceSpansTests
{
    private static readonly KnownKey Input = SpanBatchTests.Key(AttributeKeyTable.Default, "gen_ai.usage.input_tokens");
    private static readonly TraceId Trace = new(0, 1);

    [Fact]
    public void The_set_of_spans_does_not_depend_on_the_order_of_adding()
    {
        var copies = new List<(ulong Id, ulong End, int Usage, string Name)>();
        for (ulong id = 1; id <= 40; id++)
        {
            copies.Add((id, 0, 1, "open"));
            copies.Add((id, 9, 0, "ended"));
            copies.Add((id, 9, 1, "ended with usage"));
            copies.Add((id, 9, 1, "ended with other usage"));
        }
        var expected = Contents(copies);
        var random = new Random(7);
        for (var i = 0; i < 20; i++)
        {
            var shuffled = copies.ToArray();
            random.Shuffle(shuffled);

            Assert.Equal(expected, Contents(shuffled));
        }
    }

    [Fact]
    public void A_copy_with_an_end_and_more_usage_takes_the_place_of_the_others()
    {
        using var spans = new TraceSpans(Trace);
        var sources = new SourceTable();

        Assert.Equal(AddOutcome.Added, Add(spans, sources, 1, end: 0, usage: 2));
        Assert.Equal(AddOutcome.Replaced, Add(spans, sources, 1, end: 5, usage: 0));
        Assert.Equal(AddOutcome.Replaced, Add(spans, sources, 1, end: 5, usage: 1));
        Assert.Equal(AddOutcome.Duplicate, Add(spans, sources, 1, end: 5, usage: 1));
        Assert.Equal(AddOutcome.Duplicate, Add(spans, sources, 1, end: 0, usage: 2));
        Assert.Equal(1, spans.Count);
    }

    [Fact]
    public void Spans_are_found_by_id_in_small_and_large_traces()
    {
        using var spans = new TraceSpans(Trace);
        var sources = new SourceTable();
        for (ulong id = 1; id <= 100; id++)
        {
            Add(spans, sources, id, end: 1, usage: 0);
            Assert.Equal((int)id - 1, spans.Find(new SpanId(id)));
            Assert.Equal(0, spans.Find(new SpanId(1)));
            Assert.Equal(-1, spans.Find(new SpanId(1000)));
        }
    }

    [Fact]
    public void A_trace_written_out_and_read_back_is_the_same()
    {
        using var spans = new TraceSpans(Trace);
        var sources = new SourceTable();
        for (ulong id = 1; id <= 30; id++) Add(spans, sources, id, end: id, usage: (int)(id % 3), name: $"span {id}");
        using var builder = new SpanBatchBuilder(AttributeKeyTable.Default, TracingLimits.Default);

        using var encoded = spans.Encode(Enumerable.Range(0, spans.Count).Reverse().ToList(), builder);
        using var decoded = SpanBatch.Decode(encoded.Encoded.Span, AttributeKeyTable.Default);
        using var again = new TraceSpans(Trace);
        again.AddAll(decoded, sources);

        Assert.Equal(Contents(spans), Contents(again));
    }

    private static AddOutcome Add(TraceSpans spans, SourceTable sources, ulong id, ulong end, int usage, string name = "span")
    {
        using var batch = One(id, end, usage, name);
        foreach (var span in batch.Spans) return spans.Add(batch, span, sources);
        return default;
    }

    private static List<string> Contents(IEnumerable<(ulong Id, ulong End, int Usage, string Name)> copies)
    {
        using var spans = new TraceSpans(Trace);
        var sources = new SourceTable();
        foreach (var (id, end, usage, name) in copies) Add(spans, sources, id, end, usage, name);
        return Contents(spans);
    }

    private static List<string> Contents(TraceSpans spans)
    {
        var texts = new List<string>();
        for (var i = 0; i < spans.Count; i++)
        {
            var span = spans[i];
            texts.Add($"{span.SpanId} {span.EndNanos} {span.UsageKeyCount} {span.ContentHash} "
                + $"{spans.ResourceOf(span).ServiceName} {spans.ScopeOf(span).Name}");
        }
        texts.Sort(StringComparer.Ordinal);
        return texts;
    }

    private static SpanBatch One(ulong id, ulong end, int usage, string name)
    {
        using var builder = new SpanBatchBuilder(AttributeKeyTable.Default, TracingLimits.Default);
        builder.BeginResource();
        builder.AddText(SpanBatchTests.Key(AttributeKeyTable.Default, "service.name"),
            System.Text.Encoding.UTF8.GetBytes($"service {id % 3}"));
        builder.EndResource();
        builder.AddScope(System.Text.Encoding.UTF8.GetBytes($"scope {id % 2}"), default, default);
        builder.BeginSpan();
        for (var i = 0; i < usage; i++) builder.AddInt(Input, i);
        builder.EndSpan(SpanBatchTests.Header(id) with { EndNanos = end }, System.Text.Encoding.UTF8.GetBytes(name), 0, 0, 1);
        return builder.Build();
    }
}
