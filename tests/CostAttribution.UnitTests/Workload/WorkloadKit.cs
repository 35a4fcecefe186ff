using System.Text.Json;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Traces;
using CostAttribution.Workload;
using CostAttribution.Workload.Runs;

namespace CostAttribution.UnitTests.Workload;

/// <summary>A generated workload, read back with the generated OTLP classes.</summary>
internal sealed class WorkloadKit
{
    public static readonly DateTimeOffset Start = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    public required WorkloadOptions Options { get; init; }
    public required WorkloadGenerator Generator { get; init; }
    public required List<ExportRequest> Requests { get; init; }
    public required List<Received> Spans { get; init; }
    public required List<(string SpanKey, ProviderCall Call)> Calls { get; init; }

    /// <summary>The workload of the default options, shared by the tests that only look at it.</summary>
    public static WorkloadKit Default => Shared.Value;

    /// <summary>One long enough for everything rare to occur.</summary>
    public static WorkloadKit Large => SharedLarge.Value;

    private static readonly Lazy<WorkloadKit> Shared = new(() => Generate());
    private static readonly Lazy<WorkloadKit> SharedLarge = new(() => Generate(options => options with { Spans = 12_000 }));

    /// <summary>First copy of each span by trace and span id.</summary>
    public Dictionary<string, Received> ByKey =>
        Spans.GroupBy(span => span.Key).ToDictionary(copies => copies.Key, copies => copies.First());

    public sealed record Received(Span Span, string Service, string Scope, int Request)
    {
        public string TraceId => Convert.ToHexStringLower(Span.TraceId.Span);
        public string Key => TraceId + Convert.ToHexStringLower(Span.SpanId.Span);
        public string ParentKey => Span.ParentSpanId.IsEmpty ? "" : TraceId + Convert.ToHexStringLower(Span.ParentSpanId.Span);

        public long? Number(string key) => Span.Attributes.FirstOrDefault(pair => pair.Key == key)?.Value.IntValue;

        public string Text(string key) => Span.Attributes.FirstOrDefault(pair => pair.Key == key)?.Value.StringValue ?? "";
    }

    public static WorkloadKit Generate(Func<WorkloadOptions, WorkloadOptions>? with = null)
    {
        var options = new WorkloadOptions { Start = Start, Spans = 6_000 };
        options = with?.Invoke(options) ?? options;
        var calls = new List<(string, ProviderCall)>();
        var generator = new WorkloadGenerator(options,
            (run, span, call) => calls.Add(($"{run.TraceId:x32}{span.SpanId:x16}", call)));
        var requests = generator.Requests().ToList();
        var spans = new List<Received>();
        for (var i = 0; i < requests.Count; i++)
        {
            var resource = Assert.Single(ExportTraceServiceRequest.Parser.ParseFrom(requests[i].Body).ResourceSpans);
            var service = resource.Resource.Attributes.Single(pair => pair.Key == "service.name").Value.StringValue;
            foreach (var scope in resource.ScopeSpans)
            {
                spans.AddRange(scope.Spans.Select(span => new Received(span, service, scope.Scope.Name, i)));
            }
        }
        return new WorkloadKit { Options = options, Generator = generator, Requests = requests, Spans = spans, Calls = calls };
    }

    /// <summary>What a call's span says it used, read by the rules of its instrumentation; null when it says nothing.</summary>
    public static CallUsage? UsageOn(Received span)
    {
        if (span.Number("ai.usage.tokens") is { } embedded) return new CallUsage(embedded);
        if (span.Number("ai.usage.inputTokenDetails.noCacheTokens") is { } uncached)
        {
            var (five, hour) = Split(span);
            var reasoning = span.Number("ai.usage.outputTokenDetails.reasoningTokens") ?? 0;
            Assert.Equal(five + hour, span.Number("ai.usage.inputTokenDetails.cacheWriteTokens"));
            return new CallUsage(uncached, span.Number("ai.usage.inputTokenDetails.cacheReadTokens") ?? 0, five, hour,
                (span.Number("ai.usage.outputTokens") ?? 0) - reasoning, reasoning);
        }
        if (span.Number("llm.token_count.prompt") is { } prompt)
        {
            return Inclusive(prompt, span.Number("llm.token_count.prompt_details.cache_read"),
                span.Number("llm.token_count.prompt_details.cache_write"), 0, span.Number("llm.token_count.completion"),
                span.Number("llm.token_count.completion_details.reasoning"));
        }
        if (span.Number("gen_ai.usage.cache_write_input_tokens") is { } written)
        {
            return new CallUsage(span.Number("gen_ai.usage.input_tokens") ?? 0,
                span.Number("gen_ai.usage.cache_read_input_tokens") ?? 0, written, 0,
                span.Number("gen_ai.usage.output_tokens") ?? 0);
        }
        var input = span.Number("gen_ai.usage.input_tokens") ?? span.Number("gen_ai.usage.prompt_tokens");
        if (input is null) return null;
        return Inclusive(input.Value, span.Number("gen_ai.usage.cache_read.input_tokens"),
            span.Number("gen_ai.usage.cache_write.input_tokens") ?? span.Number("gen_ai.usage.cache_creation.input_tokens"),
            span.Number("anthropic.usage.cache_creation.ephemeral_1h_input_tokens") ?? 0,
            span.Number("gen_ai.usage.output_tokens") ?? span.Number("gen_ai.usage.completion_tokens"),
            span.Number("gen_ai.usage.reasoning.output_tokens"));
    }

    private static CallUsage Inclusive(long input, long? read, long? written, long hour, long? output, long? reasoning) =>
        new(input - (read ?? 0) - (written ?? 0), read ?? 0, (written ?? 0) - hour, hour,
            (output ?? 0) - (reasoning ?? 0), reasoning ?? 0);

    private static (long Five, long Hour) Split(Received span)
    {
        var metadata = span.Text("ai.response.providerMetadata");
        if (metadata.Length == 0) return (0, 0);
        using var document = JsonDocument.Parse(metadata);
        var creation = document.RootElement.GetProperty("anthropic").GetProperty("usage").GetProperty("cache_creation");
        return (creation.GetProperty("ephemeral_5m_input_tokens").GetInt64(),
            creation.GetProperty("ephemeral_1h_input_tokens").GetInt64());
    }
}
