using CostAttribution.ClickHouse;
using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;

namespace CostAttribution.Ingest.Auditing;

/// <summary>What the store confirmed it has: every table of every posting whose file is still kept.</summary>
internal sealed class PostingsCheck(PostingSpool spool) : AuditCheck
{
    private const int PostingsPerQuestion = 100;

    public override string Name => "postings_are_complete";
    public override string Asserts => "every confirmed posting whose file is still kept has all its rows in every table";
    public override AuditRepair Repair => AuditRepair.Posting;

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
    /// Sends the tables of which the store has no row; one that it has in part is not guessed at. While no posting is in flight.
    /// </summary>
    public async Task RepairAsync(IClickHouseTransport transport, AuditStore store, string postingId, string auditId,
        CancellationToken cancel)
    {
        if (TryRead(postingId) is not { } posting) return;
        foreach (var table in posting.Tables)
        {
            if (await CountAsync(store, table.Table, postingId, cancel).ConfigureAwait(false) > 0) continue;
            var insert = posting.InsertOf(table);
            await transport.InsertAsync(insert, cancel).ConfigureAwait(false);
            if (await CountAsync(store, table.Table, postingId, cancel).ConfigureAwait(false) > 0) continue;
            // The store still knows the token of the rows that it has lost.
            await transport.InsertAsync(insert with { DeduplicationToken = $"{insert.DeduplicationToken}/{auditId}" }, cancel)
                .ConfigureAwait(false);
        }
    }

    private async Task<List<AuditSuspect>> IncompleteAsync(AuditStore store, IReadOnlyList<string> postings,
        CancellationToken cancel)
    {
        var suspects = new List<AuditSuspect>();
        foreach (var ids in postings.Chunk(PostingsPerQuestion))
        {
            var expected = new List<(string Id, string Table, int Rows)>();
            foreach (var id in ids)
            {
                foreach (var table in TryRead(id)?.Tables ?? []) expected.Add((id, table.Table, table.Rows));
            }
            var stored = await CountAsync(store, ids, [.. expected.Select(part => part.Table).Distinct()], cancel)
                .ConfigureAwait(false);
            suspects.AddRange(expected.Where(part => stored.GetValueOrDefault((part.Id, part.Table)) < part.Rows)
                .GroupBy(part => part.Id)
                .Select(parts => new AuditSuspect("rows_missing", parts.Key, string.Join(", ", parts.Select(part =>
                    $"{part.Table} has {stored.GetValueOrDefault((part.Id, part.Table))} of {part.Rows} rows")))));
        }
        return suspects;
    }

    private static async Task<Dictionary<(string Id, string Table), long>> CountAsync(AuditStore store, string[] ids,
        string[] tables, CancellationToken cancel)
    {
        var counts = new Dictionary<(string, string), long>();
        var list = string.Join(", ", ids.Select(SqlText.String));
        foreach (var table in tables)
        {
            var rows = await store.ReadAsync($"SELECT posting_id, count() AS rows FROM {SqlText.Identifier(table)} " +
                $"WHERE posting_id IN ({list}) GROUP BY posting_id", cancel).ConfigureAwait(false);
            foreach (var row in rows)
                counts[(row.GetProperty("posting_id").GetString()!, table)] = row.GetProperty("rows").GetInt64();
        }
        return counts;
    }

    private static async Task<long> CountAsync(AuditStore store, string table, string id, CancellationToken cancel) =>
        (await CountAsync(store, [id], [table], cancel).ConfigureAwait(false)).GetValueOrDefault((id, table));

    // A file may leave its window at any time; one that cannot be read is the journal's to report.
    private EncodedPosting? TryRead(string postingId)
    {
        try
        {
            return EncodedPosting.FromBytes(postingId, spool.Read(postingId));
        }
        catch (Exception fault) when (fault is JournalException or InvalidDataException)
        {
            return null;
        }
    }
}
