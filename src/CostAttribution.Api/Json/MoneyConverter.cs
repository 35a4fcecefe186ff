using System.Text.Json;
using System.Text.Json.Serialization;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Json;

/// <summary>
/// Money as a string with exactly twelve decimals: a JSON number would become a binary fraction in most readers.
/// </summary>
internal sealed class MoneyConverter : JsonConverter<Money>
{
    public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Money.TryParse(reader.GetString(), out var money) ? money : throw new JsonException("not a decimal amount");

    public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
