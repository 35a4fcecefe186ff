using System.Buffers;
using System.Text.Json;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// A trace's context as JSON, the <c>context</c> column of its facts; empty for a context that says nothing. Unknown members
/// are ignored, so that an older program reads what a newer one wrote.
/// </summary>
internal static class TraceContextCodec
{
    public static ReadOnlyMemory<byte> Encode(TraceContext context)
    {
        if (context.Sessions.Count == 0 && context.Links.Count == 0 && context.Run.Count == 0
            && context.Responses.Count + context.Series.Count == 0 && !context.Incomplete)
            return default;

        var bytes = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        json.WriteBoolean("incomplete", context.Incomplete);
        json.WriteStartObject("sessions");
        foreach (var (session, values) in context.Sessions.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            WriteValues(json, session, values);
        json.WriteEndObject();
        json.WriteStartObject("links");
        foreach (var ((trace, span), values) in context.Links.OrderBy(pair => pair.Key.TraceId).ThenBy(pair => pair.Key.SpanId))
            WriteValues(json, $"{trace}{span}", values);
        json.WriteEndObject();
        WriteMap(json, "responses", context.Responses);
        WriteMap(json, "series", context.Series);
        json.WriteString("runId", context.RunId);
        WriteValues(json, "run", context.Run);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenMemory;
    }

    /// <summary>
    /// Throws <see cref="InvalidDataException"/> when the text is not a context. One that does not name the run its values were
    /// heard of was heard of <paramref name="postedRunId"/>, the run the trace was posted under.
    /// </summary>
    public static TraceContext Decode(ReadOnlySpan<byte> utf8, string postedRunId)
    {
        if (utf8.IsEmpty) return TraceContext.Empty;
        try
        {
            var reader = new Utf8JsonReader(utf8);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            var links = new Dictionary<(TraceId, SpanId), OutsideValue[]>();
            foreach (var link in Members(root, "links"))
            {
                if (link.Name.Length == 48 && TraceId.TryParse(link.Name[..32], out var trace)
                    && SpanId.TryParse(link.Name[32..], out var span))
                    links[(trace, span)] = ReadValues(link.Value);
            }
            OutsideValue[] run = root.TryGetProperty("run", out var heard) ? ReadValues(heard) : [];
            return new TraceContext
            {
                Incomplete = root.TryGetProperty("incomplete", out var incomplete) && incomplete.GetBoolean(),
                Sessions = ReadMap(root, "sessions"),
                Links = links,
                Responses = ReadMap(root, "responses"),
                Series = ReadMap(root, "series"),
                Run = run,
                RunId = root.TryGetProperty("runId", out var runId) ? runId.GetString() ?? "" : run.Length > 0 ? postedRunId : "",
            };
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException("a stored trace context cannot be read", fault);
        }
    }

    private static IEnumerable<JsonProperty> Members(JsonElement root, string name) =>
        root.TryGetProperty(name, out var element) ? element.EnumerateObject() : Enumerable.Empty<JsonProperty>();

    private static void WriteMap(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, OutsideValue[]> map)
    {
        if (map.Count == 0) return;
        json.WriteStartObject(name);
        foreach (var (key, values) in map.OrderBy(pair => pair.Key, StringComparer.Ordinal)) WriteValues(json, key, values);
        json.WriteEndObject();
    }

    private static Dictionary<string, OutsideValue[]> ReadMap(JsonElement root, string name) =>
        Members(root, name).ToDictionary(member => member.Name, member => ReadValues(member.Value), StringComparer.Ordinal);

    private static void WriteValues(Utf8JsonWriter json, string name, IReadOnlyList<OutsideValue> values)
    {
        json.WriteStartObject(name);
        foreach (var value in values) json.WriteString(value.Dimension, value.Value);
        json.WriteEndObject();
    }

    private static OutsideValue[] ReadValues(JsonElement element) =>
        [.. element.EnumerateObject().Select(member => new OutsideValue(member.Name, member.Value.GetString() ?? ""))];
}
