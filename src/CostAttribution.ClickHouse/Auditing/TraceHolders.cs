using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Auditing;

/// <summary>
/// Which node may cost a stored trace again. The one that posted it last may have it open, with spans that the store does not
/// know: while that node lives, nobody else may. The traces of a node that is gone are shared out among those that live.
/// </summary>
public sealed class TraceHolders
{
    /// <summary>
    /// How long a node that was not stopped counts as living after it was last heard of: longer than a restart takes.
    /// </summary>
    private const int SilentSecondsMax = 600;

    private const int TracesPerQuestion = 500;

    // Node, start, time of the start, number: PostingEncoder.
    private const int PartsBehindNode = 3;

    private readonly AuditStore store;
    private readonly string self;
    private readonly IReadOnlyList<string> others;

    private TraceHolders(AuditStore store, string self, IReadOnlyList<string> others)
    {
        this.store = store;
        this.self = self;
        this.others = others;
    }

    /// <summary>As of now. Without a shared store no other node is known, and every trace is this one's.</summary>
    public static async Task<TraceHolders> LoadAsync(AuditStore store, string self, CancellationToken cancel)
    {
        var rows = await store.ReadAsync($"""
            SELECT DISTINCT node_id FROM (
                SELECT node_id, start_id, argMax(state, version) AS newest, max(seen_at) AS seen
                FROM nodes GROUP BY node_id, start_id
            )
            WHERE newest = 'running' AND node_id != {SqlText.String(self)}
                AND seen > now64(3) - toIntervalSecond({SilentSecondsMax.ToString(CultureInfo.InvariantCulture)})
            ORDER BY node_id
            """, cancel).ConfigureAwait(false);
        return new TraceHolders(store, self, [.. rows.Select(row => row.GetProperty("node_id").GetString() ?? "")]);
    }

    /// <summary>Those of the traces that another node holds, with its id.</summary>
    public async Task<IReadOnlyDictionary<TraceId, string>> ElsewhereAsync(IEnumerable<TraceId> traces, CancellationToken cancel)
    {
        var elsewhere = new Dictionary<TraceId, string>();
        if (others.Count == 0) return elsewhere;
        foreach (var ids in traces.Distinct().Chunk(TracesPerQuestion))
        {
            var filter = TraceFilter.Of(ids);
            var rows = await store.ReadAsync($"""
                SELECT trace_id, argMax(posting_id, posted_at) AS newest FROM (
                    SELECT trace_id, posting_id, posted_at FROM {TraceFactsBlock.TableName} WHERE {filter.FactsOfTraces}
                    UNION ALL SELECT trace_id, posting_id, posted_at FROM {CostLedgerBlock.TableName}
                    WHERE {filter.LedgerOfTraces}
                    UNION ALL SELECT trace_id, posting_id, posted_at FROM {RunSegmentBlock.TableName}
                    WHERE {filter.SegmentsOfTraces}
                ) GROUP BY trace_id
                """, cancel).ConfigureAwait(false);
            var posted = rows.ToDictionary(TraceTurn.IdOf, row => NodeOf(row.GetProperty("newest").GetString() ?? ""));
            foreach (var id in ids)
            {
                var holder = HolderOf(id, posted.GetValueOrDefault($"{id}", ""));
                if (holder != self) elsewhere[id] = holder;
            }
        }
        return elsewhere;
    }

    /// <summary>
    /// Who of the nodes that live does what one alone must do, named by a key; all nodes come to the same result.
    /// </summary>
    public string HolderOf(TraceId key) => HolderOf(key, "");

    /// <summary>The node that made a posting; empty when the id is none of this program's.</summary>
    internal static string NodeOf(string postingId)
    {
        var parts = postingId.Split('-');
        return parts.Length > PartsBehindNode ? string.Join('-', parts[..^PartsBehindNode]) : "";
    }

    private string HolderOf(TraceId trace, string postedBy) => postedBy == self || others.Contains(postedBy) ? postedBy
        : others.Append(self).MaxBy(node => Weight(node, trace))!;

    // Rendezvous hashing: all nodes come to the same result.
    private static ulong Weight(string node, TraceId trace)
    {
        Span<byte> bytes = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, trace.High);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[sizeof(ulong)..], XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(node)));
        return XxHash3.HashToUInt64(bytes, (long)trace.Low);
    }
}
