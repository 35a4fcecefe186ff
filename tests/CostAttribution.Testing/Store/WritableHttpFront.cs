using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using CostAttribution.ClickHouse;
using CostAttribution.ClickHouse.Embedded;
using CostAttribution.ClickHouse.Native;
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
    private static readonly HashSet<string> OwnParameters = ["query", "query_id", "database", "default_format", "wait_end_of_query"];

    // The engine in the process gives its statements ids of its own.
    private readonly ConcurrentDictionary<string, bool> running = new();

    private readonly WebApplication app;
    private readonly ChdbEngine engine;

    private WritableHttpFront(WebApplication app, ChdbEngine engine)
    {
        this.app = app;
        this.engine = engine;
    }

    /// <summary>
    /// What an insert waits for after its first half, as one does that writes its partitions one after the other; null for one that
    /// is made in one go.
    /// </summary>
    public Func<Task>? HalfWay { get; set; }

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

    private async Task<byte[]> RunAsync(IQueryCollection url, byte[] body)
    {
        if (!url.TryGetValue("query", out var insert)) return await OnEngineAsync(url, Encoding.UTF8.GetString(body), null, "");
        var id = url["query_id"].ToString();
        if (!running.TryAdd(id, true)) throw new ClickHouseException(216, $"Code: 216. DB::Exception: Query with id = {id} is already running.");
        try
        {
            var sql = insert.ToString().Replace(" FORMAT Native", "", StringComparison.Ordinal);
            if (HalfWay is not { } halfWay) return await OnEngineAsync(url, sql, body, "");
            var block = NativeBlockReader.ReadAll(body)[0];
            var half = block.Rows / 2;
            await OnEngineAsync(url, sql, NativeBlockCutter.Cut(block, [.. Enumerable.Range(0, half)]), "#1");
            await halfWay();
            return await OnEngineAsync(url, sql, NativeBlockCutter.Cut(block, [.. Enumerable.Range(half, block.Rows - half)]), "#2");
        }
        finally
        {
            running.TryRemove(id, out _);
        }
    }

    private Task<byte[]> OnEngineAsync(IQueryCollection url, string sql, byte[]? block, string tokenEnd) => engine.QueryLanes.RunAsync(session =>
    {
        var settings = url.Where(pair => !OwnParameters.Contains(pair.Key)
            && !pair.Key.StartsWith("param_", StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        if (block is not null) settings["insert_deduplication_token"] += tokenEnd;
        return session.With(url.TryGetValue("database", out var database) ? database.ToString() : null, settings, connection =>
        {
            if (block is not null)
            {
                connection.Insert(sql, block);
                return [];
            }
            var parameters = url.Where(pair => pair.Key.StartsWith("param_", StringComparison.Ordinal))
                .ToDictionary(pair => pair.Key["param_".Length..], pair => Unescape(pair.Value.ToString()));
            return connection.Query(WithRunning(sql), url["default_format"].ToString(), parameters).Bytes;
        });
    }, CancellationToken.None);

    private string WithRunning(string sql) => sql.Replace("system.processes",
        $"(SELECT arrayJoin([{string.Join(", ", running.Keys.Select(SqlText.String))}]::Array(String)) AS initial_query_id)",
        StringComparison.Ordinal);

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
