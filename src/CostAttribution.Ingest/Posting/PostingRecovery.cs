using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Journal.Postings;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Posting;

/// <summary>Settles what an earlier process left in doubt, before anything else is posted.</summary>
internal sealed class PostingRecovery(IClickHouseTransport store, PostingSpool spool, LedgerReader reader,
    PipelineMetrics metrics, ILogger logger)
{
    /// <summary>
    /// Settles every pending posting: those the store holds, rollup included, are confirmed; of the others every table that is
    /// not complete is sent again under its token, which adds only what is missing. One attempt: after
    /// <see cref="StoreUnavailableException"/> or a failing disk it may be made again.
    /// </summary>
    public async Task ResolveAsync(CancellationToken stop)
    {
        foreach (var pending in spool.ListPending())
        {
            var posting = EncodedPosting.FromBytes(pending.PostingId, spool.Read(pending.PostingId));
            var missing = await MissingAsync(posting, stop).ConfigureAwait(false);
            if (missing.Count == 0 && !await IsRolledUpAsync(posting, stop).ConfigureAwait(false))
                missing = [.. posting.Tables.Where(table => table.Table == CostLedgerBlock.TableName)];
            foreach (var table in missing) await store.InsertAsync(posting.InsertOf(table), stop).ConfigureAwait(false);
            // The tokens may have been lost with the machine: what then stands is not to be guessed at.
            if (missing.Count > 0 && await MissingAsync(posting, stop).ConfigureAwait(false) is [var still, ..])
            {
                throw new InvalidDataException($"posting {pending.PostingId} cannot be completed in {still.Table}; " +
                    "its file stays under 'postings' in the data directory");
            }
            spool.Confirm(posting.PostingId);
            metrics.Posted(posting.LedgerRows, posting.SpanFacts);
            PipelineLog.PostingResolved(logger, pending.PostingId, missing.Count == 0 ? "already in the store" : "sent again");
        }
    }

    private async Task<IReadOnlyList<EncodedPosting.TableBlock>> MissingAsync(EncodedPosting posting, CancellationToken stop)
    {
        var rows = await reader.CountPostingAsync(posting.PostingId, stop).ConfigureAwait(false);
        return [.. posting.Tables.Where(table => rows.GetValueOrDefault(table.Table) != table.Rows)];
    }

    private async Task<bool> IsRolledUpAsync(EncodedPosting posting, CancellationToken stop) =>
        posting.LedgerRows == 0 || await reader.IsRolledUpAsync(posting.PostingId, stop).ConfigureAwait(false);
}
