using System.Net;
using System.Text.Json;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Server.Settings;

namespace CostAttribution.Server.Commands;

/// <summary>Has a running server audit its ledger, over its REST interface, and waits for the report.</summary>
internal sealed class RemoteAudit(Uri server, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(500);

    private readonly HttpClient client = new() { BaseAddress = server, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Throws <see cref="StartupException"/> when the server cannot be reached or does not take the request.</summary>
    public async Task<AuditReport> RunAsync(AuditRequest request, CancellationToken stop)
    {
        List<string> values = [$"dryRun={(request.DryRun ? "true" : "false")}"];
        if (request.From is { } from) values.Add($"from={Time(from)}");
        if (request.To is { } to) values.Add($"to={Time(to)}");
        var report = await AskAsync(HttpMethod.Post, $"/api/v1/audits?{string.Join('&', values)}", stop).ConfigureAwait(false);
        while (report.State == AuditState.Running)
        {
            await Task.Delay(AskInterval, clock, stop).ConfigureAwait(false);
            report = await AskAsync(HttpMethod.Get, $"/api/v1/audits/{report.Id}", stop).ConfigureAwait(false);
        }
        return report;
    }

    public void Dispose() => client.Dispose();

    private async Task<AuditReport> AskAsync(HttpMethod method, string address, CancellationToken stop)
    {
        try
        {
            using var message = new HttpRequestMessage(method, new Uri(address, UriKind.Relative));
            using var response = await client.SendAsync(message, stop).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync(stop).ConfigureAwait(false);
            if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted) return AuditReport.FromJson(text);
            throw new StartupException($"{server} does not audit: {DetailOf(text) ?? $"it answered {(int)response.StatusCode}"}");
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

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
