using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.UnitTests.Ingest.Auditing;

/// <summary>Rows that should not exist are recognised when a trace is loaded, and made up for with the next posting.</summary>
public sealed class LedgerMendingTests
{
    private static readonly TraceId Trace = new(1, 2);
    private static readonly SpanId Span = new(3);

    [Fact]
    public void Of_copies_the_one_that_was_posted_first_stands_and_the_others_are_reversed()
    {
        var history = Load(Entry("c-late", posted: 20), Entry("c-early", posted: 10), Entry("c-last", posted: 30));

        Assert.Equal("c-early", Assert.Single(history.Standing).CustomerId);
        var rows = Mend(history);

        Assert.Equal(["c-late", "c-last"], rows.Select(row => row.CustomerId));
        Assert.All(rows, row => Assert.Equal((-1, PostingReason.Duplicate, EntryId(1)), (row.Sign, row.Reason, row.Corrects)));
        AssertMended(history, rows, "c-early");
    }

    [Fact]
    public void A_reversal_takes_back_the_copy_that_it_copied()
    {
        var history = Load(Entry("c-1", posted: 10), Entry("c-2", posted: 20), Reversal("c-1"));

        Assert.Equal("c-2", Assert.Single(history.Standing).CustomerId);
        Assert.Empty(history.Surplus);
        Assert.Empty(history.StrayReversals);
    }

    [Fact]
    public void A_reversal_unlike_its_entry_gets_the_entry_it_would_negate_and_the_entry_goes_on_standing()
    {
        var history = Load(Entry("c-1"), Reversal("c-2"));

        var rows = Mend(history);

        var made = Assert.Single(rows);
        Assert.Equal((1, "c-2", PostingReason.Audit, EntryId(1)), (made.Sign, made.CustomerId, made.Reason, made.EntryId));
        AssertMended(history, rows, "c-1");
    }

    [Fact]
    public void A_second_reversal_of_an_entry_is_made_up_for()
    {
        var history = Load(Entry("c-1"), Reversal("c-1"), Reversal("c-1"));

        Assert.Empty(history.Standing);
        var made = Assert.Single(Mend(history));
        Assert.Equal((1, EntryId(1)), (made.Sign, made.EntryId));
    }

    private static void AssertMended(LedgerHistory before, List<LedgerEntry> rows, string customer)
    {
        var all = new LedgerHistoryBuilder();
        foreach (var row in before.Standing.Concat(before.Surplus).Concat(before.StrayReversals).Concat(rows)) all.Add(row);
        var after = all.Build();
        Assert.Equal(customer, Assert.Single(after.Standing).CustomerId);
        Assert.Empty(after.Surplus);
        Assert.Empty(after.StrayReversals);
    }

    // What should stand is what stands: only what should not be there is made up for.
    private static List<LedgerEntry> Mend(LedgerHistory history)
    {
        var standing = new StandingTrace
        {
            Surplus = [.. history.Surplus], StrayReversals = [.. history.StrayReversals],
        };
        foreach (var entry in history.Standing) standing.Entries[(entry.SpanId, entry.CostItem)] = entry;
        var rows = new List<LedgerEntry>();
        LedgerDifference.Append(standing, [.. history.Standing.Select(LedgerContent.Copy)], PostingReason.First, PostingReason.Audit, rows);
        Assert.Null(standing.Surplus);
        Assert.Null(standing.StrayReversals);
        return rows;
    }

    private static LedgerHistory Load(params LedgerEntry[] rows)
    {
        var history = new LedgerHistoryBuilder();
        foreach (var row in rows) history.Add(row);
        return history.Build();
    }

    private static UInt128 EntryId(int sign) => LedgerDifference.EntryIdOf(Trace, Span, "", 1, sign);

    private static LedgerEntry Entry(string customer, long posted = 10)
    {
        var entry = new LedgerEntry
        {
            TraceId = Trace, SpanId = Span, RunId = "r", CustomerId = customer, EntryId = EntryId(1), PostedAtMillis = posted, Calls = 1,
        };
        entry.Cost.InputCost = new Money(5);
        return entry;
    }

    private static LedgerEntry Reversal(string customer)
    {
        var reversal = Entry(customer, posted: 50);
        (reversal.Sign, reversal.EntryKind) = (-1, EntryKind.Reversal);
        (reversal.EntryId, reversal.Corrects) = (EntryId(-1), EntryId(1));
        return reversal;
    }
}
