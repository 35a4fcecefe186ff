using System.Text;
using CostAttribution.ClickHouse.Transport;

namespace CostAttribution.StoreTests.Engine;

/// <summary>Short forms for tests.</summary>
internal static class StoreQueries
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The result as tab-separated text without the last line break.</summary>
    public static async Task<string> AskAsync(this IClickHouseTransport store, string sql,
        params (string Name, string Value)[] parameters) =>
        Encoding.UTF8.GetString(await store.QueryAsync(
            new ClickHouseQuery(sql) { Format = "TabSeparated",
                Parameters = parameters.ToDictionary(pair => pair.Name, pair => pair.Value) },
            Cancel)).TrimEnd('\n');

    public static Task<byte[]> RunAsync(this IClickHouseTransport store, string sql) =>
        store.QueryAsync(new ClickHouseQuery(sql), Cancel);
}
