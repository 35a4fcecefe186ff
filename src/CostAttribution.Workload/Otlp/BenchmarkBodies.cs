using CostAttribution.Workload.Runs;

namespace CostAttribution.Workload.Otlp;

/// <summary>What a benchmark request looks like.</summary>
public sealed record BenchmarkShape
{
    public ulong Seed { get; init; } = 1;

    /// <summary>Traces per request; each has <see cref="BenchmarkBodies.SpansPerTrace"/> spans.</summary>
    public int Traces { get; init; } = 85;

    /// <summary>Distinct customers in the traces.</summary>
    public int Customers { get; init; } = 200;

    /// <summary>Prompt content on every chat call, in bytes; up to 20,000 is realistic.</summary>
    public int ContentBytes { get; init; }
}

/// <summary>
/// Requests of one fixed shape for benchmarks and load tests: six spans per trace, two of them chat calls with 17 attributes,
/// about 529 bytes a span, 510 spans with the default shape. Every body has trace and span ids of its own.
/// </summary>
public sealed class BenchmarkBodies(BenchmarkShape shape)
{
    public const int SpansPerTrace = 6;
    private const long NanosPerMillisecond = 1_000_000;
    private static readonly string[] ModelNames = ["gpt-4.1-mini", "gpt-5", "claude-sonnet-4-5", "gemini-2.5-flash"];
    private static readonly string[] Providers = ["openai", "openai", "anthropic", "gcp.gemini"];
    private static readonly string[] Stop = ["stop"];
    private readonly WorkloadRandom _random = new(shape.Seed);
    private readonly string _content = Prose.Take(new WorkloadRandom(shape.Seed), shape.ContentBytes);
    private readonly OtlpTraceWriter _writer = new(512 * 1024);

    public int SpansPerBody => shape.Traces * SpansPerTrace;

    /// <summary>The next request; its events start at <paramref name="at"/>. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Next(DateTimeOffset at)
    {
        _writer.Clear();
        _writer.BeginResource();
        _writer.Attribute("service.name", "support-agent");
        _writer.Attribute("service.version", "2026.11.3");
        _writer.Attribute("deployment.environment.name", "production");
        _writer.Attribute("telemetry.sdk.language", "python");
        _writer.BeginScope("roastery.genai", "3.2.0");
        var start = (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;
        for (var trace = 0; trace < shape.Traces; trace++) WriteTrace(start + trace * NanosPerMillisecond);
        _writer.EndScope("https://opentelemetry.io/schemas/1.41.0");
        _writer.EndResource();
        return _writer.Written;
    }

    private void WriteTrace(long start)
    {
        var trace = new UInt128(_random.NextId(), _random.NextId());
        ulong root = _random.NextId(), agent = _random.NextId(), tool = _random.NextId(), http = _random.NextId();
        var model = _random.Between(0, ModelNames.Length - 1);
        // Children first, as an exporter sends them.
        WriteChat(trace, agent, model, start + 5 * NanosPerMillisecond);
        BeginPlain(trace, tool, agent, "execute_tool lookup_order", SpanKind.Internal, start + 900 * NanosPerMillisecond);
        _writer.Attribute("gen_ai.operation.name", "execute_tool");
        _writer.Attribute("gen_ai.tool.name", "lookup_order");
        _writer.Attribute("gen_ai.tool.type", "function");
        AttributeWithId("gen_ai.tool.call.id", "call_");
        WriteThread();
        _writer.EndSpan(StatusCode.Unset, "");
        WriteChat(trace, agent, model, start + 1_000 * NanosPerMillisecond);
        BeginPlain(trace, http, agent, "POST", SpanKind.Client, start + 1_001 * NanosPerMillisecond);
        WriteHttp("api.openai.com", "/v1/chat/completions");
        WriteThread();
        _writer.EndSpan(StatusCode.Unset, "");
        BeginPlain(trace, agent, root, "invoke_agent ticket-solver", SpanKind.Internal, start + 2 * NanosPerMillisecond);
        _writer.Attribute("gen_ai.operation.name", "invoke_agent");
        _writer.Attribute("gen_ai.agent.name", "ticket-solver");
        _writer.Attribute("gen_ai.workflow.name", "support-ticket");
        WriteThread();
        _writer.EndSpan(StatusCode.Unset, "");
        BeginPlain(trace, root, 0, "POST /v1/tickets", SpanKind.Server, start);
        WriteHttp("gateway.roastery.example", "/v1/tickets");
        AttributeWithNumber("customer.id", "customer-", _random.Between(1, shape.Customers));
        _writer.Attribute("customer.tier", "business");
        _writer.Attribute("app.feature", "support-bot");
        AttributeWithId("session.id", "sess-");
        _writer.EndSpan(StatusCode.Unset, "");
    }

    /// <summary>A model call with 17 attributes, prompt content aside.</summary>
    private void WriteChat(UInt128 trace, ulong parent, int model, long start)
    {
        var name = ModelNames[model];
        _writer.BeginSpan(trace, _random.NextId(), parent, name, SpanKind.Client, start,
            start + _random.Between(300, 900) * NanosPerMillisecond);
        var input = _random.Between(1_500L, 9_000L);
        _writer.Attribute("gen_ai.operation.name", "chat");
        _writer.Attribute("gen_ai.provider.name", Providers[model]);
        _writer.Attribute("gen_ai.request.model", name);
        _writer.Attribute("gen_ai.response.model", name);
        AttributeWithId("gen_ai.response.id", "resp_");
        _writer.Attribute("gen_ai.response.finish_reasons", Stop);
        _writer.Attribute("gen_ai.request.max_tokens", 4096);
        _writer.Attribute("gen_ai.request.temperature", 0.2);
        _writer.Attribute("gen_ai.request.stream", false);
        _writer.Attribute("gen_ai.usage.input_tokens", input);
        _writer.Attribute("gen_ai.usage.cache_read.input_tokens", input / 2);
        _writer.Attribute("gen_ai.usage.output_tokens", _random.Between(40L, 900L));
        _writer.Attribute("gen_ai.usage.reasoning.output_tokens", _random.Between(0L, 40L));
        _writer.Attribute("gen_ai.agent.name", "ticket-solver");
        AttributeWithId("gen_ai.conversation.id", "conv-");
        _writer.Attribute("server.address", "api.openai.com");
        _writer.Attribute("server.port", 443);
        if (_content.Length > 0) _writer.Attribute("gen_ai.input.messages", _content);
        _writer.EndSpan(StatusCode.Unset, "");
    }

    private void BeginPlain(UInt128 trace, ulong span, ulong parent, string name, SpanKind kind, long start) =>
        _writer.BeginSpan(trace, span, parent, name, kind, start, start + _random.Between(20, 2_000) * NanosPerMillisecond);

    /// <summary>What web and HTTP client instrumentations put on every span, none of it about cost.</summary>
    private void WriteHttp(string host, string path)
    {
        _writer.Attribute("http.request.method", "POST");
        _writer.Attribute("http.response.status_code", 200);
        _writer.Attribute("network.protocol.version", "1.1");
        _writer.Attribute("server.address", host);
        _writer.Attribute("server.port", 443);
        _writer.Attribute("url.scheme", "https");
        _writer.Attribute("url.path", path);
        _writer.Attribute("user_agent.original", "roastery-web/5.1 (linux; x64)");
    }

    private void WriteThread()
    {
        _writer.Attribute("thread.id", _random.Between(1L, 64L));
        _writer.Attribute("thread.name", "worker-pool-thread");
        _writer.Attribute("code.function.name", "roastery.agents.ticket_solver.TicketSolver.run");
        _writer.Attribute("code.line.number", 214);
    }

    private void AttributeWithId(string key, string prefix)
    {
        Span<char> text = stackalloc char[40];
        prefix.CopyTo(text);
        _random.Next().TryFormat(text[prefix.Length..], out var written, "x16");
        _writer.Attribute(key, text[..(prefix.Length + written)]);
    }

    private void AttributeWithNumber(string key, string prefix, int number)
    {
        Span<char> text = stackalloc char[40];
        prefix.CopyTo(text);
        number.TryFormat(text[prefix.Length..], out var written);
        _writer.Attribute(key, text[..(prefix.Length + written)]);
    }
}
