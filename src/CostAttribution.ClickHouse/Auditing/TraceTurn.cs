using System.Globalization;
using System.Text.Json;

namespace CostAttribution.ClickHouse.Auditing;

/// <summary>
/// The order in which audits look at traces when there are more than one of them takes: by id, behind the last one that the audit
/// before looked at, then from the start. So every trace has its turn, however many stay as they are.
/// </summary>
/// <param name="after">The last trace looked at; empty for none.</param>
public sealed class TraceTurn(string after) : IComparer<string>
{
    /// <summary>For <c>ORDER BY</c>.</summary>
    public string Order => $"trace_id <= {SqlText.String(after)}, trace_id";

    public int Compare(string? x, string? y)
    {
        var late = IsLate(x).CompareTo(IsLate(y));
        return late != 0 ? late : string.CompareOrdinal(x, y);
    }

    /// <summary>The rows of a query about traces that come first, at most so many, and how many there are in all.</summary>
    /// <param name="store">The store.</param>
    /// <param name="sql">Has a column <c>trace_id</c>; asked once for each part that the traces are cut into.</param>
    /// <param name="max">Rows to tell.</param>
    /// <param name="cancel">Abandons the wait.</param>
    public async Task<(List<JsonElement> Rows, long Total)> FirstAsync(AuditStore store, IEnumerable<string> sql, int max,
        CancellationToken cancel)
    {
        var first = new List<JsonElement>();
        long total = 0;
        foreach (var part in sql)
        {
            var rows = await store.ReadAsync(string.Create(CultureInfo.InvariantCulture,
                $"SELECT * FROM ({part}) ORDER BY {Order} LIMIT {max}"), cancel).ConfigureAwait(false);
            total += rows.Count < max ? rows.Count : (await store.ReadAsync($"SELECT count() AS rows FROM ({part})", cancel)
                .ConfigureAwait(false))[0].GetProperty("rows").GetInt64();
            first.AddRange(rows);
        }
        return ([.. first.OrderBy(IdOf, this).Take(max)], total);
    }

    public static string IdOf(JsonElement row) => row.GetProperty("trace_id").GetString() ?? "";

    private bool IsLate(string? trace) => string.CompareOrdinal(trace, after) <= 0;
}
