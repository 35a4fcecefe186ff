using System.Globalization;
using System.Text.Json;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Repricing;

/// <summary>
/// The reports of re-pricings in the store: table <c>repricings</c>, append-only; the newest version of a report counts.
/// Everything throws as <see cref="IClickHouseTransport.QueryAsync"/> does; a report that this program cannot read is passed
/// over.
/// </summary>
public sealed class RepricingLog(IClickHouseTransport transport)
{
    /// <summary>Reports that one question answers at most.</summary>
    public const int ListMax = 200;

    private const string Newest = "SELECT repricing_id, argMax(report, version) AS newest, argMax(state, version) AS last_state, "
        + "any(kind) AS its_kind, any(node) AS its_node, any(started_at) AS began FROM repricings";

    /// <summary>Appends how far a re-pricing is; <paramref name="nowMillis"/> must not go back between two of one.</summary>
    public Task WriteAsync(RepricingReport report, long nowMillis, CancellationToken cancel)
    {
        using var block = new RepricingBlock();
        // Its own cursor counts it: the same step written twice is one.
        var version = nowMillis * 2 + (report.State == RepricingState.Running ? 0 : 1);
        block.Append(report, version, nowMillis);
        return transport.InsertAsync(block.ToInsert($"repricing/{report.Id}/{version}"), cancel);
    }

    /// <summary>The newest first.</summary>
    public Task<IReadOnlyList<RepricingReport>> ListAsync(int max, CancellationToken cancel) => ReadAsync(
        string.Create(CultureInfo.InvariantCulture,
            $"{Newest} GROUP BY repricing_id ORDER BY began DESC, repricing_id DESC LIMIT {Math.Min(max, ListMax)}"), [],
        cancel);

    /// <summary>One report; null when there is none of that id.</summary>
    public async Task<RepricingReport?> FindAsync(string id, CancellationToken cancel) => await ReadAsync(
        $"{Newest} WHERE repricing_id = {{id:String}} GROUP BY repricing_id", new() { ["id"] = id }, cancel)
        .ConfigureAwait(false) is [var report] ? report : null;

    /// <summary>Corrections of a node that were cut off, the oldest first.</summary>
    public Task<IReadOnlyList<RepricingReport>> UnfinishedAsync(string node, CancellationToken cancel) => ReadAsync($"{Newest} "
        + $"GROUP BY repricing_id HAVING its_node = {{node:String}} AND last_state = '{Word(RepricingState.Running)}' "
        + $"AND its_kind = '{Word(RepricingKind.Apply)}' ORDER BY began", new() { ["node"] = node }, cancel);

    /// <summary>A kind or state as the table has it.</summary>
    internal static string Word<T>(T value) where T : struct, Enum => AuditLog.Word(value);

    private async Task<IReadOnlyList<RepricingReport>> ReadAsync(string sql, Dictionary<string, string> parameters,
        CancellationToken cancel)
    {
        var query = new ClickHouseQuery($"SELECT newest AS report FROM ({sql})")
        {
            Format = "JSONEachRow", Parameters = parameters,
        };
        var reports = new List<RepricingReport>();
        foreach (var row in AuditStore.Rows(await transport.QueryAsync(query, cancel).ConfigureAwait(false)))
        {
            try
            {
                reports.Add(RepricingReport.FromJson(row.GetProperty("report").GetString() ?? ""));
            }
            catch (JsonException)
            {
                // Of a newer program, as after a roll-back.
            }
        }
        return reports;
    }
}
