namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>Content types of ClickHouse's output formats.</summary>
internal static class FormatTypes
{
    public static string ContentTypeOf(string format) => format switch
    {
        "JSONEachRow" or "JSONLines" or "NDJSON" or "JSONStringsEachRow" => "application/x-ndjson; charset=UTF-8",
        _ when format.StartsWith("JSON", StringComparison.Ordinal) => "application/json; charset=UTF-8",
        _ when format.StartsWith("TabSeparated", StringComparison.Ordinal)
            || format.StartsWith("TSV", StringComparison.Ordinal) =>
            "text/tab-separated-values; charset=UTF-8",
        _ when format.StartsWith("CSV", StringComparison.Ordinal) => "text/csv; charset=UTF-8; header=absent",
        "Native" or "RowBinary" or "RowBinaryWithNames" or "RowBinaryWithNamesAndTypes" or "Parquet" or "Arrow" or "ArrowStream"
            or "ORC" or "MsgPack" =>
            "application/octet-stream",
        "XML" => "application/xml; charset=UTF-8",
        "Markdown" => "text/markdown; charset=UTF-8",
        _ => "text/plain; charset=UTF-8",
    };
}
