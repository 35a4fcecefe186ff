using System.Text;
using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Common;
using CostAttribution.Testing.Wire.Traces;
using Google.Protobuf;
using WireSpan = CostAttribution.Testing.Wire.Traces.Span;

namespace CostAttribution.UnitTests.Otlp;

public sealed class SpanRuleTests
{
    private static readonly ByteString TraceIdBytes = ByteString.CopyFrom(Enumerable.Repeat((byte)0xAB, 16).ToArray());
    private static readonly ByteString SpanIdBytes = ByteString.CopyFrom(1, 2, 3, 4, 5, 6, 7, 8);

    [Fact]
    public void A_span_with_a_bad_id_is_left_out_and_its_neighbours_survive()
    {
        var result = Decode(
            Good(),
            new WireSpan { TraceId = ByteString.CopyFrom(1, 2, 3), SpanId = SpanIdBytes },
            new WireSpan { TraceId = ByteString.CopyFrom(new byte[16]), SpanId = SpanIdBytes },
            new WireSpan { TraceId = TraceIdBytes },
            new WireSpan { TraceId = TraceIdBytes, SpanId = SpanIdBytes, ParentSpanId = ByteString.CopyFrom(1) },
            Good());

        using var batch = result.Batch!;
        Assert.Equal(2, batch.SpanCount);
        Assert.Equal(4, result.RejectedSpans);
        Assert.Equal(2, result.Rejected[SpanRejection.InvalidTraceId]);
        Assert.Equal(1, result.Rejected[SpanRejection.InvalidSpanId]);
        Assert.Equal(1, result.Rejected[SpanRejection.InvalidParentSpanId]);
        Assert.Equal("4 spans left out: invalid_trace_id 2 invalid_span_id 1 invalid_parent_span_id 1",
            result.Rejected.ToMessage());
    }

    [Fact]
    public void An_end_before_the_start_counts_as_no_duration_and_is_flagged()
    {
        var span = Good();
        span.StartTimeUnixNano = 100;
        span.EndTimeUnixNano = 50;

        var kept = Single(Decode(span));

        Assert.Equal((100UL, 100UL, SpanRecordFlags.EndBeforeStart), kept);
    }

    [Fact]
    public void A_span_without_a_start_is_kept()
    {
        var kept = Single(Decode(Good()));

        Assert.Equal((0UL, 0UL, SpanRecordFlags.None), kept);
    }

    [Theory]
    [InlineData("ot=th:c", true)]
    [InlineData("vendor=1,ot=rv:12;th:8", true)]
    [InlineData("ot=th:0", false)]
    [InlineData("ot=th:00000000000000", false)]
    [InlineData("ot=th:zz", false)]
    [InlineData("other=ot=th:8", false)]
    [InlineData("", false)]
    public void A_sampling_threshold_above_zero_flags_the_span(string traceState, bool isSampled)
    {
        var span = Good();
        span.TraceState = traceState;

        Assert.Equal(isSampled, Single(Decode(span)).Flags.HasFlag(SpanRecordFlags.Sampled));
    }

    [Fact]
    public void A_list_of_finish_reasons_counts_by_its_first_scalar()
    {
        var span = Good();
        span.Attributes.Add(new KeyValue { Key = "gen_ai.response.finish_reasons", Value = List() });

        using var batch = Decode(span).Batch!;

        foreach (var kept in batch.Spans)
        {
            foreach (var attribute in kept.Attributes)
            {
                Assert.Equal(AttributeType.String, attribute.Type);
                Assert.Equal("stop", Encoding.UTF8.GetString(attribute.Utf8));
            }
            Assert.Equal((1, SpanRecordFlags.None), (kept.AttributeCount, kept.Flags));
        }
    }

    [Theory]
    [InlineData("gen_ai.usage.input_tokens")]
    [InlineData("customer.id")]
    public void An_array_where_one_value_belongs_is_absent_and_flagged(string key)
    {
        var span = Good();
        span.Attributes.Add(new KeyValue { Key = key, Value = List() });

        using var batch = Decode(span).Batch!;

        foreach (var kept in batch.Spans)
            Assert.Equal((0, SpanRecordFlags.BadStructuredValue), (kept.AttributeCount, kept.Flags));
    }

    private static AnyValue List() => new()
    {
        ArrayValue = new ArrayValue
        {
            Values = { new AnyValue(), new AnyValue { StringValue = "stop" }, new AnyValue { StringValue = "length" } },
        },
    };

    [Fact]
    public void Text_of_unknown_attributes_and_events_is_nowhere_in_the_batch()
    {
        var span = Good();
        span.Attributes.Add(
            new KeyValue { Key = "gen_ai.prompt.0.content", Value = new AnyValue { StringValue = "the secret prompt" } });
        span.Events.Add(new WireSpan.Types.Event { Name = "the secret event" });
        span.Status = new Status { Message = "the secret status" };

        using var batch = Decode(span).Batch!;

        Assert.DoesNotContain("secret", Encoding.UTF8.GetString(batch.Encoded.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1_000, true)]
    [InlineData(1, false)]
    public void A_structured_value_longer_than_the_limit_is_not_read_and_flagged(int bytes, bool isOver)
    {
        var key = KnownKeys.All.First(known => known.Use.HasFlag(AttributeUse.Structured));
        var limits = new OtlpLimits { Tracing = new TracingLimits { StructuredBytesMax = 500 } };
        var text = Good();
        text.Attributes.Add(
            new KeyValue { Key = key.Name, Value = new AnyValue { StringValue = $"{{\"x\":\"{new string('x', bytes)}\"}}" } });
        var list = Good();
        var members = new KeyValueList
        {
            Values = { new KeyValue { Key = "x", Value = new AnyValue { StringValue = new string('x', bytes) } } },
        };
        list.Attributes.Add(new KeyValue { Key = key.Name, Value = new AnyValue { KvlistValue = members } });

        foreach (var span in new[] { text, list })
            Assert.Equal(isOver, Single(Decode(limits, span)).Flags.HasFlag(SpanRecordFlags.BadStructuredValue));
    }

    [Fact]
    public void A_pool_hands_out_readers_with_the_keys_now_in_use()
    {
        using var pool = new OtlpReaderPool(AttributeKeyTable.Default, OtlpLimits.Default, idleMax: 1);
        var first = pool.Rent();
        pool.Return(first);
        Assert.Same(first, pool.Rent());
        pool.Return(first);
        var keys = new AttributeKeyTable(["tenant"]);

        pool.UseKeys(keys);

        Assert.Same(keys, pool.Rent().Keys);
    }

    private static WireSpan Good() => new() { TraceId = TraceIdBytes, SpanId = SpanIdBytes, Name = "chat" };

    private static DecodeResult Decode(params WireSpan[] spans) => Decode(OtlpLimits.Default, spans);

    private static DecodeResult Decode(OtlpLimits limits, params WireSpan[] spans)
    {
        var request = new ExportTraceServiceRequest
        {
            ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { spans } } } } },
        };
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, limits);
        return reader.ReadProtobuf(request.ToByteArray(), 1);
    }

    private static (ulong Start, ulong End, SpanRecordFlags Flags) Single(DecodeResult result)
    {
        using var batch = result.Batch!;
        Assert.Equal(1, batch.SpanCount);
        foreach (var span in batch.Spans) return (span.StartNanos, span.EndNanos, span.Flags);
        return default;
    }
}
