using CostAttribution.ClickHouse.Endpoint;
using CostAttribution.StoreTests.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace CostAttribution.StoreTests.Endpoint;

/// <summary>The product's read-only endpoint over the test engine, on a port of its own.</summary>
internal sealed class EndpointHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private EndpointHost(WebApplication app)
    {
        this.app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }
    public Uri Url => Client.BaseAddress!;

    public static async Task<EndpointHost> StartAsync(EngineFixture engine, ClickHouseHttpOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapClickHouseHttp(engine.Engine, options);
        await app.StartAsync();
        return new EndpointHost(app);
    }

    /// <summary>Posts the text; returns status, error code header (0 = none) and body.</summary>
    public async Task<(int Status, int Code, string Body)> AskAsync(string sql, string url = "")
    {
        using var response = await Client.PostAsync(new Uri("/" + url, UriKind.Relative), new StringContent(sql));
        var code = response.Headers.TryGetValues("X-ClickHouse-Exception-Code", out var values) ? int.Parse(values.First()) : 0;
        return ((int)response.StatusCode, code, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }
}
