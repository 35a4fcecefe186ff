using System.Buffers.Binary;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Common;
using CostAttribution.Testing.Wire.Resources;
using CostAttribution.Testing.Wire.Traces;
using Google.Protobuf;

namespace CostAttribution.Testing.Otlp;

/// <summary>Realistic trace requests of a stated size, for benchmarks and load.</summary>
public static class SampleBodies
{
    private const int SpansPerTrace = 6;

    /// <summary>
    /// 510 spans of about 530 bytes: per six spans one workflow, an agent, two tools and two chat calls of 17 attributes.
    /// </summary>
    public static byte[] Typical(int traces = 85, ulong firstTrace = 1) => Build(traces, firstTrace, promptBytes: 0);

    /// <summary>
    /// The same traces with prompt and completion text on each chat call, so that a span has about 20 kB on average.
    /// </summary>
    public static byte[] WithPrompts(int traces = 4) => Build(traces, 1, promptBytes: 60_000);

    public static int SpansOf(int traces) => traces * SpansPerTrace;

    private static byte[] Build(int traces, ulong firstTrace, int promptBytes)
    {
        var scope = new ScopeSpans
        {
            Scope = new InstrumentationScope { Name = "opentelemetry.instrumentation.openai", Version = "0.40.1" },
        };
        for (var trace = 0; trace < traces; trace++) AddTrace(scope, firstTrace + (ulong)trace, promptBytes);
        var resource = new Resource();
        Add(resource.Attributes, "service.name", "shop-assistant");
        Add(resource.Attributes, "service.version", "1.4.2");
        Add(resource.Attributes, "deployment.environment.name", "production");
        Add(resource.Attributes, "telemetry.sdk.language", "python");
        Add(resource.Attributes, "telemetry.sdk.name", "opentelemetry");
        Add(resource.Attributes, "process.runtime.version", "3.12.4");
        Add(resource.Attributes, "host.name", "worker-7f9c");
        var spans = new ResourceSpans { Resource = resource, ScopeSpans = { scope } };
        return new ExportTraceServiceRequest { ResourceSpans = { spans } }.ToByteArray();
    }

    private static void AddTrace(ScopeSpans scope, ulong trace, int promptBytes)
    {
        var start = 1_790_000_000_000_000_000UL + trace * 1_000_000;
        // Children end first and so are sent first.
        for (var i = 5; i >= 0; i--)
        {
            var span = new Span
            {
                TraceId = Id(trace * 0x9E37_79B9_7F4A_7C15UL | 1, trace), SpanId = Id(trace * SpansPerTrace + (ulong)i + 1),
                ParentSpanId = i == 0 ? ByteString.Empty : Id(trace * SpansPerTrace + (i == 1 ? 1UL : 2UL)),
                Name = i switch
                {
                    0 => "workflow support-ticket", 1 => "invoke_agent triage", 2 or 4 => "chat gpt-4o-2024-08-06",
                    _ => "execute_tool lookup_order",
                },
                Kind = i is 2 or 4 ? Span.Types.SpanKind.Client : Span.Types.SpanKind.Internal,
                StartTimeUnixNano = start + (ulong)i * 1000, EndTimeUnixNano = start + 900_000 - (ulong)i * 1000, Flags = 0x101,
            };
            if (i is 2 or 4) AddChat(span, trace, promptBytes);
            else AddStep(span, trace, i);
            scope.Spans.Add(span);
        }
    }

    private static void AddChat(Span span, ulong trace, int promptBytes)
    {
        Add(span.Attributes, "gen_ai.operation.name", "chat");
        Add(span.Attributes, "gen_ai.provider.name", "openai");
        Add(span.Attributes, "gen_ai.request.model", "gpt-4o");
        Add(span.Attributes, "gen_ai.response.model", "gpt-4o-2024-08-06");
        Add(span.Attributes, "gen_ai.response.id", $"chatcmpl-{trace:x16}{span.StartTimeUnixNano:x8}");
        Add(span.Attributes, "gen_ai.request.temperature", new AnyValue { DoubleValue = 0.2 });
        Add(span.Attributes, "gen_ai.request.max_tokens", new AnyValue { IntValue = 1024 });
        Add(span.Attributes, "gen_ai.request.top_p", new AnyValue { DoubleValue = 0.95 });
        Add(span.Attributes, "gen_ai.response.finish_reasons",
            new AnyValue { ArrayValue = new ArrayValue { Values = { new AnyValue { StringValue = "stop" } } } });
        Add(span.Attributes, "gen_ai.usage.input_tokens", new AnyValue { IntValue = 1200 + (long)trace });
        Add(span.Attributes, "gen_ai.usage.output_tokens", new AnyValue { IntValue = 310 });
        Add(span.Attributes, "gen_ai.usage.cache_read.input_tokens", new AnyValue { IntValue = 512 });
        Add(span.Attributes, "gen_ai.output.type", "text");
        Add(span.Attributes, "gen_ai.conversation.id", $"conv-{trace / 3:x8}");
        Add(span.Attributes, "server.address", "api.openai.com");
        Add(span.Attributes, "server.port", new AnyValue { IntValue = 443 });
        Add(span.Attributes, "openai.response.service_tier", "default");
        if (promptBytes == 0) return;
        Add(span.Attributes, "gen_ai.input.messages", Prompt(promptBytes * 3 / 4));
        Add(span.Attributes, "gen_ai.output.messages", Prompt(promptBytes / 4));
    }

    private static void AddStep(Span span, ulong trace, int i)
    {
        Add(span.Attributes, "customer.id", $"customer-{trace % 97}");
        Add(span.Attributes, "app.feature", "support-bot");
        Add(span.Attributes, "session.id", $"sess-{trace / 3:x8}");
        Add(span.Attributes, "user.id", $"user-{trace % 1009}");
        Add(span.Attributes, "gen_ai.operation.name",
            i switch { 0 => "invoke_workflow", 1 => "invoke_agent", _ => "execute_tool" });
        Add(span.Attributes, i == 1 ? "gen_ai.agent.name" : "gen_ai.tool.name", i == 1 ? "triage" : "lookup_order");
        Add(span.Attributes, "gen_ai.tool.call.id", $"call_{span.StartTimeUnixNano:x16}");
        Add(span.Attributes, "thread.id", new AnyValue { IntValue = 139_872_345 });
        Add(span.Attributes, "code.function.name", "app.workflows.support.handle_ticket_step");
        Add(span.Attributes, "app.request.id", $"{trace:x16}-{i}");
    }

    private static AnyValue Prompt(int bytes) =>
        new()
        {
            StringValue =
                string.Concat(Enumerable.Repeat("[{\"role\":\"user\",\"content\":\"Where is my order?\"}]", bytes / 48 + 1)),
        };

    private static void Add(ICollection<KeyValue> attributes, string key, string value) =>
        Add(attributes, key, new AnyValue { StringValue = value });
    private static void Add(ICollection<KeyValue> attributes, string key, AnyValue value) =>
        attributes.Add(new KeyValue { Key = key, Value = value });

    private static ByteString Id(params ulong[] parts)
    {
        var bytes = new byte[parts.Length * 8];
        for (var i = 0; i < parts.Length; i++) BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(i * 8), parts[i]);
        return ByteString.CopyFrom(bytes);
    }
}
