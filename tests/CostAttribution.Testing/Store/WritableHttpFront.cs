using System.Globalization;
using System.Text;
using CostAttribution.ClickHouse.Embedded;
using CostAttribution.ClickHouse.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Testing.Store;

/// <summary>
/// A ClickHouse HTTP interface that lets everything through to the embedded engine, inserts included: the server that
/// <see cref="HttpTransport"/> is tested against. The product's own endpoint is read-only.
/// </summary>
public sealed class WritableHttpFront : IAsyncDisposable
{
    private static readonly HashSet<string> OwnParameters = ["query", "database", "default_format", "wait_end_of_query"];

    private readonly WebApplication app;
    private readonly ChdbEngine engine;

    private WritableHttpFront(WebApplication app, ChdbEngine engine)
    {
        this.app = app;
        this.engine = engine;
    }

    public Uri Url => new(app.Urls.First());

    public static async Task<WritableHttpFront> StartAsync(ChdbEngine engine)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var front = new WritableHttpFront(app, engine);
        app.MapPost("/", front.AnswerAsync);
        await app.StartAsync();
        return front;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        if (http.Request.Headers["X-ClickHouse-User"] != "tester" || http.Request.Headers["X-ClickHouse-Key"] != "secret")
        {
            await FailAsync(http, 516, "Code: 516. DB::Exception: tester: Authentication failed");
            return;
        }
        http.Response.Headers["X-ClickHouse-Query-Id"] = http.TraceIdentifier;
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        try
        {
            await http.Response.Body.WriteAsync(await RunAsync(http.Request.Query, body.ToArray()));
        }
        catch (ClickHouseException error)
        {
            await FailAsync(http, error.Code, error.Message);
        }
    }

    private Task<byte[]> RunAsync(IQueryCollection url, byte[] body) => engine.QueryLanes.RunAsync(session =>
    {
        var settings = url.Where(pair => !OwnParameters.Contains(pair.Key)
            && !pair.Key.StartsWith("param_", StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        return session.With(url.TryGetValue("database", out var database) ? database.ToString() : null, settings, connection =>
        {
            if (url.TryGetValue("query", out var insert))
            {
                connection.Insert(insert.ToString().Replace(" FORMAT Native", "", StringComparison.Ordinal), body);
                return [];
            }
            var parameters = url.Where(pair => pair.Key.StartsWith("param_", StringComparison.Ordinal))
                .ToDictionary(pair => pair.Key["param_".Length..], pair => Unescape(pair.Value.ToString()));
            return connection.Query(Encoding.UTF8.GetString(body), url["default_format"].ToString(), parameters).Bytes;
        });
    }, CancellationToken.None);

    /// <summary>The session escapes bound values again; a real server would take them as they come.</summary>
    private static string Unescape(string value)
    {
        var text = new StringBuilder();
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

    private static async Task FailAsync(HttpContext http, int code, string text)
    {
        http.Response.StatusCode = 500;
        http.Response.Headers["X-ClickHouse-Exception-Code"] = code.ToString(CultureInfo.InvariantCulture);
        await http.Response.WriteAsync(text);
    }
}
