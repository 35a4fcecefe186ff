using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>What a request asks for: text, format, parameters and the few settings the endpoint knows.</summary>
internal sealed record HttpReadRequest
{
    /// <summary>Settings that change only how a result looks or make a limit smaller; passed on as they are.</summary>
    private static readonly HashSet<string> PassedSettings =
    [
        "output_format_json_quote_64bit_integers", "output_format_json_quote_decimals", "output_format_json_quote_denormals",
        "output_format_json_quote_64bit_floats", "output_format_json_named_tuples_as_objects", "output_format_json_array_of_rows",
        "output_format_json_validate_utf8", "output_format_decimal_trailing_zeros", "output_format_csv_crlf_end_of_line",
        "output_format_tsv_crlf_end_of_line", "output_format_write_statistics", "output_format_pretty_color",
        "date_time_output_format",
        "session_timezone", "join_use_nulls", "limit", "offset", "extremes", "low_cardinality_allow_in_native_format",
    ];

    /// <summary>
    /// Parameters that have no effect here: the endpoint always answers when a query has ended, and keeps no sessions.
    /// </summary>
    private static readonly HashSet<string> IgnoredParameters =
    [
        "wait_end_of_query", "buffer_size", "send_progress_in_http_headers", "http_headers_progress_interval_ms", "log_queries",
        "readonly", "quota_key",
        "cancel_http_readonly_queries_on_client_close", "add_http_cors_header", "http_zlib_compression_level",
        "user", "password", "session_id", "session_timeout", "session_check",
    ];

    public required string Sql { get; init; }
    public string Database { get; init; } = "";
    public string? DefaultFormat { get; init; }
    public string? QueryId { get; init; }
    public bool Gzip { get; init; }

    /// <summary>Native revision the client reads; 0 = the layout without block info.</summary>
    public int ProtocolVersion { get; init; }

    /// <summary>The client's own time limit; null when it named none.</summary>
    public TimeSpan? TimeMax { get; init; }

    /// <summary>The client's own limit of result rows; null when it named none.</summary>
    public long? ResultRowsMax { get; init; }
    public Dictionary<string, string> Parameters { get; } = [];
    public Dictionary<string, string> Settings { get; } = [];

    /// <summary>
    /// Reads URL, headers and body. Throws <see cref="RefusedQueryException"/> for what the endpoint does not know.
    /// </summary>
    public static async Task<HttpReadRequest> ReadAsync(HttpRequest http, int queryBytesMax, CancellationToken cancel)
    {
        var url = http.Query;
        var body = await ReadBodyAsync(http, queryBytesMax, cancel);
        var named = url["query"].ToString();
        var request = new HttpReadRequest
        {
            Sql = named.Length == 0 ? body : body.Length == 0 ? named : $"{named}\n{body}",
            Database = First(url["database"].ToString(), http.Headers["X-ClickHouse-Database"].ToString()),
            DefaultFormat = First(url["default_format"].ToString(),
                http.Headers["X-ClickHouse-Format"].ToString()) is { Length: > 0 } format ? format : null,
            QueryId = url["query_id"].ToString() is { Length: > 0 } id ? id : null,
            Gzip = url["enable_http_compression"] == "1" &&
                http.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase),
            ProtocolVersion = (int)Number(url["client_protocol_version"].ToString(), "client_protocol_version")
                .GetValueOrDefault(),
            TimeMax = Number(url["max_execution_time"].ToString(), "max_execution_time") is { } seconds and > 0
                ? TimeSpan.FromSeconds(seconds) : null,
            ResultRowsMax = Number(url["max_result_rows"].ToString(), "max_result_rows") is { } rows and > 0 ? rows : null,
        };
        foreach (var (name, value) in url) request.Take(name, value.ToString());
        return request;
    }

    private void Take(string name, string value)
    {
        if (name.StartsWith("param_", StringComparison.Ordinal)) Parameters[name["param_".Length..]] = UnescapeParameter(value);
        else if (PassedSettings.Contains(name)) Settings[name] = value;
        else if (!IsOwn(name) && !IgnoredParameters.Contains(name))
        {
            throw new RefusedQueryException($"the setting {name} cannot be changed here", RefusedQueryException.ReadOnly);
        }
    }

    private static bool IsOwn(string name) =>
        name is "query" or "database" or "default_format" or "query_id" or "enable_http_compression"
        or "client_protocol_version" or "max_execution_time" or "max_result_rows";

    private static async Task<string> ReadBodyAsync(HttpRequest http, int bytesMax, CancellationToken cancel)
    {
        if (HttpMethods.IsGet(http.Method)) return "";
        if (http.Headers.ContentEncoding.Count > 0) throw new RefusedQueryException(
            "compressed queries are not accepted: send the text as it is");
        using var text = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await http.Body.ReadAsync(buffer, cancel)) > 0)
        {
            if (text.Length + read > bytesMax) throw new RefusedQueryException($"the query is longer than {bytesMax} bytes",
                RefusedQueryException.QueryTooLarge);
            text.Write(buffer, 0, read);
        }
        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    private static long? Number(string text, string name)
    {
        if (text.Length == 0) return null;
        // Some drivers send whole seconds as 60.0.
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value < int.MaxValue) return (long)Math.Ceiling(value);
        throw new RefusedQueryException($"{name} is not a number: {text}", RefusedQueryException.SyntaxError);
    }

    private static string First(string first, string second) => first.Length > 0 ? first : second;

    /// <summary>Clients send bound values in escaped form; the session escapes them again.</summary>
    private static string UnescapeParameter(string value)
    {
        if (!value.Contains('\\', StringComparison.Ordinal)) return value;
        var text = new StringBuilder(value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] != '\\' || i + 1 == value.Length)
            {
                text.Append(value[i]);
                continue;
            }
            text.Append(value[++i] switch { 't' => '\t', 'n' => '\n', 'r' => '\r', '0' => '\0', 'b' => '\b', 'f' => '\f',
                var other => other });
        }
        return text.ToString();
    }
}
