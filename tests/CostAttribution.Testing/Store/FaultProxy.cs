using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Testing.Store;

/// <summary>What happens to one request on its way to the store and back.</summary>
public enum StoreFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The connection is cut before the store sees the request.</summary>
    CutBefore,

    /// <summary>The store does it, then the connection is cut without an answer.</summary>
    CutAfter,

    /// <summary>The store has the request, and the connection is cut while it is at it.</summary>
    CutWhileRunning,

    /// <summary>The store does it, and its answer is cut after half.</summary>
    CutAnswer,

    /// <summary>A load balancer answers 502; the store sees nothing.</summary>
    BadGatewayBefore,

    /// <summary>The store does it, then something on the way answers 500.</summary>
    ErrorAfter,

    /// <summary>Something answers 200 with a page of its own; the store sees nothing.</summary>
    PageBefore,

    /// <summary>The store does it, and something answers 200 with a page of its own.</summary>
    PageAfter,

    /// <summary>The store does it, and nobody ever answers.</summary>
    SilentAfter,

    /// <summary>Nobody ever answers, and the store sees nothing.</summary>
    SilentBefore,
}

/// <summary>One request as the script sees it.</summary>
/// <param name="Number">From 1, in the order of arrival.</param>
/// <param name="IsInsert">Whether it carries rows; else it asks or defines.</param>
public readonly record struct StoreRequest(int Number, bool IsInsert);

/// <summary>
/// Stands before a store's HTTP interface and does to its requests what networks and load balancers do. Thread-safe; the script
/// and the delay may be exchanged at any time and hold for requests that come later.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private const string Page = "<html><body>we will be back soon</body></html>";

    private readonly WebApplication app;
    private readonly Uri target;
    private readonly TimeProvider clock;
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(5) };
    private readonly CancellationTokenSource ended = new();
    private readonly int[] counts = new int[Enum.GetValues<StoreFault>().Length];
    private int requests;
    private volatile Func<StoreRequest, StoreFault> script = _ => StoreFault.None;
    private long delayTicks;
    private volatile Task unheard = Task.CompletedTask;

    private FaultProxy(WebApplication app, Uri target, TimeProvider clock)
    {
        this.app = app;
        this.target = target;
        this.clock = clock;
    }

    public Uri Url => new(app.Urls.First());

    /// <summary>Decides each request's fate.</summary>
    public Func<StoreRequest, StoreFault> Script
    {
        set => script = value;
    }

    /// <summary>How long each request waits before anything happens to it.</summary>
    public TimeSpan Delay
    {
        set => Interlocked.Exchange(ref delayTicks, value.Ticks);
    }

    /// <summary>Requests so far.</summary>
    public int Requests => Volatile.Read(ref requests);

    /// <summary>Completes when the store has done the last request that was cut off while it was running.</summary>
    public Task Unheard => unheard;

    public int CountOf(StoreFault fault) => Volatile.Read(ref counts[(int)fault]);

    public static async Task<FaultProxy> StartAsync(Uri target, TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var proxy = new FaultProxy(app, target, clock);
        app.Run(proxy.HandleAsync);
        await app.StartAsync();
        return proxy;
    }

    /// <summary>
    /// A script that draws one of <paramref name="faults"/> for <paramref name="perMille"/> requests in a thousand; the same
    /// seed draws the same sequence.
    /// </summary>
    public static Func<StoreRequest, StoreFault> Drawn(int seed, int perMille, params StoreFault[] faults)
    {
        var gate = new Lock();
        var random = new Random(seed);
        return _ =>
        {
            lock (gate) return random.Next(1000) < perMille ? faults[random.Next(faults.Length)] : StoreFault.None;
        };
    }

    public override string ToString() =>
        $"{Requests} requests, " + string.Join(", ", Enum.GetValues<StoreFault>().Select(fault => $"{fault} {CountOf(fault)}"));

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await app.DisposeAsync();
        client.Dispose();
        ended.Dispose();
    }

    private async Task HandleAsync(HttpContext http)
    {
        var request = new StoreRequest(
            Interlocked.Increment(ref requests), http.Request.Query["query"].ToString().StartsWith("INSERT", StringComparison.Ordinal));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, ended.Token);
        try
        {
            var delay = TimeSpan.FromTicks(Interlocked.Read(ref delayTicks));
            if (delay > TimeSpan.Zero) await Task.Delay(delay, clock, either.Token);
            var fault = script(request);
            Interlocked.Increment(ref counts[(int)fault]);
            await DoAsync(http, fault, either.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or HttpRequestException)
        {
            http.Abort();
        }
    }

    private async Task DoAsync(HttpContext http, StoreFault fault, CancellationToken cancel)
    {
        if (fault is StoreFault.CutBefore)
        {
            http.Abort();
            return;
        }
        if (fault is StoreFault.BadGatewayBefore or StoreFault.PageBefore)
        {
            await AnswerAsync(http, fault is StoreFault.PageBefore ? 200 : 502);
            return;
        }
        if (fault is StoreFault.SilentBefore)
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return;
        }

        if (fault is StoreFault.CutWhileRunning)
        {
            unheard = client.SendAsync(await CopyAsync(http.Request), ended.Token);
            http.Abort();
            return;
        }

        // What has reached the store is done there, whatever becomes of the connection it came by.
        using var answer = await client.SendAsync(await CopyAsync(http.Request), ended.Token);
        var body = await answer.Content.ReadAsByteArrayAsync(ended.Token);
        switch (fault)
        {
            case StoreFault.CutAfter:
                http.Abort();
                break;
            case StoreFault.ErrorAfter or StoreFault.PageAfter:
                await AnswerAsync(http, fault is StoreFault.PageAfter ? 200 : 500);
                break;
            case StoreFault.SilentAfter:
                await Task.Delay(Timeout.Infinite, cancel);
                break;
            default:
                await PassOnAsync(http, answer, body, fault is StoreFault.CutAnswer);
                break;
        }
    }

    private async Task<HttpRequestMessage> CopyAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        var path = UriHelper.BuildRelative(request.PathBase, request.Path, request.QueryString);
        var copy = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(target, path)) { Content = new ByteArrayContent(body.ToArray()) };
        foreach (var (name, value) in request.Headers)
            if (name.StartsWith("X-ClickHouse-", StringComparison.OrdinalIgnoreCase)) copy.Headers.Add(name, value.ToString());
        return copy;
    }

    private static async Task PassOnAsync(HttpContext http, HttpResponseMessage answer, byte[] body, bool cut)
    {
        http.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers)
            if (name.StartsWith("X-ClickHouse-", StringComparison.OrdinalIgnoreCase)) http.Response.Headers[name] = values.ToArray();
        // One byte more than there is, so that a cut shows even when the answer is empty.
        http.Response.ContentLength = cut ? body.Length + 1 : body.Length;
        await http.Response.Body.WriteAsync(cut ? body.AsMemory(0, body.Length / 2) : body);
        if (!cut) return;
        await http.Response.Body.FlushAsync();
        http.Abort();
    }

    private static async Task AnswerAsync(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/html";
        await http.Response.WriteAsync(Page);
    }
}
