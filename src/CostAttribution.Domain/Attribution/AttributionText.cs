using System.Buffers;
using System.Collections.Frozen;
using System.IO.Hashing;
using System.Text.Json;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Domain.Attribution;

/// <summary>
/// An attribution table as JSON: dimensions, every key with its place, mappings and rules, as compiled (the built-in keys
/// included, so that it means the same to a program with other ones). The same rules give the same bytes on every node, and
/// the bytes give the same table again; a table's version is their hash.
/// </summary>
public static class AttributionText
{
    /// <summary>Changes when the text below changes meaning.</summary>
    private const int Format = 2;

    /// <summary>
    /// The table that these bytes were kept of, for spans decoded with <paramref name="keys"/>; null when those lack a key of it,
    /// so that it cannot be applied. Throws <see cref="InvalidDataException"/> when the bytes are not a table.
    /// </summary>
    public static AttributionTable? Read(ReadOnlyMemory<byte> utf8, AttributeKeyTable keys) => Parse(utf8, root =>
    {
        var uses = new List<(ushort, DimensionUse)>();
        foreach (var use in root.GetProperty("uses").EnumerateArray())
        {
            if (!keys.TryGet(Text(use, "key"), out var key)) return null;
            uses.Add((key.Id, new DimensionUse(use.GetProperty("slot").GetByte(), use.GetProperty("rank").GetUInt16())));
        }
        var dimensions = root.GetProperty("dimensions").EnumerateArray().Select(name => name.GetString() ?? "").ToArray();
        var mappings = new FrozenDictionary<string, string>?[dimensions.Length];
        foreach (var mapping in root.GetProperty("mappings").EnumerateArray())
        {
            mappings[mapping.GetProperty("dimension").GetInt32()] = mapping.GetProperty("values").EnumerateObject()
                .ToFrozenDictionary(pair => pair.Name, pair => pair.Value.GetString() ?? "", StringComparer.Ordinal);
        }
        // A rule with an ingest key never held: no span carries one.
        var usable = root.GetProperty("rules").EnumerateArray().Where(rule => Text(rule, "ingestKey").Length == 0);
        var rules = usable.Select(rule => new AttributionRule(
            rule.GetProperty("dimension").GetInt32(), Text(rule, "value"), Text(rule, "service"), Text(rule, "provider"),
            Text(rule, "providerProject"), Text(rule, "providerKey"))).ToArray();
        string[] loops = root.TryGetProperty("cumulativeLoops", out var services)
            ? [.. services.EnumerateArray().Select(service => service.GetString() ?? "")] : [];
        (string, string, string)[] deployments = root.TryGetProperty("deployments", out var named)
            ? [.. named.EnumerateArray().Select(item => (Text(item, "provider"), Text(item, "name"), Text(item, "model")))] : [];
        return new AttributionTable(utf8, keys, dimensions, uses, mappings, rules, loops, new ModelDeployments(deployments));
    });

    /// <summary>Names of all keys of a kept table.</summary>
    public static IReadOnlyList<string> KeysOf(ReadOnlyMemory<byte> utf8) =>
        Parse<string[]>(utf8, root => [.. root.GetProperty("uses").EnumerateArray().Select(use => Text(use, "key")).Distinct()]);

    internal static byte[] Write(AttributeKeyTable keys, IReadOnlyList<string> dimensions,
        IReadOnlyList<(ushort Key, DimensionUse Use)> uses, IReadOnlyList<FrozenDictionary<string, string>?> mappings,
        IReadOnlyList<AttributionRule> rules, IReadOnlyList<string> cumulativeLoops, ModelDeployments deployments)
    {
        var bytes = new ArrayBufferWriter<byte>(1 << 14);
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        json.WriteNumber("format", Format);
        json.WriteStartArray("dimensions");
        foreach (var name in dimensions) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteStartArray("uses");
        foreach (var (key, use) in uses)
        {
            json.WriteStartObject();
            json.WriteString("key", keys.NameOf(key));
            json.WriteNumber("slot", use.Slot);
            json.WriteNumber("rank", use.Rank);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("mappings");
        for (var i = 0; i < mappings.Count; i++)
        {
            if (mappings[i] is not { } mapping) continue;
            json.WriteStartObject();
            json.WriteNumber("dimension", i);
            json.WriteStartObject("values");
            foreach (var (from, to) in mapping.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(from, to);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("rules");
        foreach (var rule in rules)
        {
            json.WriteStartObject();
            json.WriteNumber("dimension", rule.Dimension);
            json.WriteString("value", rule.Value);
            json.WriteString("service", rule.Service);
            json.WriteString("provider", rule.Provider);
            json.WriteString("providerProject", rule.ProviderProject);
            json.WriteString("providerKey", rule.ProviderKey);
            // Always empty: a version is the hash of this text, and tables that stand must keep theirs.
            json.WriteString("ingestKey", "");
            json.WriteEndObject();
        }
        json.WriteEndArray();
        // Only where there are some: a version is the hash of this text, and tables that stand must keep theirs.
        if (cumulativeLoops.Count > 0)
        {
            json.WriteStartArray("cumulativeLoops");
            foreach (var service in cumulativeLoops) json.WriteStringValue(service);
            json.WriteEndArray();
        }
        if (deployments.All.Count > 0) WriteDeployments(json, deployments);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteDeployments(Utf8JsonWriter json, ModelDeployments deployments)
    {
        json.WriteStartArray("deployments");
        foreach (var (provider, name, model) in deployments.All)
        {
            json.WriteStartObject();
            json.WriteString("provider", provider);
            json.WriteString("name", name);
            json.WriteString("model", model);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>63 bits of a hash, never negative.</summary>
    internal static long VersionOf(ReadOnlySpan<byte> utf8) => (long)(XxHash3.HashToUInt64(utf8) >> 1);

    private static T Parse<T>(ReadOnlyMemory<byte> utf8, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return document.RootElement.GetProperty("format").GetInt32() == Format ? read(document.RootElement)
                : throw new InvalidDataException("the attribution table was kept in a format this version does not read");
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException
            or FormatException or ArgumentException or IndexOutOfRangeException)
        {
            throw new InvalidDataException("a kept attribution table cannot be read", fault);
        }
    }

    private static string Text(JsonElement from, string name) => from.GetProperty(name).GetString() ?? "";
}
