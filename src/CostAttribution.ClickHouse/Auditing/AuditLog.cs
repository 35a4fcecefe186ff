using System.Globalization;
using System.Text.Json;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Auditing;

/// <summary>
/// The reports of finished audits in the store: table <c>audits</c>, append-only. Everything throws as
/// <see cref="IClickHouseTransport.QueryAsync"/> does; a report that this program cannot read is passed over.
/// </summary>
/// <param name="transport">The store.</param>
/// <param name="unreadable">Told the id of each report that is passed over, and why.</param>
public sealed class AuditLog(IClickHouseTransport transport, Action<string, string>? unreadable = null)
{
    /// <summary>Reports that one question answers at most.</summary>
    public const int ListMax = 200;

    /// <summary>Appends a finished report.</summary>
    public Task WriteAsync(AuditReport report, CancellationToken cancel)
    {
        using var block = new AuditBlock();
        block.Append(report);
        return transport.InsertAsync(block.ToInsert(report.Id), cancel);
    }

    /// <summary>The newest reports first.</summary>
    public Task<IReadOnlyList<AuditReport>> ListAsync(int max, CancellationToken cancel) => ReadAsync(
        string.Create(CultureInfo.InvariantCulture,
            $"SELECT audit_id, report FROM audits ORDER BY started_at DESC, audit_id DESC LIMIT {Math.Min(max, ListMax)}"), [],
        cancel);

    /// <summary>One report; null when there is none of that id.</summary>
    public async Task<AuditReport?> FindAsync(string id, CancellationToken cancel) => await ReadAsync(
        "SELECT audit_id, report FROM audits WHERE audit_id = {id:String} LIMIT 1", new() { ["id"] = id }, cancel)
        .ConfigureAwait(false) is [var report] ? report : null;

    /// <summary>The newest report of a node with one of the triggers, however it ended; null when there is none.</summary>
    public async Task<AuditReport?> NewestAsync(string node, IReadOnlyList<AuditTrigger> triggers, CancellationToken cancel) =>
        await ReadAsync($"SELECT audit_id, report FROM audits WHERE {Of(triggers)} ORDER BY started_at DESC LIMIT 1",
            new() { ["node"] = node }, cancel).ConfigureAwait(false) is [var report] ? report : null;

    /// <summary>
    /// When the newest audit of a node that might repair began; null when there was none. From the columns, so that no report
    /// need be read.
    /// </summary>
    /// <param name="node">The node that ran it.</param>
    /// <param name="triggers">Who asked for it.</param>
    /// <param name="completed">Only those of which every check answered; else however they ended.</param>
    /// <param name="cancel">Abandons the wait.</param>
    public async Task<DateTimeOffset?> LastStartAsync(string node, IReadOnlyList<AuditTrigger> triggers, bool completed,
        CancellationToken cancel)
    {
        var state = completed ? $" AND state = '{Word(AuditState.Completed)}'" : "";
        var rows = await RowsAsync("SELECT toString(toUnixTimestamp64Milli(max(started_at))) AS last, " +
            $"toString(count()) AS audits FROM audits WHERE {Of(triggers)} AND NOT dry_run{state}",
            new() { ["node"] = node }, cancel).ConfigureAwait(false);
        return rows is [var row] && Number(row, "audits") > 0
            ? DateTimeOffset.FromUnixTimeMilliseconds(Number(row, "last")) : null;
    }

    /// <summary>A trigger or state as the table has it.</summary>
    internal static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private static string Of(IReadOnlyList<AuditTrigger> triggers) => "node = {node:String} AND trigger IN (" +
        string.Join(", ", triggers.Select(trigger => SqlText.String(Word(trigger)))) + ")";

    private static long Number(JsonElement row, string column) =>
        long.Parse(row.GetProperty(column).GetString()!, CultureInfo.InvariantCulture);

    private async Task<IReadOnlyList<AuditReport>> ReadAsync(string sql, Dictionary<string, string> parameters,
        CancellationToken cancel)
    {
        var reports = new List<AuditReport>();
        foreach (var row in await RowsAsync(sql, parameters, cancel).ConfigureAwait(false))
        {
            try
            {
                reports.Add(AuditReport.FromJson(row.GetProperty("report").GetString() ?? ""));
            }
            catch (JsonException fault)
            {
                // Of a newer program, as after a roll-back.
                unreadable?.Invoke(row.GetProperty("audit_id").GetString() ?? "", fault.Message);
            }
        }
        return reports;
    }

    private async Task<List<JsonElement>> RowsAsync(string sql, Dictionary<string, string> parameters, CancellationToken cancel)
    {
        var query = new ClickHouseQuery(sql) { Format = "JSONEachRow", Parameters = parameters };
        return AuditStore.Rows(await transport.QueryAsync(query, cancel).ConfigureAwait(false));
    }
}
