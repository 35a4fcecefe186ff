using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CostAttribution.UnitTests.Hosting;

/// <summary>An HTTP server on a free port that keeps the addresses it was asked for.</summary>
internal sealed class RemoteServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly List<string> asked = [];

    private RemoteServer(WebApplication app) => this.app = app;

    public Uri Url => new(app.Urls.First());

    public IReadOnlyList<string> Asked
    {
        get { lock (asked) return [.. asked]; }
    }

    /// <param name="answer">Given the statement.</param>
    /// <param name="isClickHouse">Whether answers carry a header that only ClickHouse sends.</param>
    public static async Task<RemoteServer> StartAsync(Func<HttpContext, string, string> answer, bool isClickHouse = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new RemoteServer(app);
        app.Run(async http =>
        {
            using var body = new StreamReader(http.Request.Body);
            var sql = await body.ReadToEndAsync();
            lock (server.asked) server.asked.Add(http.Request.QueryString.Value ?? "");
            if (isClickHouse) http.Response.Headers["X-ClickHouse-Query-Id"] = "1";
            await http.Response.WriteAsync(answer(http, sql));
        });
        await app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
