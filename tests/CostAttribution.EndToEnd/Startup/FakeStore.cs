using System.Net;
using System.Text;
using CostAttribution.EndToEnd.Hosting;

namespace CostAttribution.EndToEnd.Startup;

/// <summary>An HTTP server that gives the same answer to everything.</summary>
internal sealed class FakeStore : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly Task serving;

    /// <param name="isClickHouse">Whether answers carry a header that only ClickHouse sends.</param>
    public FakeStore(int status, string body, bool isClickHouse)
    {
        Url = $"http://127.0.0.1:{ServerProcess.FreePort()}";
        listener.Prefixes.Add(Url + "/");
        listener.Start();
        serving = ServeAsync(status, Encoding.UTF8.GetBytes(body), isClickHouse);
    }

    public string Url { get; }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        listener.Close();
    }

    private async Task ServeAsync(int status, byte[] body, bool isClickHouse)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception fault) when (fault is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            context.Response.StatusCode = status;
            if (isClickHouse) context.Response.AddHeader("X-ClickHouse-Query-Id", "1");
            await context.Response.OutputStream.WriteAsync(body);
            context.Response.Close();
        }
    }
}
