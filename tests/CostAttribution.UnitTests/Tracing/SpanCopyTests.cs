using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Tracing;

/// <summary>Which of several copies of a span counts does not depend on which came first.</summary>
public sealed class SpanCopyTests
{
    private static readonly DateTimeOffset Received = DateTimeOffset.UnixEpoch.AddYears(56);

    public static TheoryData<string, string, string> Pairs() => new()
    {
        { "nothing", "more of the resource", "more of the resource" },
        { "another resource", "a resource", "a resource" },
        { "a scope", "another scope", "a scope" },
        { "more usage", "more of the resource", "more usage" },
    };

    [Theory, MemberData(nameof(Pairs))]
    public void The_copy_that_counts_is_the_same_in_either_order(string one, string other, string wins)
    {
        var (first, second) = (Held([one, other]), Held([other, one]));

        Assert.Equal(first, second);
        Assert.Equal(Held([wins]), first);
    }

    [Fact]
    public void A_copy_that_says_the_same_is_a_duplicate()
    {
        using var spans = new TraceSpans(AssemblyBench.TraceIdOf(1));
        var sources = new SourceTable();
        using var batch = Batch("a resource");
        using var again = Batch("a resource");
        foreach (var span in batch.Spans) Assert.Equal(AddOutcome.Added, spans.Add(batch, span, sources));
        foreach (var span in again.Spans) Assert.Equal(AddOutcome.Duplicate, spans.Add(again, span, sources));
    }

    [Fact]
    public void A_sender_that_varies_its_resource_does_not_make_postings_larger_than_their_spans()
    {
        const int count = 3000;
        using var builder = new SpanBatchBuilder(AttributionTable.Default.Keys, TracingLimits.Default);
        using var spans = new TraceSpans(AssemblyBench.TraceIdOf(1));
        var sources = new SourceTable();
        for (var i = 1; i <= count; i++)
        {
            using var batch = AssemblyBench.Encode(builder,
                [new TestSpan(1, i) { Resource = new() { ["customer.id"] = $"c-{i}" } }], Received);
            spans.AddAll(batch, sources);
        }

        using var one = spans.Encode([count / 2], builder);
        using var all = spans.Encode([.. Enumerable.Range(0, count)], builder);

        Assert.Equal((1, count), (one.ResourceCount, all.ResourceCount));
        using var copy = new TraceSpans(spans.TraceId);
        copy.AddAll(all, sources);
        for (var i = 0; i < count; i++) Assert.Same(spans.ResourceOf(spans[i]), copy.ResourceOf(copy[i]));
    }

    private static string Held(string[] copies)
    {
        using var spans = new TraceSpans(AssemblyBench.TraceIdOf(1));
        var sources = new SourceTable();
        foreach (var copy in copies)
        {
            using var batch = Batch(copy);
            spans.AddAll(batch, sources);
        }
        Assert.Equal(1, spans.Count);
        var span = spans[0];
        return $"{span.ContentHash} {spans.ResourceOf(span).Hash} {spans.ScopeOf(span).Name}";
    }

    private static SpanBatch Batch(string copy)
    {
        using var builder = new SpanBatchBuilder(AttributionTable.Default.Keys, TracingLimits.Default);
        var span = TestSpan.Call(1, 1, 0);
        if (copy == "more usage") span = span.With("gen_ai.usage.cache_read.input_tokens", 0L);
        Dictionary<string, string> resource = copy switch
        {
            "a resource" => new() { ["customer.id"] = "b" },
            "another resource" => new() { ["customer.id"] = "a" },
            "more of the resource" => new() { ["customer.id"] = "a", ["team"] = "t" },
            _ => [],
        };
        return AssemblyBench.Encode(builder, [span with { Resource = resource }], Received,
            copy == "a scope" ? "z-scope" : copy == "another scope" ? "a-scope" : "test-scope");
    }
}
