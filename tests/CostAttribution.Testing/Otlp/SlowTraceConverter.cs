using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;
using CostAttribution.Testing.Wire.Collector;
using CostAttribution.Testing.Wire.Common;
using CostAttribution.Testing.Wire.Traces;
using Google.Protobuf;
using DomainKind = CostAttribution.Domain.Tracing.SpanKind;

namespace CostAttribution.Testing.Otlp;

/// <summary>
/// The decoder's oracle: from generated classes to the text of <see cref="PlainSpans"/>, by the most obvious code.
/// </summary>
public sealed class SlowTraceConverter(AttributeKeyTable keys, TracingLimits limits, ulong receivedNanos)
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public Dictionary<string, int> Rejected { get; } =
        new() { ["invalid_trace_id"] = 0, ["invalid_span_id"] = 0, ["invalid_parent_span_id"] = 0 };

    public List<string> Convert(ExportTraceServiceRequest request)
    {
        var spans = new List<string>();
        foreach (var resourceSpans in request.ResourceSpans)
        {
            var resource = new StringBuilder();
            var ignored = SpanRecordFlags.None;
            Append(resource, resourceSpans.Resource?.Attributes ?? [], ref ignored);
            foreach (var scopeSpans in resourceSpans.ScopeSpans.Concat(resourceSpans.InstrumentationLibrarySpans))
            {
                var scope = $"scope {Cut(scopeSpans.Scope?.Name)}|{Cut(scopeSpans.Scope?.Version)}|{Cut(scopeSpans.SchemaUrl)}\n";
                foreach (var span in scopeSpans.Spans)
                {
                    if (RejectionOf(span) is { } reason) Rejected[reason]++;
                    else spans.Add(Convert(span) + "resource\n" + resource + scope);
                }
            }
        }
        return spans;
    }

    private static string? RejectionOf(Span span)
    {
        if (span.TraceId.Length != 16 || span.TraceId.All(value => value == 0)) return "invalid_trace_id";
        if (span.SpanId.Length != 8 || span.SpanId.All(value => value == 0)) return "invalid_span_id";
        return span.ParentSpanId.Length is 0 or 8 ? null : "invalid_parent_span_id";
    }

    private string Convert(Span span)
    {
        var attributes = new StringBuilder();
        var flags = SpanRecordFlags.None;
        Append(attributes, span.Attributes, ref flags);
        if (span.DroppedAttributesCount > 0) flags |= SpanRecordFlags.SenderDroppedAttributes;
        if (IsSampled(span.TraceState)) flags |= SpanRecordFlags.Sampled;

        var end = span.EndTimeUnixNano;
        if (end != 0 && end < span.StartTimeUnixNano)
        {
            end = span.StartTimeUnixNano;
            flags |= SpanRecordFlags.EndBeforeStart;
        }
        var hints = FingerprintHints.None;
        foreach (var attribute in span.Attributes.Take(limits.AttributesPerSpanMax))
            hints |= FingerprintPrefixes.HintOf(Encoding.UTF8.GetBytes(attribute.Key));

        var links = span.Links.Where(IsValid).Select(link => $"link {Hex(link.TraceId)} {Hex(link.SpanId)}\n").ToList();
        if (links.Count > limits.LinksPerSpanMax) flags |= SpanRecordFlags.LinksOverLimit;
        var parent = span.ParentSpanId.All(value => value == 0) ? "" : Hex(span.ParentSpanId);
        var kind = (int)span.Kind is >= 0 and <= 5 ? (DomainKind)(int)span.Kind : DomainKind.Unspecified;
        var code = (int)(span.Status?.Code ?? 0);
        var status = code is >= 0 and <= 2 ? (SpanStatus)code : SpanStatus.Unset;
        return string.Create(CultureInfo.InvariantCulture,
            $"{Hex(span.TraceId)} {Hex(span.SpanId)} <{parent}> {Cut(span.Name)}\n") +
            string.Create(CultureInfo.InvariantCulture, $"{kind} {status} {span.StartTimeUnixNano} {end} {receivedNanos}\n") +
            $"flags {flags} hints {hints}\n" + string.Concat(links.Take(limits.LinksPerSpanMax)) + attributes;
    }

    private static bool IsValid(Span.Types.Link link) =>
        link.TraceId.Length == TraceId.Bytes && link.SpanId.Length == SpanId.Bytes &&
        link.TraceId.Any(value => value != 0) && link.SpanId.Any(value => value != 0);

    private static string Hex(ByteString bytes) => System.Convert.ToHexStringLower(bytes.Span);

    private static bool IsSampled(string traceState)
    {
        var ot = traceState.Split(',').Select(member => member.Trim(' ', '\t'))
            .FirstOrDefault(member => member.StartsWith("ot=", StringComparison.Ordinal));
        var threshold = ot?[3..].Split(';').FirstOrDefault(entry => entry.StartsWith("th:", StringComparison.Ordinal))?[3..];
        return threshold is { Length: > 0 and <= 14 } && threshold.All(char.IsAsciiHexDigit)
            && threshold.Any(digit => digit != '0');
    }

    private void Append(StringBuilder text, IEnumerable<KeyValue> attributes, ref SpanRecordFlags flags)
    {
        var seen = 0;
        var kept = 0;
        foreach (var attribute in attributes)
        {
            if (seen++ >= limits.AttributesPerSpanMax)
            {
                flags |= SpanRecordFlags.AttributesOverLimit;
                break;
            }
            if (!keys.TryGet(attribute.Key, out var key) || attribute.Value is null) continue;
            var isStructured = key.Use.HasFlag(AttributeUse.Structured);
            var value = attribute.Value;
            if (isStructured && value.ValueCase is AnyValue.ValueOneofCase.ArrayValue or AnyValue.ValueOneofCase.KvlistValue)
            {
                if (isStructured) AppendStructured(text, key, ToJson(value), ref flags, ref kept);
                continue;
            }
            if (value.ValueCase == AnyValue.ValueOneofCase.ArrayValue)
            {
                value = value.ArrayValue.Values.FirstOrDefault(IsScalar) ?? new AnyValue();
                if (IsScalar(value) && key.Name != "gen_ai.response.finish_reasons")
                {
                    flags |= SpanRecordFlags.BadStructuredValue;
                    continue;
                }
            }
            if (isStructured && value.ValueCase == AnyValue.ValueOneofCase.StringValue)
                AppendStructured(text, key, value.StringValue, ref flags, ref kept);
            else AppendScalar(text, key, value, ref flags, ref kept);
        }
    }

    private void AppendScalar(StringBuilder text, KnownKey key, AnyValue value, ref SpanRecordFlags flags, ref int kept)
    {
        if (!IsScalar(value)) return;
        if (kept >= limits.KeptAttributesPerSpanMax)
        {
            flags |= SpanRecordFlags.AttributesOverLimit;
            return;
        }
        kept++;
        if (value.ValueCase == AnyValue.ValueOneofCase.StringValue && Cut(value.StringValue) != value.StringValue)
            flags |= SpanRecordFlags.ValueTruncated;
        text.Append(value.ValueCase switch
        {
            AnyValue.ValueOneofCase.StringValue => PlainSpans.Line(key.Name, AttributeType.String, Cut(value.StringValue)),
            AnyValue.ValueOneofCase.IntValue => PlainSpans.Line(key.Name, AttributeType.Int, value.IntValue),
            AnyValue.ValueOneofCase.BoolValue => PlainSpans.Line(key.Name, AttributeType.Bool, value.BoolValue),
            _ => PlainSpans.Line(key.Name, AttributeType.Double, value.DoubleValue),
        });
    }

    private void AppendStructured(StringBuilder text, KnownKey key, string json, ref SpanRecordFlags flags, ref int kept)
    {
        using var builder = new SpanBatchBuilder(keys, limits);
        builder.BeginSpan();
        var utf8 = Encoding.UTF8.GetBytes(json);
        if (utf8.Length > limits.StructuredBytesMax || !StructuredAttributes.TryExtract(key.Id, utf8, builder))
            flags |= SpanRecordFlags.BadStructuredValue;
        builder.EndSpan(default, default, 0, 0, 0);
        using var batch = builder.Build();
        foreach (var span in batch.Spans)
        {
            flags |= span.Flags;
            kept += span.AttributeCount;
            PlainSpans.Append(text, span.Attributes, keys);
        }
    }

    private static bool IsScalar(AnyValue value) =>
        value.ValueCase is AnyValue.ValueOneofCase.StringValue or AnyValue.ValueOneofCase.IntValue
        or AnyValue.ValueOneofCase.BoolValue or AnyValue.ValueOneofCase.DoubleValue;

    private static string ToJson(AnyValue value)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Relaxed)) Write(writer, value);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter writer, AnyValue? value)
    {
        switch (value?.ValueCase)
        {
            case AnyValue.ValueOneofCase.StringValue: writer.WriteStringValue(value.StringValue); break;
            case AnyValue.ValueOneofCase.IntValue: writer.WriteNumberValue(value.IntValue); break;
            case AnyValue.ValueOneofCase.BoolValue: writer.WriteBooleanValue(value.BoolValue); break;
            case AnyValue.ValueOneofCase.DoubleValue when double.IsFinite(value.DoubleValue):
                writer.WriteNumberValue(value.DoubleValue);
                break;
            case AnyValue.ValueOneofCase.ArrayValue:
                writer.WriteStartArray();
                foreach (var element in value.ArrayValue.Values) Write(writer, element);
                writer.WriteEndArray();
                break;
            case AnyValue.ValueOneofCase.KvlistValue:
                writer.WriteStartObject();
                foreach (var member in value.KvlistValue.Values)
                {
                    writer.WritePropertyName(member.Key);
                    Write(writer, member.Value);
                }
                writer.WriteEndObject();
                break;
            default: writer.WriteNullValue(); break;
        }
    }

    private string Cut(string? text) =>
        Encoding.UTF8.GetString(Utf8Text.Cut(Encoding.UTF8.GetBytes(text ?? ""), limits.ValueBytesMax));
}
