using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace CostAttribution.EndToEnd.Intake;

/// <summary>A trace written by hand as OTLP JSON; ids of spans are small numbers.</summary>
/// <param name="start">Start of the trace; half a minute ago when it is left out.</param>
internal sealed class JsonTrace(DateTimeOffset? start = null)
{
    private readonly DateTimeOffset origin = start ?? DateTimeOffset.UtcNow.AddSeconds(-30);

    public string Id { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public static string SpanId(int number) => number.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The span where the customer enters.</summary>
    public object Root(int number, string customer) =>
        Span(number, 0, "POST /tickets", ("customer.id", customer), ("app.feature", "answer-ticket"), ("customer.tier", "enterprise"));

    /// <summary>A model call; cached tokens are part of the input, as the conventions have it.</summary>
    public object Chat(int number, int parent, string model, long input, long cached, long output, string? responseId = null) => Span(
        number, parent, $"chat {model}",
        ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", model), ("gen_ai.response.model", model),
        ("gen_ai.response.id", responseId ?? $"r-{Id}-{number}"), ("gen_ai.usage.input_tokens", input), ("gen_ai.usage.cache_read.input_tokens", cached),
        ("gen_ai.usage.output_tokens", output));

    public object Span(int number, int parent, string name, params (string Key, object Value)[] attributes) => new
    {
        traceId = Id,
        spanId = SpanId(number),
        parentSpanId = parent == 0 ? "" : SpanId(parent),
        name,
        kind = parent == 0 ? 2 : 3,
        startTimeUnixNano = Nanos(origin.AddMilliseconds(number * 10)),
        endTimeUnixNano = Nanos(origin.AddMilliseconds(number * 10 + 1000 - number)),
        attributes = attributes.Select(attribute => Attribute(attribute.Key, attribute.Value)),
    };

    public static byte[] Request(params object[] spans) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        resourceSpans = new[]
        {
            new
            {
                resource = new { attributes = new[] { Attribute("service.name", "helpdesk") } },
                scopeSpans = new[] { new { scope = new { name = "helpdesk", version = "1.0.0" }, spans } },
            },
        },
    });

    private static object Attribute(string key, object value) => value is long number
        ? new { key, value = (object)new { intValue = number.ToString(CultureInfo.InvariantCulture) } }
        : new { key, value = (object)new { stringValue = (string)value } };

    private static string Nanos(DateTimeOffset time) => ((time - DateTimeOffset.UnixEpoch).Ticks * 100).ToString(CultureInfo.InvariantCulture);
}
