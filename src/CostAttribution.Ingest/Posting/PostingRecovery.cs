using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Makes the store agree with the posting files of earlier processes, before anything else is posted. The files are right: what
/// the store lacks of them is sent again, whether its answer was lost, an insert was cut off, a part was lost with the machine
/// or a backup was restored.
/// </summary>
internal sealed class PostingRecovery(IClickHouseTransport store, PostingSpool spool, RetryPause pause, PostingOptions options,
    PipelineMetrics metrics, ILogger logger)
{
    /// <summary>
    /// Rows are posted moments before their file is written, by the same clock; more than that is looked at in case the clock was
    /// set. A posting that is overlooked by this is compared row by row, so a wrong clock costs time only.
    /// </summary>
    private static readonly TimeSpan ClockMargin = TimeSpan.FromHours(1);

    private readonly PostingReader reader = new(store);
    private readonly RollupRepair rollup = new(store);

    // Postings found confirmed whose rollup is still to be looked at: they may leave the window before that.
    private readonly Dictionary<string, DateTimeOffset> toRollUp = new(StringComparer.Ordinal);
    private int rollUpTries;
    private readonly PostingDelivery delivery = new(store, spool, pause, options, metrics, logger);

    /// <summary>
    /// One attempt; false when the store or the disk is away (the pause has begun) and the whole is to be tried again, which
    /// finds what was done already. Completes synchronously when the store does.
    /// </summary>
    public async Task<bool> TryResolveAsync(CancellationToken stop)
    {
        try
        {
            // One that is under way counts how often it was refused.
            if (delivery.IsDone)
            {
                DiscardUnsentPieces();
                await ReopenLostAsync(stop).ConfigureAwait(false);
            }
        }
        catch (StoreUnavailableException fault)
        {
            return Delayed($"the store is unavailable: {fault.Message}");
        }
        catch (ClickHouseException fault)
        {
            return Delayed($"the store refuses to be asked: {fault.Message}");
        }
        catch (JournalException fault)
        {
            return Delayed($"posting files cannot be used: {fault.Message}");
        }
        return await TrySendPendingAsync(stop).ConfigureAwait(false) && await TryRollUpAsync(stop).ConfigureAwait(false);
    }

    /// <summary>Pieces of a posting that is still whole were written and never sent.</summary>
    private void DiscardUnsentPieces()
    {
        var pending = spool.ListPending().Select(posting => posting.PostingId).ToArray();
        foreach (var piece in pending)
        {
            if (!pending.Any(whole => PostingPieces.IsPieceOf(piece, whole))) continue;
            spool.Discard(piece);
            PipelineLog.PostingResolved(logger, piece, "a piece of one that is still whole, and dropped");
        }
    }

    /// <summary>Confirmed postings whose rows are not all there any more are pending again.</summary>
    private async Task ReopenLostAsync(CancellationToken stop)
    {
        var confirmed = spool.ListConfirmed();
        if (confirmed.Count == 0) return;
        foreach (var posting in confirmed) toRollUp[posting.PostingId] = posting.WrittenAt;
        var since = confirmed.Min(posting => posting.WrittenAt) - ClockMargin;
        string[] ids = [.. confirmed.Select(posting => PostingPieces.RowsOf(posting.PostingId))];
        var counts = await reader.CountAsync(ids, since, stop).ConfigureAwait(false);
        foreach (var (id, _, _, _) in confirmed)
        {
            if (EncodedPosting.TryReadRows((offset, bytes) => spool.ReadPart(id, offset, bytes), out var tables)
                && tables.All(table => counts.GetValueOrDefault((PostingPieces.RowsOf(id), table.Table)) == table.Rows)) continue;
            spool.Reopen(id);
            PipelineLog.PostingReopened(logger, id);
        }
    }

    private async Task<bool> TrySendPendingAsync(CancellationToken stop)
    {
        if (!await TryFinishAsync(stop).ConfigureAwait(false)) return false;
        foreach (var pending in spool.ListPending())
        {
            try
            {
                if (Read(pending.PostingId) is not { } posting) continue;
                delivery.Resume(posting);
            }
            catch (JournalException fault)
            {
                return Delayed($"posting files cannot be used: {fault.Message}");
            }
            if (!await TryFinishAsync(stop).ConfigureAwait(false)) return false;
            PipelineLog.PostingResolved(logger, pending.PostingId, "compared with the store and completed");
        }
        return true;
    }

    private async Task<bool> TryFinishAsync(CancellationToken stop)
    {
        while (!delivery.IsDone)
        {
            if (!pause.IsOver) return false;
            await delivery.StepAsync(stop).ConfigureAwait(false);
        }
        // There is no assembler yet that would have to forget the refused ones.
        delivery.TakeRefused();
        return true;
    }

    /// <summary>
    /// Null for a file that cannot be read; it was set aside. What of it is not in the store comes back from the journal, which
    /// was not trimmed while it was pending: its traces are costed again and posted as far as the ledger lacks them.
    /// </summary>
    private EncodedPosting? Read(string postingId)
    {
        try
        {
            var posting = EncodedPosting.FromBytes(postingId, spool.Read(postingId));
            _ = new PostingContent(posting);
            return posting;
        }
        catch (JournalDamageException fault)
        {
            PipelineLog.PostingDamaged(logger, postingId, fault.Message);
        }
        catch (InvalidDataException fault)
        {
            spool.SetAsideDamaged(postingId);
            PipelineLog.PostingDamaged(logger, postingId, fault.Message);
        }
        return null;
    }

    /// <summary>
    /// The hours of the postings of the window, whose parts of the rollup may have been lost as well. Totals by customer are
    /// compared, which is quick; what differs is mended group by group. The audit looks at the rest.
    /// </summary>
    private async Task<bool> TryRollUpAsync(CancellationToken stop)
    {
        if (!pause.IsOver) return false;
        foreach (var posting in spool.ListConfirmed()) toRollUp[posting.PostingId] = posting.WrittenAt;
        if (toRollUp.Count == 0) return true;
        try
        {
            var since = toRollUp.Values.Min() - ClockMargin;
            string[] ids = [.. toRollUp.Keys.Select(PostingPieces.RowsOf)];
            var hours = await rollup.HoursOfAsync(ids, since, stop).ConfigureAwait(false);
            var apart = await rollup.HoursApartAsync(hours, stop).ConfigureAwait(false);
            var added = await rollup.RepairAsync(apart, stop).ConfigureAwait(false);
            if (!added.IsNone) PipelineLog.RollupMended(logger, added.Groups, added.Hours.Count, added.Cost.ToString());
            if (added.Busy.Count > 0 && ++rollUpTries < PostingDelivery.RollUpTriesMax)
                return Delayed("the rollup cannot be compared while other nodes post to its hours");
            if (added.Busy.Count > 0) PipelineLog.RollupLeft(logger, added.Busy.Count);
            rollUpTries = 0;
            toRollUp.Clear();
            return true;
        }
        catch (StoreUnavailableException fault)
        {
            return Delayed($"the store is unavailable: {fault.Message}");
        }
        catch (ClickHouseException fault)
        {
            return Delayed($"the store refuses to be asked: {fault.Message}");
        }
    }

    private bool Delayed(string why)
    {
        metrics.PostingTrouble = why;
        PipelineLog.RecoveryDelayed(logger, (long)pause.Failed().TotalMilliseconds, why);
        return false;
    }
}
