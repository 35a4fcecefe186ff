using System.Globalization;
using System.Text;
using System.Text.Json;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Auditing;

/// <summary>The reports of finished audits in the store: table <c>audits</c>, append-only.</summary>
public sealed class AuditLog(IClickHouseTransport transport)
{
    /// <summary>Reports that one question answers at most.</summary>
    public const int ListMax = 200;

    /// <summary>Appends a finished report. Throws as <see cref="IClickHouseTransport.QueryAsync"/> does.</summary>
    public Task WriteAsync(AuditReport report, CancellationToken cancel) => transport.QueryAsync(new ClickHouseQuery("""
        INSERT INTO audits (audit_id, node, trigger, state, started_at, ended_at, dry_run, found, repaired, left, report)
        SELECT {id:String}, {node:String}, {trigger:String}, {state:String}, fromUnixTimestamp64Milli({started:Int64}, 'UTC'),
            fromUnixTimestamp64Milli({ended:Int64}, 'UTC'), {dry:UInt8}, {found:UInt64}, {repaired:UInt64}, {left:UInt64},
            {report:String}
        """)
    {
        Parameters = new Dictionary<string, string>
        {
            ["id"] = report.Id, ["node"] = report.Node, ["trigger"] = Lower(report.Trigger), ["state"] = Lower(report.State),
            ["started"] = Millis(report.StartedAt), ["ended"] = Millis(report.EndedAt ?? report.StartedAt),
            ["dry"] = report.DryRun ? "1" : "0", ["found"] = Number(report.Found), ["repaired"] = Number(report.Repaired),
            ["left"] = Number(report.Left + report.Deferred), ["report"] = report.ToJson(),
        },
        Settings = new Dictionary<string, string> { ["async_insert"] = "0", ["insert_deduplication_token"] = report.Id },
    }, cancel);

    /// <summary>The newest reports first.</summary>
    public Task<IReadOnlyList<AuditReport>> ListAsync(int max, CancellationToken cancel) => ReadAsync(
        string.Create(CultureInfo.InvariantCulture,
            $"SELECT report FROM audits ORDER BY started_at DESC, audit_id DESC LIMIT {Math.Min(max, ListMax)}"), [], cancel);

    /// <summary>One report; null when there is none of that id.</summary>
    public async Task<AuditReport?> FindAsync(string id, CancellationToken cancel) => await ReadAsync(
        "SELECT report FROM audits WHERE audit_id = {id:String} LIMIT 1", new() { ["id"] = id }, cancel)
        .ConfigureAwait(false) is [var report] ? report : null;

    /// <summary>The newest completed report of the triggers; null when there is none.</summary>
    public async Task<AuditReport?> LastAsync(IReadOnlyList<AuditTrigger> triggers, CancellationToken cancel) => await ReadAsync(
        $"SELECT report FROM audits WHERE state = 'completed' AND NOT dry_run AND trigger IN ({string.Join(", ",
            triggers.Select(trigger => SqlText.String(Lower(trigger))))}) ORDER BY started_at DESC LIMIT 1", [], cancel)
        .ConfigureAwait(false) is [var report] ? report : null;

    private async Task<IReadOnlyList<AuditReport>> ReadAsync(string sql, Dictionary<string, string> parameters,
        CancellationToken cancel)
    {
        var bytes = await transport.QueryAsync(
            new ClickHouseQuery(sql) { Format = "JSONEachRow", Parameters = parameters }, cancel).ConfigureAwait(false);
        var reports = new List<AuditReport>();
        foreach (var line in Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var row = JsonDocument.Parse(line);
            reports.Add(AuditReport.FromJson(row.RootElement.GetProperty("report").GetString() ?? ""));
        }
        return reports;
    }

    private static string Lower<T>(T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
    private static string Millis(DateTimeOffset time) => Number(time.ToUnixTimeMilliseconds());
    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
