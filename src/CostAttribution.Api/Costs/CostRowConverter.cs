using System.Text.Json;
using System.Text.Json.Serialization;

namespace CostAttribution.Api.Costs;

/// <summary>Writes a group as one flat object: its dimensions by name, then its figures.</summary>
internal sealed class CostRowConverter : JsonConverter<CostRow>
{
    public override CostRow Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("groups are only written");

    public override void Write(Utf8JsonWriter writer, CostRow value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, text) in value.Dimensions) writer.WriteString(name, text);
        foreach (var property in options.GetTypeInfo(typeof(CostFigures)).Properties)
        {
            writer.WritePropertyName(property.Name);
            JsonSerializer.Serialize(writer, property.Get!(value.Figures), property.PropertyType, options);
        }
        writer.WriteEndObject();
    }
}
