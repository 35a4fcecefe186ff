using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CostAttribution.Api.Json;

/// <summary>
/// Counts as JSON numbers while every reader keeps them exact, beyond ±(2^53 − 1) as strings
/// (https://www.rfc-editor.org/rfc/rfc8259#section-6).
/// </summary>
internal sealed class CountConverter : JsonConverter<long>
{
    public const long ExactMax = (1L << 53) - 1;

    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? long.Parse(reader.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            : reader.GetInt64();

    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options)
    {
        if (value is >= -ExactMax and <= ExactMax) writer.WriteNumberValue(value);
        else writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }
}
