using System.Text.Json;

namespace CostAttribution.RateCards.Importing;

/// <summary>Walks a large JSON file one entry at a time, so that only one is ever taken apart.</summary>
internal static class JsonEntries
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 32 };

    /// <summary>Fields of the outermost object, in order. Throws <see cref="JsonException"/> when it is not one.</summary>
    public static void OfObject(ReadOnlySpan<byte> utf8, Action<string, JsonElement> each) =>
        Walk(utf8, JsonTokenType.StartObject, each);

    /// <summary>Items of the outermost list, in order, with their index as the name.</summary>
    public static void OfList(ReadOnlySpan<byte> utf8, Action<string, JsonElement> each) =>
        Walk(utf8, JsonTokenType.StartArray, each);

    private static void Walk(ReadOnlySpan<byte> utf8, JsonTokenType expected, Action<string, JsonElement> each)
    {
        if (utf8.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        var reader = new Utf8JsonReader(utf8, Options);
        if (!reader.Read() || reader.TokenType != expected)
            throw new JsonException($"the file must be {(expected == JsonTokenType.StartObject ? "an object" : "a list")}");
        var index = 0;
        while (reader.Read() && reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray))
        {
            var name = $"[{index}]";
            if (expected == JsonTokenType.StartObject)
            {
                name = reader.GetString() ?? "";
                reader.Read();
            }
            if (index++ >= ImportFile.ModelsMax) throw new JsonException($"more than {ImportFile.ModelsMax} entries");
            using var entry = JsonDocument.ParseValue(ref reader);
            each(name, entry.RootElement);
        }
        if (reader.Read()) throw new JsonException("something follows the end of the list");
    }

    /// <summary>Text of a field; empty when it is absent or no text.</summary>
    public static string Text(JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var field)
            && field.ValueKind == JsonValueKind.String ? field.GetString() ?? "" : "";
}
