using System.Globalization;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Identity;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using Microsoft.Extensions.Logging;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Brings one posting into the store, whatever the store answers, one attempt at a time:
/// <code>
///  Send ──▶ Keep ─▶ Insert each table ─▶ Confirm                          the store takes it
///                     │ away, unknown outcome: Compare, for the store may have forgotten the token
///                     │ refused for its content, several times
///  Resume ──────────▶ Compare each table with the store ─▶ RollUp ─▶ Confirm
///  (in doubt)         │  ▲ lacks rows: insert them             │ refused rows are left
///                     ▼  │                                     ▼
///                    Insert                            Divide ─▶ two halves by trace, each Insert …
///                                                      Refuse ─▶ one trace: quarantine
/// </code>
/// The ledger goes first and the facts last. A refusal in the middle therefore never leaves facts that call a trace settled
/// whose rows are not in the ledger; ledger rows without facts are found by the next look-up of the trace, which asks the ledger
/// too, and are neither posted again nor taken back.
/// </summary>
internal sealed class PostingDelivery(IClickHouseTransport store, PostingSpool spool, RetryPause pause, PostingOptions options,
    PipelineMetrics metrics, ILogger logger)
{
    /// <summary>Successful inserts after which rows may still be missing before something else must be wrong.</summary>
    private const int VanishedMax = 5;

    /// <summary>
    /// Times that its hours are found busy before they are left to the audit, which comes when they are over: other nodes may
    /// post without a pause.
    /// </summary>
    internal const int RollUpTriesMax = 5;

    private readonly PostingReader reader = new(store);
    private readonly RunningInserts running = new(store);
    private readonly RollupRepair rollup = new(store);
    private readonly Stack<OutgoingPosting> waiting = new();
    private readonly List<TraceId> refused = [];

    // Single traces refused in a row, per table: when a table refuses everything, it is not about single traces.
    private readonly Dictionary<string, int> refusedInARow = new(StringComparer.Ordinal);

    /// <summary>Everything handed over is in the store or in quarantine.</summary>
    public bool IsDone => waiting.Count == 0;

    /// <summary>Hands over a posting that was just encoded.</summary>
    public void Send(EncodedPosting posting) => waiting.Push(new OutgoingPosting(posting, DeliveryPhase.Keep));

    /// <summary>Hands over a kept posting whose outcome is not known.</summary>
    public void Resume(EncodedPosting posting) =>
        waiting.Push(new OutgoingPosting(posting, DeliveryPhase.Compare)
        {
            IsKept = true, IsInDoubt = true, MayStillRun = true, RollsUp = true,
        });

    /// <summary>Hands over rows that must not be sent, because they correct rows that were refused.</summary>
    public void SetAside(EncodedPosting posting, string why) =>
        waiting.Push(new OutgoingPosting(posting, DeliveryPhase.Refuse) { DependsOn = why });

    /// <summary>Traces refused since the last call.</summary>
    public IReadOnlyList<TraceId> TakeRefused()
    {
        if (refused.Count == 0) return [];
        TraceId[] taken = [.. refused];
        refused.Clear();
        return taken;
    }

    /// <summary>Makes one attempt at what is next; after a failure the pause has begun. Never throws for store or disk.</summary>
    public async ValueTask StepAsync(CancellationToken stop)
    {
        var next = waiting.Peek();
        try
        {
            switch (next.Phase)
            {
                case DeliveryPhase.Keep: Keep(next); break;
                case DeliveryPhase.Insert: await InsertAsync(next, stop).ConfigureAwait(false); break;
                case DeliveryPhase.Compare: await CompareAsync(next, stop).ConfigureAwait(false); break;
                case DeliveryPhase.RollUp: await RollUpAsync(next, stop).ConfigureAwait(false); break;
                case DeliveryPhase.Confirm: Confirm(next); break;
                case DeliveryPhase.Divide: Divide(next); break;
                case DeliveryPhase.Refuse: Refuse(next); break;
            }
        }
        catch (StoreUnavailableException fault)
        {
            // Applied or not: the token tells only as long as the store remembers it.
            if (next.Phase == DeliveryPhase.Insert)
                (next.Phase, next.IsInDoubt, next.MayStillRun) = (DeliveryPhase.Compare, true, true);
            metrics.PostingRetried();
            metrics.PostingTrouble = $"the store is unavailable: {fault.Message}";
            var delay = pause.Failed();
            PipelineLog.PostingRetried(logger, next.Posting.PostingId, next.Posting.LedgerRows, (long)delay.TotalMilliseconds,
                fault.Message);
        }
        catch (ClickHouseException fault)
        {
            // Not a matter of this posting's rows: unknown table, no right to write, no space, …
            metrics.PostingRefused();
            Hold(next, $"the store refuses postings: {fault.Message}");
        }
        catch (PostingQuarantineFullException fault)
        {
            Hold(next, fault.Message);
        }
        catch (JournalException fault)
        {
            metrics.PostingTrouble = $"posting files cannot be written: {fault.Message}";
            pause.Failed();
            PipelineLog.SpoolFailed(logger, fault.Message);
        }
    }

    private void Keep(OutgoingPosting next)
    {
        var bytes = next.Posting.ToBytes();
        if (bytes.Length > spool.PostingBytesMax)
        {
            waiting.Pop();
            if (Halves(next.Content, next.Content.AllRows) is [var first, var second])
            {
                waiting.Push(new OutgoingPosting(second, DeliveryPhase.Keep));
                waiting.Push(new OutgoingPosting(first, DeliveryPhase.Keep));
                return;
            }
            // Tried for ever it would keep everyone else's rows from the store.
            var why = string.Create(CultureInfo.InvariantCulture,
                $"one trace makes {bytes.Length} bytes, more than a posting may have ({spool.PostingBytesMax})");
            waiting.Push(new OutgoingPosting(next.Posting, DeliveryPhase.Refuse)
            {
                DependsOn = why, DependsOnName = "too_large",
            });
            return;
        }
        spool.Write(next.Posting.PostingId, bytes);
        pause.Succeeded();
        waiting.Pop();
        waiting.Push(new OutgoingPosting(next.Posting, DeliveryPhase.Insert) { IsKept = true });
    }

    private async ValueTask InsertAsync(OutgoingPosting next, CancellationToken stop)
    {
        var table = next.Posting.Tables[next.Table];
        try
        {
            await store.InsertAsync(InsertOf(next), stop).ConfigureAwait(false);
        }
        catch (ClickHouseException fault) when (fault.IsAboutContent)
        {
            Refused(next, fault);
            return;
        }
        pause.Succeeded();
        refusedInARow[table.Table] = 0;
        if (next.IsInDoubt)
        {
            next.Vanished++;
            next.Phase = DeliveryPhase.Compare;
        }
        else if (++next.Table == next.Posting.Tables.Count)
        {
            next.Phase = DeliveryPhase.Confirm;
        }
    }

    /// <summary>
    /// The whole table goes out under the posting's own token. What was found missing by asking goes out under a token named
    /// after the missing rows, so that the same repair made twice, also by two processes, counts once; and one that the store
    /// confirmed but does not show (it remembers the token, not the rows) goes out under another.
    /// </summary>
    private static ClickHouseInsert InsertOf(OutgoingPosting next)
    {
        var whole = next.Posting.Tables[next.Table];
        if (next.Missing is not { } missing || (missing.Length == whole.Rows && next.Vanished == 0))
            return next.Posting.InsertOf(whole);
        var token = string.Create(CultureInfo.InvariantCulture,
            $"{next.Posting.PostingId}/{whole.Table}/{next.Content.NameOf(next.Table, missing)}-{next.Vanished}");
        return next.Posting.InsertOf(next.Content.Cut(next.Table, missing)) with { DeduplicationToken = token };
    }

    // A refusal may pass, or have come after the rows were written (a view failed): what the store then lacks is refused.
    private void Refused(OutgoingPosting next, ClickHouseException fault)
    {
        metrics.PostingRefused();
        // While nothing more is set aside, the reason for that is the news.
        if (!RefusesEverything(next.Posting.Tables[next.Table].Table))
            metrics.PostingTrouble = $"the store refuses what a posting says: {fault.Message}";
        PipelineLog.PostingRefused(logger, next.Posting.PostingId, fault.Message);
        // A piece of what was refused before needs no second opinion, until it is about setting a trace aside.
        var triesMax = next.Content.HasOneTrace ? options.SetAsideTries
            : PostingPieces.IsPiece(next.Posting.PostingId) ? 1 : options.RefusedTries;
        if (++next.Refusals < triesMax)
        {
            pause.Failed();
            return;
        }
        next.Refusal = fault;
        next.RefusedTable = next.Table;
        (next.IsInDoubt, next.RollsUp) = (true, true);
        next.Remaining = [.. next.Posting.Tables.Select(_ => Array.Empty<int>())];
        next.Phase = DeliveryPhase.Compare;
        pause.Succeeded();
    }

    private async ValueTask CompareAsync(OutgoingPosting next, CancellationToken stop)
    {
        // What it goes on to write would be missing now, and be doubled by what is sent.
        if (next.MayStillRun)
        {
            await AwaitEndAsync(next, stop).ConfigureAwait(false);
            return;
        }
        var table = next.Posting.Tables[next.Table];
        var keys = next.Content.Keys[next.Table];
        var there = await reader.KeysAsync(PostingPieces.RowsOf(next.Posting.PostingId), table.Table, stop).ConfigureAwait(false);
        int[] missing = [.. Enumerable.Range(0, keys.Count).Where(row => !there.Contains(keys[row]))];
        if (table.Table == CostLedgerBlock.TableName
            && (next.Vanished == 0 ? missing.Length < keys.Count : missing.Length > 0)) next.RollsUp = true;
        // Refused, and yet all there: a view behind the table failed. The rest has not been refused by anyone.
        if (missing.Length == 0 && next.RefusedTable == next.Table) (next.Refusal, next.Refusals) = (null, 0);
        if (missing.Length > 0 && next.Refusal is null)
        {
            if (next.Missing?.Length != missing.Length) next.Vanished = 0;
            if (next.Vanished >= VanishedMax)
            {
                next.Vanished = 0;
                Hold(next, $"rows written to {table.Table} do not appear; look for a policy or a view that drops them");
                return;
            }
            next.Missing = missing;
            next.Phase = DeliveryPhase.Insert;
            return;
        }
        if (next.Refusal is not null) next.Remaining[next.Table] = missing;
        (next.Missing, next.Vanished) = (null, 0);
        if (++next.Table == next.Posting.Tables.Count) next.Phase = next.RollsUp ? DeliveryPhase.RollUp : DeliveryPhase.Confirm;
    }

    private async ValueTask AwaitEndAsync(OutgoingPosting next, CancellationToken stop)
    {
        if (await running.FindAsync($"{next.Posting.PostingId}/", stop).ConfigureAwait(false) is not { } insert)
        {
            // Between failing inserts this answer does not shorten the pauses.
            next.MayStillRun = false;
            return;
        }
        Hold(next, $"an insert whose answer was lost still runs in the store; it is waited for, KILL QUERY ends it: {insert}");
    }

    private async ValueTask RollUpAsync(OutgoingPosting next, CancellationToken stop)
    {
        var hours = next.Content.LedgerHours();
        var ledger = next.Posting.Tables.ToList().FindIndex(table => table.Table == CostLedgerBlock.TableName);
        var noneApplied = ledger >= 0 && next.Refusal is not null
            && next.Remaining[ledger].Length == next.Content.Keys[ledger].Count;
        if (hours.Count > 0 && !noneApplied)
        {
            var added = await rollup.RepairAsync(hours, stop).ConfigureAwait(false);
            if (!added.IsNone) PipelineLog.RollupMended(logger, added.Groups, added.Hours.Count, added.Cost.ToString());
            if (added.Busy.Count > 0 && ++next.RollUpTries < RollUpTriesMax)
            {
                Hold(next, "the rollup of its hours cannot be compared while other nodes post to them");
                return;
            }
            if (added.Busy.Count > 0) PipelineLog.RollupLeft(logger, added.Busy.Count);
        }
        pause.Succeeded();
        var left = next.Remaining.Sum(rows => rows.Length);
        if (left == 0) next.Phase = DeliveryPhase.Confirm;
        else next.Phase = Traces(next.Content, next.Remaining).Count > 1 ? DeliveryPhase.Divide : DeliveryPhase.Refuse;
    }

    private void Confirm(OutgoingPosting next)
    {
        spool.Confirm(next.Posting.PostingId);
        pause.Succeeded();
        metrics.PostingTrouble = "";
        // The alarm ends when an operator has taken the files away.
        if (metrics.QuarantinedFiles > 0) metrics.QuarantinedFiles = spool.Refused().Files;
        metrics.Posted(next.Posting.LedgerRows, next.Posting.SpanFacts);
        waiting.Pop();
    }

    // Both halves are durable before the whole is put away, and none is sent before that: a crash in between finds the whole
    // pending, and its pieces, never sent, are discarded.
    private void Divide(OutgoingPosting next)
    {
        var halves = Halves(next.Content, next.Remaining);
        foreach (var half in halves) spool.Write(half.PostingId, half.ToBytes());
        var rest = KeepRest(next);
        spool.Divide(next.Posting.PostingId);
        pause.Succeeded();
        PipelineLog.PostingDivided(logger, next.Posting.PostingId, Traces(next.Content, next.Remaining).Count);
        waiting.Pop();
        for (var i = halves.Count - 1; i >= 0; i--)
            waiting.Push(new OutgoingPosting(halves[i], DeliveryPhase.Insert) { IsKept = true });
        if (rest is not null) waiting.Push(rest);
    }

    /// <summary>
    /// Keeps what the store has of a refused posting as a posting of its own, to be confirmed: the store may lose it yet. Null
    /// when it has nothing. Kept before the whole is put away; a crash in between discards it with the pieces.
    /// </summary>
    private OutgoingPosting? KeepRest(OutgoingPosting next)
    {
        int[][] applied = [.. next.Content.AllRows.Select((rows, table) => rows.Except(next.Remaining[table]).ToArray())];
        if (applied.All(rows => rows.Length == 0)) return null;
        var rest = next.Content.Cut(PostingPieces.RestOf(next.Posting.PostingId), applied);
        spool.Write(rest.PostingId, rest.ToBytes());
        return new OutgoingPosting(rest, DeliveryPhase.Confirm) { IsKept = true };
    }

    private void Refuse(OutgoingPosting next)
    {
        var rows = next.DependsOn is null ? next.Remaining : next.Content.AllRows;
        var table = next.Posting.Tables[Array.FindIndex(rows, some => some.Length > 0)].Table;
        if (next.DependsOn is null && RefusesEverything(table))
        {
            Hold(next, $"{table} refuses one trace after the other, so the store is at fault and nothing more is set aside: " +
                next.Refusal!.Message);
            // Asked again, and sent again, after each pause: when the store takes it, all goes on.
            (next.Refusal, next.Refusals, next.Table, next.Phase) = (null, 0, 0, DeliveryPhase.Compare);
            next.Remaining = [];
            return;
        }
        var left = next.Content.Cut(next.Posting.PostingId, rows);
        var traces = Traces(next.Content, rows);
        var rest = next.DependsOn is null ? KeepRest(next) : null;
        spool.Refuse(next.Posting.PostingId, RefusedText.Of(next, traces, left, table), left.ToBytes());
        pause.Succeeded();
        waiting.Pop();
        if (rest is not null) waiting.Push(rest);
        if (next.DependsOn is null) refusedInARow[table] = refusedInARow.GetValueOrDefault(table) + 1;
        metrics.Quarantined(next.DependsOn is null ? $"{table}_{next.Refusal!.Code}" : next.DependsOnName);
        metrics.QuarantinedFiles = spool.Refused().Files;
        foreach (var trace in traces)
        {
            if (TraceId.TryParse(trace, out var id)) refused.Add(id);
            PipelineLog.TraceRefused(logger, trace, next.Posting.PostingId, next.DependsOn ?? next.Refusal!.Message);
        }
    }

    private bool RefusesEverything(string table) => refusedInARow.GetValueOrDefault(table) >= options.RefusedInARowMax;

    private void Hold(OutgoingPosting next, string why)
    {
        metrics.PostingTrouble = why;
        pause.Failed();
        PipelineLog.PostingHeld(logger, next.Posting.PostingId, why);
    }

    // The traces of the rows that are left, in the order in which they come.
    private static List<string> Traces(PostingContent content, int[][] rows)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var traces = new List<string>();
        for (var table = 0; table < rows.Length; table++)
        {
            foreach (var row in rows[table])
            {
                var trace = content.TraceOf(table, row);
                if (seen.Add(trace)) traces.Add(trace);
            }
        }
        return traces;
    }

    /// <summary>The rows as two postings, neither sharing a trace with the other; none when there is but one trace.</summary>
    private static IReadOnlyList<EncodedPosting> Halves(PostingContent content, int[][] rows)
    {
        var traces = Traces(content, rows);
        if (traces.Count < 2) return [];
        var first = traces.Take(traces.Count / 2).ToHashSet(StringComparer.Ordinal);
        return [.. Enumerable.Range(0, 2).Select(half => content.Cut(PostingPieces.IdOf(content.Posting.PostingId, half),
            [.. rows.Select((some, table) => some.Where(row => HalfOf(table, row) == half).ToArray())]))];

        int HalfOf(int table, int row) => first.Contains(content.TraceOf(table, row)) ? 0 : 1;
    }
}
