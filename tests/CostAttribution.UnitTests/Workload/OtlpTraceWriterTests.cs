using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Traces;
using CostAttribution.Workload.Otlp;
using Google.Protobuf;

namespace CostAttribution.UnitTests.Workload;

public sealed class OtlpTraceWriterTests
{
    private static readonly UInt128 Trace = new(0x0102030405060708, 0x090A0B0C0D0E0F10);

    [Fact]
    public void Every_field_comes_back_from_the_generated_reader()
    {
        var writer = new OtlpTraceWriter();
        writer.BeginResource();
        writer.Attribute("service.name", "checkout");
        writer.BeginScope("my.scope", "1.2");
        writer.BeginSpan(Trace, 0x1112131415161718, 0x2122232425262728, "chat", SpanKind.Client, 1_000, 2_500);
        writer.Attribute("text", "käse");
        writer.Attribute("number", -7);
        writer.Attribute("large", long.MaxValue);
        writer.Attribute("truth", true);
        writer.Attribute("ratio", 0.25);
        writer.Attribute("list", (string[])["a", "b"]);
        writer.AttributeUtf8("raw", "bytes"u8);
        writer.Link(Trace, 9);
        writer.EndSpan(StatusCode.Error, "429");
        writer.EndScope("https://example.org/schema");
        writer.EndResource();

        var resource = Assert.Single(ExportTraceServiceRequest.Parser.ParseFrom(writer.ToArray()).ResourceSpans);

        Assert.Equal("checkout", Assert.Single(resource.Resource.Attributes).Value.StringValue);
        var scope = Assert.Single(resource.ScopeSpans);
        Assert.Equal(("my.scope", "1.2", "https://example.org/schema"), (scope.Scope.Name, scope.Scope.Version, scope.SchemaUrl));
        var span = Assert.Single(scope.Spans);
        Assert.Equal("0102030405060708090a0b0c0d0e0f10", Hex(span.TraceId));
        Assert.Equal(("1112131415161718", "2122232425262728"), (Hex(span.SpanId), Hex(span.ParentSpanId)));
        Assert.Equal(("chat", 3, 1_000UL, 2_500UL), (span.Name, (int)span.Kind, span.StartTimeUnixNano, span.EndTimeUnixNano));
        var values = span.Attributes.ToDictionary(pair => pair.Key, pair => pair.Value);
        Assert.Equal("käse", values["text"].StringValue);
        Assert.Equal(-7, values["number"].IntValue);
        Assert.Equal(long.MaxValue, values["large"].IntValue);
        Assert.True(values["truth"].BoolValue);
        Assert.Equal(0.25, values["ratio"].DoubleValue);
        Assert.Equal(["a", "b"], values["list"].ArrayValue.Values.Select(item => item.StringValue));
        Assert.Equal("bytes", values["raw"].StringValue);
        Assert.Equal("0000000000000009", Hex(Assert.Single(span.Links).SpanId));
        Assert.Equal((2, "429"), ((int)span.Status.Code, span.Status.Message));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(70_000)]
    public void Lengths_of_every_width_are_minimal_and_right(int length)
    {
        var writer = new OtlpTraceWriter(256);
        var text = new string('x', length);
        writer.BeginResource();
        writer.BeginScope("s", "");
        writer.BeginSpan(Trace, 1, 0, "n", SpanKind.Internal, 1, 2);
        writer.Attribute("k", text);
        writer.EndSpan(StatusCode.Unset, "");
        writer.EndScope("");
        writer.EndResource();

        var parsed = ExportTraceServiceRequest.Parser.ParseFrom(writer.ToArray());

        Assert.Equal(text, parsed.ResourceSpans[0].ScopeSpans[0].Spans[0].Attributes[0].Value.StringValue);
        // The generated writer uses minimal lengths; it adds nothing to ours but what it writes for empty values too.
        Assert.Equal(parsed.CalculateSize(), writer.WrittenBytes);
    }

    [Fact]
    public void A_cleared_writer_starts_over_with_the_same_buffer()
    {
        var writer = new OtlpTraceWriter();
        writer.BeginResource();
        writer.EndResource();
        var first = writer.ToArray();

        writer.Clear();
        writer.BeginResource();
        writer.EndResource();

        Assert.Equal(first, writer.ToArray());
    }

    [Fact]
    public void Opening_a_span_outside_a_scope_is_refused()
    {
        var writer = new OtlpTraceWriter();
        writer.BeginResource();

        Assert.Throws<InvalidOperationException>(() => writer.BeginSpan(Trace, 1, 0, "n", SpanKind.Internal, 1, 2));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20_000)]
    public void A_benchmark_body_has_the_stated_shape(int contentBytes)
    {
        var bodies = new BenchmarkBodies(new BenchmarkShape { ContentBytes = contentBytes });

        var body = bodies.Next(DateTimeOffset.UnixEpoch.AddDays(20_000)).ToArray();

        var spans = ExportTraceServiceRequest.Parser.ParseFrom(body).ResourceSpans[0].ScopeSpans[0].Spans;
        Assert.Equal((510, 510), (spans.Count, bodies.SpansPerBody));
        Assert.Equal(510, spans.Select(span => span.SpanId).Distinct().Count());
        Assert.All(spans.GroupBy(span => span.TraceId), AssertTrace);
        var perSpan = (body.Length - contentBytes * 170) / 510;
        Assert.InRange(perSpan, 519, 541);

        void AssertTrace(IGrouping<ByteString, Span> trace)
        {
            Assert.Equal(BenchmarkBodies.SpansPerTrace, trace.Count());
            var chats = trace.Where(span => span.Attributes.Any(pair => pair.Key == "gen_ai.usage.input_tokens")).ToList();
            Assert.Equal(2, chats.Count);
            Assert.All(chats, chat => Assert.Equal(contentBytes == 0 ? 17 : 18, chat.Attributes.Count));
            Assert.Single(trace, span => span.ParentSpanId.IsEmpty);
            var ids = trace.Select(span => span.SpanId).ToHashSet();
            Assert.All(trace.Where(span => !span.ParentSpanId.IsEmpty), span => Assert.Contains(span.ParentSpanId, ids));
        }
    }

    [Fact]
    public void Benchmark_bodies_repeat_with_their_seed_and_differ_from_each_other()
    {
        var at = DateTimeOffset.UnixEpoch.AddDays(20_000);
        var bodies = new BenchmarkBodies(new BenchmarkShape { Traces = 3 });
        var first = bodies.Next(at).ToArray();
        var second = bodies.Next(at).ToArray();

        Assert.NotEqual(first, second);
        Assert.Equal(first, new BenchmarkBodies(new BenchmarkShape { Traces = 3 }).Next(at).ToArray());
    }

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);
}
