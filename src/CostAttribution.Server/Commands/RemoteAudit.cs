using CostAttribution.ClickHouse.Auditing;

namespace CostAttribution.Server.Commands;

/// <summary>Has a running server audit its ledger, over its REST interface, and waits for the report.</summary>
internal sealed class RemoteAudit(Uri server, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(500);

    private readonly RemoteServer remote = new(server, TimeSpan.FromSeconds(30));

    /// <summary>
    /// Throws <see cref="Settings.StartupException"/> when the server cannot be reached or does not take the request.
    /// </summary>
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

    public void Dispose() => remote.Dispose();

    private Task<AuditReport> AskAsync(HttpMethod method, string address, CancellationToken stop) =>
        remote.AskAsync(method, address, "audit", AuditReport.FromJson, stop);

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
