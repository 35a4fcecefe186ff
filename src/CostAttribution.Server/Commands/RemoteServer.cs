using System.Net;
using System.Text.Json;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>
/// A running server that does what a verb asks, over its REST interface. Everything in the way is a
/// <see cref="StartupException"/> that says what to do.
/// </summary>
internal sealed class RemoteServer(Uri server, TimeSpan timeout) : IDisposable
{
    private readonly HttpClient client = new() { BaseAddress = server, Timeout = timeout };

    /// <summary>What it answers, made of JSON by <paramref name="read"/>.</summary>
    /// <param name="method">Of the request.</param>
    /// <param name="address">Path and query.</param>
    /// <param name="what">What a server that refuses does not do, for its message.</param>
    /// <param name="read">Throws <see cref="JsonException"/> for something else.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<T> AskAsync<T>(HttpMethod method, string address, string what, Func<string, T> read, CancellationToken stop)
    {
        try
        {
            using var message = new HttpRequestMessage(method, new Uri(address, UriKind.Relative));
            using var response = await client.SendAsync(message, stop).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync(stop).ConfigureAwait(false);
            if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted) return read(text);
            var why = DetailOf(text) ?? $"it answered {(int)response.StatusCode}";
            throw new StartupException($"{server} does not {what}: {why}");
        }
        catch (Exception fault) when (fault is HttpRequestException
            || (fault is TaskCanceledException && !stop.IsCancellationRequested))
        {
            throw new StartupException($"{server} cannot be reached: {fault.Message}; --server takes the API's address");
        }
        catch (JsonException)
        {
            throw new StartupException($"what answers at {server} is not this program; --server takes the API's address");
        }
    }

    public void Dispose() => client.Dispose();

    private static string? DetailOf(string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(problem);
            return document.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
