using System.Globalization;
using System.Text.Json;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.Api.Reading;

/// <summary>Asks the store under the limits of <see cref="ApiOptions"/> and reads rows by column name.</summary>
internal sealed class StoreReader(IClickHouseTransport transport, ApiOptions options)
{
    // Texts that are not UTF-8 would make the whole answer unreadable: the store replaces what is wrong in them.
    private readonly Dictionary<string, string> settings = new(StringComparer.Ordinal)
    {
        ["max_execution_time"] = ((long)options.QueryTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture),
        ["max_memory_usage"] = options.QueryMemoryBytesMax.ToString(CultureInfo.InvariantCulture),
        ["output_format_json_validate_utf8"] = "1",
    };

    public async Task<List<StoreRow>> ReadAsync(StoreQuery query, CancellationToken cancel)
    {
        var bytes = await transport.QueryAsync(
            new ClickHouseQuery(query.Sql) { Format = "JSONEachRow", Parameters = query.Values, Settings = settings }, cancel);
        return ReadRows(bytes);
    }

    internal static List<StoreRow> ReadRows(ReadOnlyMemory<byte> bytes)
    {
        var rows = new List<StoreRow>();
        while (!bytes.IsEmpty)
        {
            var end = bytes.Span.IndexOf((byte)'\n');
            var line = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
            if (line.IsEmpty) continue;
            using var document = JsonDocument.Parse(line);
            rows.Add(new StoreRow(document.RootElement.Clone()));
        }
        return rows;
    }
}
