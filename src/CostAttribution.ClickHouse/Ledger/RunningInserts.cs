using CostAttribution.ClickHouse.Native;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.ClickHouse.Ledger;

/// <summary>
/// Inserts that the store still runs although nobody waits for them any more: their callers gave up, lost the connection, or
/// were killed. While one runs, what the store shows of its rows is not final. The embedded engine has none: its inserts end
/// with the call or the process.
/// </summary>
public sealed class RunningInserts(IClickHouseTransport transport)
{
    /// <summary>What deduplication tokens of additions to the rollup begin with.</summary>
    internal const string RepairTokens = "rollup-repair";

    /// <summary>
    /// Query id of a running insert whose deduplication token begins so, on any replica that answers; null when there is none. A
    /// server that may not be asked is an exception: what is not known must not be taken for "none".
    /// </summary>
    public Task<string?> FindAsync(string tokenStart, CancellationToken cancel) => FindAsync(tokenStart, "1", cancel);

    /// <summary>The same for an insert of whatever process that changes ledger or rollup.</summary>
    public Task<string?> FindFeedingAsync(CancellationToken cancel) => FindAsync("",
        $"(position(initial_query_id, '/{CostLedgerBlock.TableName}/') > 0 "
            + $"OR position(initial_query_id, '/{RepairTokens}/') > 0)", cancel);

    private async Task<string?> FindAsync(string tokenStart, string condition, CancellationToken cancel)
    {
        var prefix = InsertNames.PrefixOf(transport.Database, tokenStart);
        var query = new ClickHouseQuery($"SELECT initial_query_id FROM {Processes} " +
            $"WHERE startsWith(initial_query_id, {{prefix:String}}) AND {condition} LIMIT 1")
        {
            Parameters = new Dictionary<string, string> { ["prefix"] = prefix },
            // One that is down runs nothing, and must not keep the others' rows from the ledger.
            Settings = new Dictionary<string, string>(transport.Cluster is null ? [] : [new("skip_unavailable_shards", "1")]),
        };
        try
        {
            foreach (var block in await transport.ReadAsync(query, cancel).ConfigureAwait(false))
                if (block.Rows > 0) return block.Column<StringValues>("initial_query_id").At(0);
            return null;
        }
        catch (ClickHouseException fault)
        {
            throw new ClickHouseException(fault.Code, "cannot ask whether an insert still runs; the user needs " +
                $"SELECT on system.processes{(transport.Cluster is null ? "" : " and REMOTE")}: {fault.Message}");
        }
    }

    private string Processes => transport.Cluster is { } cluster
        ? $"clusterAllReplicas({SqlText.String(cluster)}, system.processes)" : "system.processes";
}
