using CostAttribution.ClickHouse;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;

namespace CostAttribution.Ingest.Auditing;

/// <summary>What the store confirmed it has: every table of every posting whose file is still kept.</summary>
internal sealed class PostingsCheck(PostingSpool spool, IngestPipeline pipeline) : AuditCheck
{
    private const int PostingsPerQuestion = 100;

    public override string Name => "postings_are_complete";
    public override string Asserts => "every confirmed posting whose file is still kept has all its rows in every table";
    public override AuditRepair Repair => AuditRepair.Posting;
    public override bool IsLocal => true;

    public override async Task<AuditSuspects> FindAsync(AuditStore store, AuditScope scope, CancellationToken cancel)
    {
        var suspects = await IncompleteAsync(store, [.. spool.ListConfirmed().Select(posting => posting.PostingId)], cancel)
            .ConfigureAwait(false);
        return new AuditSuspects([.. suspects.Take(store.Limits.SuspectsMax)], suspects.Count);
    }

    public override async Task<IReadOnlyList<AuditSuspect>> ConfirmAsync(AuditStore store,
        IReadOnlyList<AuditSuspect> suspects, CancellationToken cancel) =>
        await IncompleteAsync(store, [.. suspects.Select(suspect => suspect.Subject)], cancel).ConfigureAwait(false);

    /// <summary>
    /// Sends exactly the rows that the store lacks. Returns what is in the way, or nothing. While no posting is in flight.
    /// </summary>
    public async Task<string> RepairAsync(string postingId, CancellationToken cancel) => TryRead(postingId) is { } content
        ? await pipeline.CompleteAsync(content.Posting, cancel).ConfigureAwait(false)
        : "its file can no longer be read";

    private async Task<List<AuditSuspect>> IncompleteAsync(AuditStore store, IReadOnlyList<string> postings,
        CancellationToken cancel)
    {
        var suspects = new List<AuditSuspect>();
        foreach (var ids in postings.Chunk(PostingsPerQuestion))
        {
            var expected = new List<(string Id, string Table, int Rows)>();
            var since = long.MaxValue;
            foreach (var id in ids)
            {
                if (TryRead(id) is not { } content) continue;
                since = Math.Min(since, content.PostedAtMillis);
                foreach (var table in content.Posting.Tables) expected.Add((id, table.Table, table.Rows));
            }
            if (expected.Count == 0) continue;
            var stored = await CountAsync(store, ids, [.. expected.Select(part => part.Table).Distinct()], since, cancel)
                .ConfigureAwait(false);
            suspects.AddRange(expected.Where(part => Stored(part) < part.Rows).GroupBy(part => part.Id)
                .Select(parts => new AuditSuspect("rows_missing", parts.Key, string.Join(", ", parts.Select(part =>
                    $"{part.Table} has {Stored(part)} of {part.Rows} rows")))));

            long Stored((string Id, string Table, int Rows) part) =>
                stored.GetValueOrDefault((PostingPieces.RowsOf(part.Id), part.Table));
        }
        return suspects;
    }

    private static async Task<Dictionary<(string Id, string Table), long>> CountAsync(AuditStore store, string[] ids,
        string[] tables, long sinceMillis, CancellationToken cancel)
    {
        var counts = new Dictionary<(string, string), long>();
        var list = string.Join(", ", ids.Select(id => SqlText.String(PostingPieces.RowsOf(id))));
        foreach (var table in tables)
        {
            var rows = await store.ReadAsync($"SELECT posting_id, count() AS rows FROM {SqlText.Identifier(table)} " +
                $"WHERE posted_at >= fromUnixTimestamp64Milli({SqlText.Number(sinceMillis)}, 'UTC') " +
                $"AND posting_id IN ({list}) GROUP BY posting_id", cancel).ConfigureAwait(false);
            foreach (var row in rows)
                counts[(row.GetProperty("posting_id").GetString()!, table)] = row.GetProperty("rows").GetInt64();
        }
        return counts;
    }

    // A file may leave its window at any time; one that cannot be read is the journal's to report.
    private PostingContent? TryRead(string postingId)
    {
        try
        {
            return new PostingContent(EncodedPosting.FromBytes(postingId, spool.Read(postingId)));
        }
        catch (Exception fault) when (fault is JournalException or InvalidDataException)
        {
            return null;
        }
    }
}
