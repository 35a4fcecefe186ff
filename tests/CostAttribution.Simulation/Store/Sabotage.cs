using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.Simulation.Store;

/// <summary>A fault that the product cannot mend, put in on purpose: the simulation must notice it.</summary>
public enum SabotageKind
{
    None,

    /// <summary>What is inserted once is there twice.</summary>
    AppliesTwice,

    /// <summary>Reversals get lost on the way, as if nobody had made them.</summary>
    SkipsReversals,

    /// <summary>A reversal is booked on another customer than the entry it negates.</summary>
    ReversesElsewhere,

    /// <summary>A cost is a picodollar too high.</summary>
    OnePicodollar,

    /// <summary>What replaces an entry says what that said.</summary>
    RepeatsCorrected,

    /// <summary>What traces ask and tell each other is not kept.</summary>
    ForgetsTopics,

    /// <summary>What traces say of calls that others report too is not kept.</summary>
    ForgetsReports,

    /// <summary>What traces say of agents with running totals is not kept.</summary>
    ForgetsTotals,

    /// <summary>The rollup is not fed.</summary>
    SkipsView,

    /// <summary>An insert is confirmed and never made.</summary>
    DropsInsert,

    /// <summary>The store does not say that an insert still runs.</summary>
    HidesRunningInserts,

    /// <summary>New rates and rules are never used.</summary>
    KeepsOldRates,

    /// <summary>The store forgets rates and rules that are no longer in use.</summary>
    LosesSnapshots,

    /// <summary>A flipped bit in the journal goes with a checksum that fits.</summary>
    ForgesChecksums,

    /// <summary>More traces are kept in memory than may be.</summary>
    IgnoresTraceLimit,

    /// <summary>Senders are told OK before the journal has synced.</summary>
    AcknowledgesBeforeSync,

    /// <summary>Spans that arrive while an audit that only reports looks at their trace are told OK and not kept.</summary>
    ForgetsWhatMeetsDryRuns,

    /// <summary>What is priced anew changes its usage, too.</summary>
    RepricesUsage,
}

/// <summary>Puts the fault into the rows of the store.</summary>
internal sealed class Sabotage(SabotageKind kind)
{
    public SabotageKind Kind => kind;

    public StoredInsert Change(StoredInsert insert)
    {
        if (kind == SabotageKind.ForgetsTopics && insert.Table == TraceTopicsBlock.TableName) return With(insert, []);
        if (kind == SabotageKind.ForgetsReports && insert.Table == TraceTopicsBlock.TableName)
            return With(insert, [], [.. insert.Topics.Where(row => row.Kind != TopicKind.Response)]);
        if (kind == SabotageKind.ForgetsTotals && insert.Table == TraceTopicsBlock.TableName)
            return With(insert, [], [.. insert.Topics.Where(row => row.Kind != TopicKind.Series)]);
        if (insert.Table != CostLedgerBlock.TableName) return insert;
        return kind switch
        {
            SabotageKind.SkipsReversals => With(insert, [.. insert.Ledger.Where(row => row.Entry.Sign > 0)]),
            SabotageKind.ReversesElsewhere => With(insert, [.. insert.Ledger.Select(Elsewhere)]),
            SabotageKind.RepeatsCorrected => With(insert, [.. insert.Ledger.Select(row => Repeated(row, insert.Ledger))]),
            SabotageKind.RepricesUsage => With(insert, [.. insert.Ledger.Select(MoreUsed)]),
            SabotageKind.OnePicodollar => With(insert, [.. insert.Ledger.Select(Dearer)]),
            _ => insert,
        };
    }

    private static StoredInsert With(StoredInsert insert, IReadOnlyList<LedgerRow> ledger,
        IReadOnlyList<StoredTopic>? topics = null) => new()
    {
        Table = insert.Table, Token = insert.Token, PostingId = insert.PostingId, Hash = insert.Hash,
        RowCount = insert.RowCount, PostedAtMillis = insert.PostedAtMillis, AppliedAt = insert.AppliedAt, Ledger = ledger,
        Topics = topics ?? [],
    };

    private static LedgerRow Elsewhere(LedgerRow row)
    {
        if (row.Entry.Sign < 0) row.Entry.CustomerId += "-other";
        return row;
    }

    private static LedgerRow Repeated(LedgerRow row, IReadOnlyList<LedgerRow> rows)
    {
        var reversal = rows.FirstOrDefault(other => other.Entry.Sign < 0 && LedgerKey.Of(other.Entry) == LedgerKey.Of(row.Entry));
        if (row.Entry.Sign < 0 || reversal is null) return row;
        var (entry, posted) = (LedgerContent.Copy(reversal.Entry), row.Entry);
        (entry.EntryId, entry.Corrects, entry.EntryKind, entry.Sign) = (posted.EntryId, posted.Corrects, posted.EntryKind, posted.Sign);
        (entry.Reason, entry.PostingId, entry.PostedAtMillis, entry.Revision) =
            (posted.Reason, posted.PostingId, posted.PostedAtMillis, posted.Revision);
        return new LedgerRow(entry, [.. reversal.Measures.Select(measure => -measure)]);
    }

    private static LedgerRow MoreUsed(LedgerRow row)
    {
        if (row.Entry.Sign > 0 && row.Entry.Reason == Domain.Ledger.PostingReason.Reprice) row.Entry.Usage.InputTokens++;
        return row;
    }

    private static LedgerRow Dearer(LedgerRow row)
    {
        var at = Array.IndexOf(BlockRows.MeasureNames, "cost");
        if (row.Entry.Sign < 0 || row.Measures[at] == 0) return row;
        row.Entry.Cost.InputCost += new Domain.Pricing.Money(1);
        return row with { Measures = [.. row.Measures.Select((value, i) => i == at ? value + 1 : value)] };
    }
}
