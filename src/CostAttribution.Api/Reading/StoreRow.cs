using System.Globalization;
using System.Text.Json;
using CostAttribution.Domain.Pricing;

namespace CostAttribution.Api.Reading;

/// <summary>
/// One row of a <c>JSONEachRow</c> answer. Numbers are read from their text, quoted or not, so that money and 64-bit counts
/// never pass through a floating point number.
/// </summary>
internal readonly struct StoreRow(JsonElement row)
{
    private static readonly Int128 MicrosPerTick = TimeSpan.TicksPerMicrosecond;

    public string Text(string column) => row.GetProperty(column).GetString() ?? "";

    public long Count(string column) => Count(row.GetProperty(column));

    public bool Flag(string column)
    {
        var value = row.GetProperty(column);
        return value.ValueKind is JsonValueKind.True || (value.ValueKind is not JsonValueKind.False && Count(value) != 0);
    }

    public Money Money(string column) => Domain.Pricing.Money.Parse(NumberText(row.GetProperty(column)));

    public Money? MoneyOrNull(string column) => row.GetProperty(column).ValueKind == JsonValueKind.Null ? null : Money(column);

    /// <summary>An instant selected as microseconds since the Unix epoch.</summary>
    public DateTimeOffset Micros(string column) => DateTimeOffset.UnixEpoch.AddTicks((long)(Count(column) * MicrosPerTick));

    /// <summary>An instant selected as milliseconds since the Unix epoch.</summary>
    public DateTimeOffset Millis(string column) => DateTimeOffset.FromUnixTimeMilliseconds(Count(column));

    public IReadOnlyList<string> Texts(string column) =>
        [.. row.GetProperty(column).EnumerateArray().Select(item => item.GetString() ?? "")];

    public SortedDictionary<string, string> TextMap(string column)
    {
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in row.GetProperty(column).EnumerateObject()) map[property.Name] = property.Value.GetString() ?? "";
        return map;
    }

    /// <summary>A map of quantities without its zeros.</summary>
    public SortedDictionary<string, long> CountMap(string column)
    {
        var map = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var property in row.GetProperty(column).EnumerateObject())
        {
            var count = Count(property.Value);
            if (count != 0) map[property.Name] = count;
        }
        return map;
    }

    private static long Count(JsonElement value) =>
        long.Parse(NumberText(value), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static string NumberText(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()!
        : value.GetRawText();
}
