using System.Text.Json;
using System.Text.Json.Serialization;
using CostAttribution.Api.Requests;

namespace CostAttribution.Api.Json;

/// <summary>Instants in UTC with a trailing Z, the same text that <c>from</c> and <c>to</c> accept.</summary>
internal sealed class InstantConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TimeText.TryParse(reader.GetString() ?? "", TimeZoneInfo.Utc, out var time) ? time
            : throw new JsonException("not an instant");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(TimeText.Format(value));
}
