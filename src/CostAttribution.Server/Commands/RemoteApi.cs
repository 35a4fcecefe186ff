using System.Net;
using System.Text;
using System.Text.Json;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>Asks a running server over its REST interface.</summary>
internal sealed class RemoteApi(Uri server) : IDisposable
{
    /// <summary>A book is built and checked before the answer; a dry run is not waited for.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromMinutes(2);

    private readonly HttpClient client = new() { BaseAddress = server, Timeout = AnswerMax };

    /// <summary>
    /// The text of an answer that one of <paramref name="good"/> came with, read by <paramref name="read"/>. Throws
    /// <see cref="StartupException"/> when the server cannot be reached or answers something else.
    /// </summary>
    public async Task<T> AskAsync<T>(HttpMethod method, string address, string? body, Func<string, T> read,
        IReadOnlyList<HttpStatusCode> good, CancellationToken stop)
    {
        try
        {
            using var message = new HttpRequestMessage(method, new Uri(address, UriKind.Relative));
            if (body is not null) message.Content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await client.SendAsync(message, stop).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync(stop).ConfigureAwait(false);
            if (good.Contains(response.StatusCode)) return read(text);
            throw new StartupException($"{server} refuses: {DetailOf(text) ?? $"it answered {(int)response.StatusCode}"}");
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
