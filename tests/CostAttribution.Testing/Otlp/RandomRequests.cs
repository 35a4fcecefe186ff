using System.Text;
using CostAttribution.Domain.Tracing;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Common;
using CostAttribution.Testing.Wire.Resources;
using CostAttribution.Testing.Wire.Traces;
using Google.Protobuf;

namespace CostAttribution.Testing.Otlp;

/// <summary>Trace requests with everything that senders may do, from a seed.</summary>
/// <param name="withStructured">Whether structured keys are among those used.</param>
public sealed class RandomRequests(Random random, AttributeKeyTable keys, bool withStructured = true)
{
    private static readonly string[] Texts =
        ["", "a", "gpt-4o", "acme-42", "naïve – “quoted”", "tab\tline\nback\\slash \"q\" /", "🙂🙂🙂", "\u0001\u001f",
         "{\"a\":1}", new('x', 3000), "[\"stop\"]"];

    private static readonly string[] OtherKeys =
        ["", "k", "http.url", "traceloop.entity.name", "langfuse.observation.type", "ai.prompt", "gen_ai.prompt.0.content",
         "llm.token_count.prompt", "metadata.user_api_key_alias", "häufig", new('y', 200)];

    private static readonly string[] TraceStates =
        ["", "a=b", "ot=th:8", "ot=th:0", "ot=rv:11;th:c8", "x=y, ot=th:00 ", "ot=th:xyz", "ot=th:", "ot=p:3", "x=ot=th:8",
         "ot=th:123456789012345"];

    private readonly KnownKey[] known =
        [.. KnownKeys.All.Where(key => withStructured || !key.Use.HasFlag(AttributeUse.Structured)), .. keys.ConfiguredKeys];

    public ExportTraceServiceRequest Next()
    {
        var request = new ExportTraceServiceRequest();
        for (var i = random.Next(4); i > 0; i--)
        {
            var spans = new ResourceSpans { SchemaUrl = Text() };
            if (random.Next(5) > 0) spans.Resource = NextResource();
            for (var j = random.Next(3); j > 0; j--) spans.ScopeSpans.Add(NextScopeSpans());
            if (random.Next(20) == 0) spans.InstrumentationLibrarySpans.Add(NextScopeSpans());
            request.ResourceSpans.Add(spans);
        }
        return request;
    }

    private Resource NextResource()
    {
        var resource = new Resource { DroppedAttributesCount = (uint)random.Next(2) };
        resource.Attributes.Add(Attributes(6));
        return resource;
    }

    private ScopeSpans NextScopeSpans()
    {
        var scope = new ScopeSpans { SchemaUrl = Text() };
        if (random.Next(4) > 0) scope.Scope = new InstrumentationScope { Name = Text(), Version = Text() };
        scope.Scope?.Attributes.Add(Attributes(2));
        for (var i = random.Next(5); i > 0; i--) scope.Spans.Add(NextSpan());
        return scope;
    }

    private Span NextSpan()
    {
        var span = new Span
        {
            TraceId = Id(16), SpanId = Id(8), ParentSpanId = random.Next(3) == 0 ? ByteString.Empty : Id(8),
            Name = Text(), TraceState = Pick(TraceStates), Kind = (Span.Types.SpanKind)random.Next(8),
            StartTimeUnixNano = Time(), EndTimeUnixNano = Time(),
            DroppedAttributesCount = random.Next(4) == 0 ? (uint)random.Next() : 0, Flags = (uint)random.Next(),
        };
        span.Attributes.Add(Attributes(random.Next(10) == 0 ? 60 : 12));
        if (random.Next(2) == 0) span.Status = new Status { Code = (Status.Types.StatusCode)random.Next(5), Message = Text() };
        for (var i = random.Next(3) == 0 ? random.Next(8) : 0; i > 0; i--)
            span.Links.Add(new Span.Types.Link
            {
                TraceId = Id(16), SpanId = Id(8), TraceState = Pick(TraceStates), Attributes = { Attributes(2) },
            });
        for (var i = random.Next(3); i > 0; i--)
            span.Events.Add(new Span.Types.Event { Name = Text(), TimeUnixNano = Time(), Attributes = { Attributes(3) } });
        return span;
    }

    private ByteString Id(int length)
    {
        if (random.Next(40) == 0) length = random.Next(20);
        var bytes = new byte[length];
        if (random.Next(40) > 0) random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }

    private ulong Time() => random.Next(6) switch
    {
        0 => 0,
        1 => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
        _ => 1_790_000_000_000_000_000UL + (ulong)random.Next(1_000_000),
    };

    private KeyValue[] Attributes(int most)
    {
        var attributes = new KeyValue[random.Next(most + 1)];
        for (var i = 0; i < attributes.Length; i++)
        {
            attributes[i] = new KeyValue { Key = random.Next(3) == 0 ? Pick(OtherKeys) : known[random.Next(known.Length)].Name };
            if (random.Next(15) > 0) attributes[i].Value = Value(3);
        }
        return attributes;
    }

    private AnyValue Value(int depth)
    {
        switch (random.Next(depth > 0 ? 10 : 7))
        {
            case 0 or 1 or 2: return new AnyValue { StringValue = Text() };
            case 3:
                return new AnyValue
                {
                    IntValue = random.Next(2) == 0 ? random.Next(5000) : random.NextInt64(long.MinValue, long.MaxValue),
                };
            case 4: return new AnyValue { DoubleValue = Real() };
            case 5: return new AnyValue { BoolValue = random.Next(2) == 0 };
            case 6: return random.Next(2) == 0 ? new AnyValue() : new AnyValue { BytesValue = Id(8) };
            case 7 or 8:
                var array = new ArrayValue();
                for (var i = random.Next(4); i > 0; i--) array.Values.Add(Value(depth - 1));
                return new AnyValue { ArrayValue = array };
            default:
                var list = new KeyValueList();
                for (var i = random.Next(4); i > 0; i--)
                    list.Values.Add(new KeyValue { Key = "m" + i, Value = Value(depth - 1) });
                return new AnyValue { KvlistValue = list };
        }
    }

    private double Real() => random.Next(6) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => random.Next(10_000),
        4 => -0.0,
        _ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-300, 300)),
    };

    private string Text()
    {
        if (random.Next(3) > 0) return Pick(Texts);
        var text = new StringBuilder();
        for (var i = random.Next(20); i > 0; i--)
            text.Append(new Rune(random.Next(3) == 0 ? random.Next(0x1F300, 0x1F5FF) : random.Next(0x20, 0x2FF)));
        return text.ToString();
    }

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
