using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CostAttribution.Testing.Wire.Collector;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CostAttribution.Testing.Otlp;

/// <summary>
/// Writes a request in OTLP's JSON mapping, choosing at random among the forms that a reader has to accept: camel or snake
/// case, integers as strings or numbers, enums as numbers or names, fields in any order, nulls, unknown fields, escapes.
/// </summary>
public sealed class OtlpJsonWriter(Random random)
{
    private static readonly HashSet<string> HexFields = ["trace_id", "span_id", "parent_span_id"];

    public byte[] Write(ExportTraceServiceRequest request)
    {
        var encoder = random.Next(2) == 0 ? JavaScriptEncoder.Default : JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        var options = new JsonSerializerOptions { Encoder = encoder, WriteIndented = random.Next(2) == 0, MaxDepth = 256 };
        return Encoding.UTF8.GetBytes(ToNode(request).ToJsonString(options));
    }

    private JsonObject ToNode(IMessage message)
    {
        var fields = new List<KeyValuePair<string, JsonNode?>>();
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var value = field.Accessor.GetValue(message);
            var name = random.Next(4) == 0 ? field.Name : field.JsonName;
            if (field.HasPresence ? !field.Accessor.HasValue(message) : IsDefault(value))
            {
                if (random.Next(15) == 0) fields.Add(new(name, null));
                continue;
            }
            fields.Add(new(name, field.IsRepeated ? ToArray(field, (System.Collections.IList)value) : ToNode(field, value)));
        }
        if (random.Next(12) == 0) fields.Add(new("futureField", new JsonArray(1, "two", new JsonObject { ["three"] = true })));
        var ordered = fields.ToArray();
        if (random.Next(2) == 0) random.Shuffle(ordered);
        return new JsonObject(ordered);
    }

    private JsonArray ToArray(FieldDescriptor field, System.Collections.IList values)
    {
        var array = new JsonArray();
        foreach (var value in values) array.Add(ToNode(field, value!));
        return array;
    }

    private JsonNode ToNode(FieldDescriptor field, object value) => value switch
    {
        IMessage message => ToNode(message),
        ByteString bytes when HexFields.Contains(field.Name) =>
            random.Next(2) == 0 ? Convert.ToHexString(bytes.Span) : Convert.ToHexStringLower(bytes.Span),
        ByteString bytes => bytes.ToBase64(),
        Enum name => ToEnum(field, Convert.ToInt32(name, CultureInfo.InvariantCulture)),
        long integer => random.Next(2) == 0 ? integer.ToString(CultureInfo.InvariantCulture) : JsonValue.Create(integer),
        ulong integer => random.Next(2) == 0 ? integer.ToString(CultureInfo.InvariantCulture) : JsonValue.Create(integer),
        double real => ToReal(real),
        bool truth => JsonValue.Create(truth),
        uint integer => JsonValue.Create(integer),
        _ => JsonValue.Create((string)value),
    };

    private JsonNode ToEnum(FieldDescriptor field, int number)
    {
        var name = field.EnumType.FindValueByNumber(number)?.Name;
        return name is null || random.Next(2) == 0 ? JsonValue.Create(number) : JsonValue.Create(name);
    }

    private JsonNode ToReal(double real)
    {
        if (double.IsNaN(real)) return "NaN";
        if (double.IsInfinity(real)) return real > 0 ? "Infinity" : "-Infinity";
        return random.Next(4) == 0 ? real.ToString("R", CultureInfo.InvariantCulture) : JsonValue.Create(real);
    }

    private static bool IsDefault(object? value) => value switch
    {
        null => true,
        System.Collections.IList list => list.Count == 0,
        string text => text.Length == 0,
        ByteString bytes => bytes.IsEmpty,
        Enum name => Convert.ToInt32(name, CultureInfo.InvariantCulture) == 0,
        IMessage => false,
        _ => Convert.ToDecimal(value, CultureInfo.InvariantCulture) == 0,
    };
}
