using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace CostAttribution.ClickHouse.Transport;

/// <summary>
/// The transport to a ClickHouse server over its HTTP interface (https://clickhouse.com/docs/interfaces/http). The server
/// holds a response back until the statement has ended (<c>wait_end_of_query</c>), so that an error has its own status code;
/// an exception text inside a successful response is still looked for. An answer without ClickHouse's own headers is one of
/// something in between, and the outcome unknown.
/// </summary>
public sealed class HttpTransport : IClickHouseTransport
{
    /// <summary>
    /// Where several servers share the data behind one address (<c>SharedMergeTree</c>), each answers only once it knows of all
    /// that was written before: what was posted a moment ago must not look missing. Single servers ignore it.
    /// </summary>
    private const string ReadsOwnWrites = "?select_sequential_consistency=1";

    private readonly HttpTransportOptions options;
    private readonly string shownUrl;
    private readonly HttpClient client;
    private readonly InsertNames names;

    public HttpTransport(HttpTransportOptions options)
    {
        this.options = options;
        shownUrl = ShownAddress.Of(options.Url);
        names = new InsertNames(options.Database);
        client = new HttpClient(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = options.ConnectionsMax,
            // Password and rows are for the address that was configured, not for one that an answer names.
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        { Timeout = options.RequestTimeout, MaxResponseContentBufferSize = options.ResponseBytesMax };
        client.DefaultRequestHeaders.Add("X-ClickHouse-User", options.User);
        if (options.Password.Length > 0) client.DefaultRequestHeaders.Add("X-ClickHouse-Key", options.Password);
    }

    public string Database => options.Database;

    public string? Cluster => options.Cluster;

    public Task<byte[]> QueryAsync(ClickHouseQuery query, CancellationToken cancel)
    {
        var url = new StringBuilder(ReadsOwnWrites).Append("&wait_end_of_query=1&default_format=")
            .Append(Uri.EscapeDataString(query.Format));
        if (!query.OutsideDatabase) AppendPair(url, "database", Database);
        foreach (var (name, value) in query.Settings) AppendPair(url, SqlText.SettingName(name), value);
        foreach (var (name, value) in query.Parameters) AppendPair(url, "param_" + name, ParameterText.Escape(value));
        return SendAsync(url.ToString(), new StringContent(query.Sql, Encoding.UTF8), cancel);
    }

    public async Task InsertAsync(ClickHouseInsert insert, CancellationToken cancel)
    {
        var url = new StringBuilder("?wait_end_of_query=1");
        AppendPair(url, "database", Database);
        foreach (var (name, value) in InsertSettings.Fixed) AppendPair(url, name, value);
        AppendPair(url, "insert_deduplication_token", insert.DeduplicationToken);
        AppendPair(url, "query_id", names.Next(insert.DeduplicationToken));
        AppendPair(url, "query", InsertSettings.Into(insert, " FORMAT Native"));
        var content = new ReadOnlyMemoryContent(insert.NativeBlock);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        try
        {
            await SendAsync(url.ToString(), content, cancel);
        }
        catch (ClickHouseException error)
        {
            throw ClickHouseErrors.OfInsert(error);
        }
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<byte[]> SendAsync(string relativeUrl, HttpContent content, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(options.Url, relativeUrl)) { Content = content };
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
            var bytes = await response.Content.ReadAsByteArrayAsync(cancel);
            var code = ErrorCode(response, bytes);
            if (response.IsSuccessStatusCode && code == 0)
            {
                // A page of something in between must never pass for "inserted".
                if (IsClickHouse(response)) return bytes;
                throw new StoreUnavailableException(
                    $"what answers at {shownUrl} is not ClickHouse: {ErrorText(response, bytes)}");
            }
            var text = ErrorText(response, bytes);
            if (code == 0 && (int)response.StatusCode is >= 300 and < 400)
            {
                throw new StoreUnavailableException($"what answers at {shownUrl} is not ClickHouse: it redirects "
                    + $"({(int)response.StatusCode}); set ClickHouse:Url to the address of the server itself");
            }
            if (code == 0 && response.StatusCode is >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests)
            {
                // No ClickHouse error code: a proxy or load balancer answered, so the outcome is unknown.
                throw new StoreUnavailableException(
                    $"the ClickHouse URL {shownUrl} answered {(int)response.StatusCode}: {text}");
            }
            throw new ClickHouseException(code, text.TrimEnd());
        }
        catch (HttpRequestException error)
        {
            throw new StoreUnavailableException($"ClickHouse at {shownUrl} cannot be reached: {error.Message}", error);
        }
        catch (OperationCanceledException error) when (!cancel.IsCancellationRequested)
        {
            throw new StoreUnavailableException($"ClickHouse at {shownUrl} did not answer within {options.RequestTimeout}",
                error);
        }
    }

    // Every answer of a ClickHouse server names at least the query in such a header.
    private static bool IsClickHouse(HttpResponseMessage response) =>
        response.Headers.Any(header => header.Key.StartsWith("X-ClickHouse-", StringComparison.OrdinalIgnoreCase));

    private static int ErrorCode(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        if (response.Headers.TryGetValues("X-ClickHouse-Exception-Code", out var values) &&
            int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            return code;
        }
        var exception = MidStreamException(response, body);
        return exception.IsEmpty ? 0 : ClickHouseErrors.CodeOf(Encoding.UTF8.GetString(exception));
    }

    /// <summary>
    /// The exception text a server appended after it had begun to answer: newer ones frame it with <c>__exception__</c> and the
    /// tag of the <c>X-ClickHouse-Exception-Tag</c> header.
    /// </summary>
    private static ReadOnlySpan<byte> MidStreamException(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        if (!response.Headers.TryGetValues("X-ClickHouse-Exception-Tag", out var tags)) return [];
        var marker = Encoding.UTF8.GetBytes($"__exception__\r\n{tags.First()}\r\n");
        var start = body.LastIndexOf(marker);
        return start < 0 ? [] : body[(start + marker.Length)..];
    }

    private static string ErrorText(HttpResponseMessage response, ReadOnlySpan<byte> body)
    {
        const int TextBytesMax = 4096;
        var exception = MidStreamException(response, body);
        var text = exception.IsEmpty ? body : exception;
        return Encoding.UTF8.GetString(text[..Math.Min(text.Length, TextBytesMax)]);
    }

    private static void AppendPair(StringBuilder url, string name, string value) =>
        url.Append('&').Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
}
