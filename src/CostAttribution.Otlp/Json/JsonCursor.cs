using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;

namespace CostAttribution.Otlp.Json;

/// <summary>A request that is JSON but not the JSON of its schema. Caught where decoding starts.</summary>
internal sealed class JsonShapeException(DecodeErrorReason reason) : Exception
{
    public DecodeErrorReason Reason => reason;
}

/// <summary>
/// Reads JSON by the rules of protobuf's JSON mapping (https://protobuf.dev/programming-guides/json): names in camel or snake
/// case, null = absent, 64-bit integers as numbers or strings.
/// </summary>
internal ref struct JsonCursor
{
    /// <summary>Objects and arrays inside each other.</summary>
    public const int DepthMax = 128;

    /// <summary>Longest text of a number or of an enum's name.</summary>
    private const int NumberBytesMax = 64;

    private readonly ReadOnlySpan<byte> json;
    private Utf8JsonReader reader;

    public JsonCursor(ReadOnlySpan<byte> json)
    {
        this.json = json;
        reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DepthMax });
    }

    public readonly long Offset => reader.BytesConsumed;

    // At an opening bracket the reader counts only what encloses it.
    public readonly bool IsAtDepthMax => reader.CurrentDepth >= DepthMax - 1;

    /// <summary>Reads the document's first token, which must open an object.</summary>
    public void BeginDocument()
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonShapeException(DecodeErrorReason.BadJson);
    }

    /// <summary>Fails when something other than white space follows the document.</summary>
    public void EndDocument() => reader.Read();

    public bool NextProperty()
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    public readonly bool Is(ReadOnlySpan<byte> name) => reader.ValueTextEquals(name);
    public readonly bool Is(ReadOnlySpan<byte> camelCase, ReadOnlySpan<byte> snakeCase) =>
        reader.ValueTextEquals(camelCase) || reader.ValueTextEquals(snakeCase);

    public void SkipValue() => reader.Skip();

    /// <summary>Moves into the object that is the property's value; false for null.</summary>
    public bool BeginObject() => Begin(JsonTokenType.StartObject);

    public bool BeginArray() => Begin(JsonTokenType.StartArray);

    /// <summary>Moves into the array's next element, which must be an object; false at the end.</summary>
    public bool NextObject()
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndArray) return false;
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonShapeException(DecodeErrorReason.BadJsonValue);
        return true;
    }

    /// <summary>Steps over the object just entered and returns it as it stands in the request.</summary>
    public ReadOnlySpan<byte> SliceObject()
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed];
    }

    public void SkipObject() => reader.Skip();

    public JsonText ReadText()
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.String => new JsonText(reader.ValueSpan, reader.ValueIsEscaped),
            JsonTokenType.Null => default,
            _ => throw new JsonShapeException(DecodeErrorReason.BadJsonValue),
        };
    }

    public bool TryReadText(out JsonText text)
    {
        text = ReadText();
        return reader.TokenType == JsonTokenType.String;
    }

    public bool TryReadBool(out bool value)
    {
        reader.Read();
        value = reader.TokenType == JsonTokenType.True;
        if (reader.TokenType is JsonTokenType.True or JsonTokenType.False) return true;
        if (reader.TokenType == JsonTokenType.Null) return false;
        throw new JsonShapeException(DecodeErrorReason.BadJsonValue);
    }

    /// <summary>False for null.</summary>
    public bool TryReadInt64(out long value)
    {
        value = 0;
        if (!TryReadNumberText(out var text)) return false;
        if (Utf8Parser.TryParse(text, out value, out var used) && used == text.Length) return true;
        // "1.0" and "1e3" are integers too in the JSON mapping; both bounds are exact powers of two.
        if (!TryParseIntegral(text, out var real) || real < -9223372036854775808.0 || real >= 9223372036854775808.0)
            throw new JsonShapeException(DecodeErrorReason.BadJsonValue);
        value = (long)real;
        return true;
    }

    public ulong ReadUInt64()
    {
        if (!TryReadNumberText(out var text)) return 0;
        if (Utf8Parser.TryParse(text, out ulong value, out var used) && used == text.Length) return value;
        if (!TryParseIntegral(text, out var real) || real < 0 || real >= 18446744073709551616.0)
            throw new JsonShapeException(DecodeErrorReason.BadJsonValue);
        return (ulong)real;
    }

    /// <summary>False for null.</summary>
    public bool TryReadDouble(out double value)
    {
        value = 0;
        if (!TryReadNumberText(out var text)) return false;
        if (text.SequenceEqual("NaN"u8)) value = double.NaN;
        else if (text.SequenceEqual("Infinity"u8)) value = double.PositiveInfinity;
        else if (text.SequenceEqual("-Infinity"u8)) value = double.NegativeInfinity;
        else if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) || !double.IsFinite(value))
            throw new JsonShapeException(DecodeErrorReason.BadJsonValue);
        return true;
    }

    /// <summary>An enum's number, or its name when it is not one.</summary>
    public bool TryReadEnumNumber(out int number, out ReadOnlySpan<byte> name)
    {
        number = 0;
        if (!TryReadNumberText(out name)) return true;
        return Utf8Parser.TryParse(name, out number, out var used) && used == name.Length;
    }

    private bool Begin(JsonTokenType opening)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return false;
        if (reader.TokenType != opening) throw new JsonShapeException(DecodeErrorReason.BadJsonValue);
        return true;
    }

    private bool TryReadNumberText(out ReadOnlySpan<byte> text)
    {
        reader.Read();
        text = reader.ValueSpan;
        // Some writers escape "+", as in "1e\u002B20".
        if (reader.ValueIsEscaped) text = new JsonText(text, isEscaped: true).Unescape(new byte[NumberBytesMax]);
        if (reader.TokenType is JsonTokenType.Number or JsonTokenType.String) return true;
        if (reader.TokenType == JsonTokenType.Null) return false;
        throw new JsonShapeException(DecodeErrorReason.BadJsonValue);
    }

    private static bool TryParseIntegral(ReadOnlySpan<byte> text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsInteger(value);
}
