using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CostAttribution.ClickHouse.Embedded;
using CostAttribution.ClickHouse.Transport;
using Microsoft.AspNetCore.Http;

namespace CostAttribution.ClickHouse.Endpoint;

/// <summary>
/// The embedded engine on ClickHouse's HTTP interface, for dashboards and clients: reading only, one database, within limits.
/// Answers when a query has ended, so an error always has its own status and code.
/// </summary>
internal sealed class ClickHouseHttpEndpoint
{
    private readonly ClickHouseHttpOptions options;
    private readonly TimeProvider clock;
    private readonly ReadOnlySessions sessions;
    private long queries;

    public ClickHouseHttpEndpoint(ChdbEngine engine, ClickHouseHttpOptions options, TimeProvider clock)
    {
        this.options = options;
        this.clock = clock;
        sessions = new ReadOnlySessions(engine, options);
    }

    public static async Task PingAsync(HttpContext http)
    {
        http.Response.ContentType = "text/html; charset=UTF-8";
        await http.Response.WriteAsync("Ok.\n", http.RequestAborted);
    }

    public async Task AnswerAsync(HttpContext http)
    {
        var queryId = QueryId(http);
        try
        {
            Authenticate(http.Request);
            if (HttpMethods.IsGet(http.Request.Method) && !http.Request.Query.ContainsKey("query"))
            {
                await PingAsync(http);
                return;
            }
            var request = await HttpReadRequest.ReadAsync(http.Request, options.QueryBytesMax, http.RequestAborted);
            await WriteAsync(http, request, queryId, await sessions.RunAsync(request, http.RequestAborted));
        }
        catch (ClickHouseException error)
        {
            await FailAsync(http, queryId, error.Code, error.Message);
        }
        catch (RefusedQueryException error)
        {
            await FailAsync(http, queryId, error.Code,
                $"Code: {error.Code}. DB::Exception: {error.Message}. ({NameOf(error.Code)})");
        }
        catch (StoreUnavailableException error)
        {
            await FailAsync(http, queryId, 210, $"Code: 210. DB::Exception: {error.Message}. (NETWORK_ERROR)");
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; the query ends by its own time limit.
        }
    }

    /// <summary>Basic, the X-ClickHouse headers or the URL, as ClickHouse accepts them.</summary>
    private void Authenticate(HttpRequest request)
    {
        var (user, password) = Credentials(request);
        if (user.Length == 0) user = "default";
        var right = SameText(user, options.User) & SameText(password, options.Password);
        if (!right)
        {
            throw new RefusedQueryException($"{user}: Authentication failed: password is incorrect, or there is no user " +
                $"with such name", RefusedQueryException.AuthenticationFailed);
        }
    }

    private static (string User, string Password) Credentials(HttpRequest request)
    {
        var headers = request.Headers;
        if (headers.TryGetValue("X-ClickHouse-User", out var user) || headers.ContainsKey("X-ClickHouse-Key"))
        {
            return (user.ToString(), headers["X-ClickHouse-Key"].ToString());
        }
        var authorization = headers.Authorization.ToString();
        if (authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            var bytes = new byte[authorization.Length];
            if (!Convert.TryFromBase64String(authorization[6..].Trim(), bytes, out var length)) return ("", "?");
            var text = Encoding.UTF8.GetString(bytes, 0, length);
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            return colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
        }
        return (request.Query["user"].ToString(), request.Query["password"].ToString());
    }

    private static bool SameText(string left, string right) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(left)), SHA256.HashData(Encoding.UTF8.GetBytes(right)));

    private static async Task WriteAsync(HttpContext http, HttpReadRequest request, string queryId, ReadAnswer answer)
    {
        var response = http.Response;
        SetHeaders(response, queryId);
        response.ContentType = FormatTypes.ContentTypeOf(answer.Format);
        response.Headers["X-ClickHouse-Format"] = answer.Format;
        response.Headers["X-ClickHouse-Summary"] = SummaryOf(answer);
        if (!request.Gzip)
        {
            response.ContentLength = answer.Bytes.Length;
            await response.Body.WriteAsync(answer.Bytes, http.RequestAborted);
            return;
        }
        response.Headers.ContentEncoding = "gzip";
        await using var gzip = new GZipStream(response.Body, CompressionLevel.Fastest, leaveOpen: true);
        await gzip.WriteAsync(answer.Bytes, http.RequestAborted);
    }

    private static string SummaryOf(ReadAnswer answer)
    {
        var read = string.Create(CultureInfo.InvariantCulture,
            $"\"read_rows\":\"{answer.RowsRead}\",\"read_bytes\":\"{answer.BytesRead}\"");
        var result = string.Create(CultureInfo.InvariantCulture,
            $"\"result_rows\":\"{answer.Rows}\",\"result_bytes\":\"{answer.Bytes.Length}\"");
        var elapsed = string.Create(CultureInfo.InvariantCulture, $"\"elapsed_ns\":\"{(long)(answer.ElapsedSeconds * 1e9)}\"");
        var total = string.Create(CultureInfo.InvariantCulture, $"\"total_rows_to_read\":\"{answer.RowsRead}\"");
        return $"{{{read},\"written_rows\":\"0\",\"written_bytes\":\"0\",{total},{result},{elapsed}}}";
    }

    private static async Task FailAsync(HttpContext http, string queryId, int code, string text)
    {
        if (http.Response.HasStarted) return;
        SetHeaders(http.Response, queryId);
        http.Response.StatusCode = StatusOf(code);
        http.Response.ContentType = "text/plain; charset=UTF-8";
        http.Response.Headers["X-ClickHouse-Exception-Code"] = code.ToString(CultureInfo.InvariantCulture);
        if (code == RefusedQueryException.AuthenticationFailed)
        {
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"ClickHouse server HTTP API\"";
        }
        await http.Response.WriteAsync(text.TrimEnd() + "\n", http.RequestAborted);
    }

    private static void SetHeaders(HttpResponse response, string queryId)
    {
        response.Headers["X-ClickHouse-Query-Id"] = queryId;
        response.Headers["X-ClickHouse-Timezone"] = "UTC";
        response.Headers["X-ClickHouse-Server-Display-Name"] = "cost-attribution";
    }

    /// <summary>HTTP statuses as ClickHouse gives them: the client's fault, not found, too slow, too busy, else 500.</summary>
    private static int StatusOf(int code) => code switch
    {
        RefusedQueryException.AuthenticationFailed or RefusedQueryException.AccessDenied or RefusedQueryException.ReadOnly =>
            StatusCodes.Status403Forbidden,
        RefusedQueryException.SyntaxError or 36 or 53 or 43 or 386 => StatusCodes.Status400BadRequest,
        46 or 47 or 60 or RefusedQueryException.UnknownDatabase or 115 => StatusCodes.Status404NotFound,
        159 => StatusCodes.Status408RequestTimeout,
        RefusedQueryException.TooManyQueries or 210 => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static string NameOf(int code) => code switch
    {
        RefusedQueryException.SyntaxError => "SYNTAX_ERROR",
        RefusedQueryException.UnknownDatabase => "UNKNOWN_DATABASE",
        RefusedQueryException.ReadOnly => "READONLY",
        RefusedQueryException.TooManyQueries => "TOO_MANY_SIMULTANEOUS_QUERIES",
        RefusedQueryException.AuthenticationFailed => "AUTHENTICATION_FAILED",
        _ => "ACCESS_DENIED",
    };

    /// <summary>The client's id when it is a plain name, else one of ours: start time and number.</summary>
    private string QueryId(HttpContext http)
    {
        var asked = http.Request.Query["query_id"].ToString();
        if (asked.Length is > 0 and <= 128
            && asked.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')) return asked;
        return string.Create(CultureInfo.InvariantCulture,
            $"{clock.GetUtcNow().ToUnixTimeMilliseconds():x}-{Interlocked.Increment(ref queries):x}");
    }
}
