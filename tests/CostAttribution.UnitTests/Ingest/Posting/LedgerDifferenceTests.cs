using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Posting;

namespace CostAttribution.UnitTests.Ingest.Posting;

public sealed class LedgerDifferenceTests
{
    private static readonly TraceId Trace = new(1, 2);

    [Fact]
    public void A_new_entry_is_posted_once_and_stands()
    {
        var standing = new StandingTrace();

        var rows = Post(standing, [Entry(7, "acme", 100)]);

        var row = Assert.Single(rows);
        Assert.Equal((1, (sbyte)1, PostingReason.First), (row.Revision, row.Sign, row.Reason));
        Assert.Empty(Post(standing, [Entry(7, "acme", 100)]));
    }

    [Fact]
    public void An_entry_that_comes_to_what_was_already_reported_says_so()
    {
        var standing = new StandingTrace();
        var first = Assert.Single(Post(standing, [Entry(7, "acme", 100)]));
        var rows = new List<LedgerEntry>();

        LedgerDifference.Append(standing, [Entry(7, "acme", 100), Entry(8, "acme", 50)], PostingReason.LateSpan,
            PostingReason.LateSpan, rows);

        Assert.False(first.Flags.HasFlag(SpanFlags.LateCorrection));
        var row = Assert.Single(rows);
        Assert.Equal((PostingReason.LateSpan, true), (row.Reason, row.Flags.HasFlag(SpanFlags.LateCorrection)));
    }

    [Fact]
    public void A_changed_entry_is_reversed_with_its_old_content_and_replaced()
    {
        var standing = new StandingTrace();
        var first = Post(standing, [Entry(7, "", 100)])[0];

        var rows = Post(standing, [Entry(7, "acme", 100)], PostingReason.LateParent);

        Assert.Equal(2, rows.Count);
        Assert.Equal(("", (sbyte)-1, EntryKind.Reversal, first.EntryId),
            (rows[0].CustomerId, rows[0].Sign, rows[0].EntryKind, rows[0].Corrects));
        Assert.Equal(("acme", (sbyte)1, 2), (rows[1].CustomerId, rows[1].Sign, rows[1].Revision));
        Assert.True(rows[1].Flags.HasFlag(SpanFlags.LateCorrection));
        Assert.All(rows, row => Assert.Equal(PostingReason.LateParent, row.Reason));
        Assert.Equal(CostKind.Usage, rows[0].CostKind);
    }

    [Fact]
    public void An_entry_that_should_not_stand_is_only_reversed()
    {
        var standing = new StandingTrace();
        Post(standing, [Entry(7, "acme", 100), Entry(8, "acme", 50)]);

        var rows = Post(standing, [Entry(8, "acme", 50)], PostingReason.LateSpan);

        Assert.Equal((new SpanId(7), (sbyte)-1), (Assert.Single(rows).SpanId, rows[0].Sign));
        Assert.Single(standing.Entries);
    }

    [Fact]
    public void An_entry_that_comes_back_gets_the_next_revision_and_a_new_id()
    {
        var standing = new StandingTrace();
        var first = Post(standing, [Entry(7, "acme", 100)])[0];
        Post(standing, []);

        var again = Assert.Single(Post(standing, [Entry(7, "acme", 100)], PostingReason.LateSpan));

        Assert.Equal(2, again.Revision);
        Assert.NotEqual(first.EntryId, again.EntryId);
        Assert.Equal(PostingReason.LateSpan, again.Reason);
    }

    [Fact]
    public void The_same_correction_made_twice_has_the_same_ids()
    {
        UInt128[] Run()
        {
            var standing = new StandingTrace();
            return [.. Post(standing, [Entry(7, "", 100)]).Concat(Post(standing, [Entry(7, "acme", 100)]))
                .Select(row => row.EntryId)];
        }

        Assert.Equal(Run(), Run());
        Assert.Equal(3, Run().Distinct().Count());
    }

    [Fact]
    public void A_standing_entry_keeps_its_price_when_only_the_rate_book_is_newer()
    {
        var standing = new StandingTrace();
        Post(standing, [Entry(7, "acme", 100, rateBook: 1)]);

        Assert.Empty(Post(standing, [Entry(7, "acme", 999, rateBook: 2)]));

        var moved = Post(standing, [Entry(7, "globex", 999, rateBook: 2)], PostingReason.LateParent);
        Assert.Equal([100, 100], moved.Select(row => (long)row.Cost.Cost.PicoUsd));
        Assert.Equal(1, moved[1].RateBookVersion);
    }

    [Fact]
    public void A_failed_call_keeps_its_price_and_its_retry_cost_when_the_newer_book_does_not_know_its_model()
    {
        var standing = new StandingTrace();
        var failed = Entry(7, "acme", 100, rateBook: 1);
        (failed.CallStatus, failed.RetryCost) = (CallStatus.Error, new Money(100));
        Post(standing, [failed]);

        var again = Entry(7, "acme", 0, rateBook: 2);
        (again.CallStatus, again.Cost.Status) = (CallStatus.Error, PriceStatus.UnpricedModel);
        again.Flags = SpanFlags.UnknownModel;

        Assert.Empty(Post(standing, [again]));
    }

    [Fact]
    public void An_entry_without_price_goes_on_standing_as_it_is_when_a_newer_book_knows_its_model()
    {
        var standing = new StandingTrace();
        var unknown = Entry(7, "acme", 0, rateBook: 1);
        (unknown.Cost.Status, unknown.Flags) = (PriceStatus.UnpricedModel, SpanFlags.UnknownModel);
        Post(standing, [unknown]);

        Assert.Empty(Post(standing, [Entry(7, "acme", 100, rateBook: 2)]));
    }

    [Fact]
    public void A_newer_attribution_that_says_the_same_of_a_standing_entry_posts_nothing()
    {
        var standing = new StandingTrace();
        Post(standing, [Entry(7, "acme", 100)]);

        var same = Entry(7, "acme", 100);
        same.AttributionVersion = 2;
        Assert.Empty(Post(standing, [same]));

        var moved = Entry(7, "globex", 100);
        moved.AttributionVersion = 2;
        Assert.Equal([0L, 2L], Post(standing, [moved]).Select(row => row.AttributionVersion));
    }

    [Fact]
    public void Another_unit_without_a_price_is_a_change()
    {
        var standing = new StandingTrace();
        var first = Entry(7, "acme", 100);
        (first.Cost.Status, first.Cost.UnpricedUnit) = (PriceStatus.UnpricedUnit, "images");
        Post(standing, [first]);

        var second = Entry(7, "acme", 100);
        (second.Cost.Status, second.Cost.UnpricedUnit) = (PriceStatus.UnpricedUnit, "pages");
        Assert.Equal(2, Post(standing, [second]).Count);
    }

    [Fact]
    public void Changed_usage_is_priced_with_the_book_it_was_costed_with()
    {
        var standing = new StandingTrace();
        Post(standing, [Entry(7, "acme", 100, rateBook: 1)]);

        var corrected = Entry(7, "acme", 300, rateBook: 2);
        corrected.Usage.OutputTokens = 5;

        Assert.Equal(300, (long)Post(standing, [corrected])[1].Cost.Cost.PicoUsd);
    }

    [Fact]
    public void Two_cost_items_of_one_span_are_two_entries()
    {
        var standing = new StandingTrace();
        var item = Entry(7, "acme", 3);
        item.CostItem = "vector-queries";

        Assert.Equal(2, Post(standing, [Entry(7, "acme", 100), item]).Select(row => row.EntryId).Distinct().Count());
    }

    [Fact]
    public void Signed_sums_over_any_history_equal_what_is_wanted_last()
    {
        var random = new Random(20261122);
        for (var round = 0; round < 500; round++)
        {
            var standing = new StandingTrace();
            var sums = new Dictionary<(ulong, string), long>();
            List<LedgerEntry> wanted = [];
            for (var step = 0; step < 8; step++)
            {
                wanted = [.. Enumerable.Range(1, 6).Where(_ => random.Next(3) > 0)
                    .Select(span => Entry((ulong)span, "c" + random.Next(2), random.Next(3)))];
                foreach (var row in Post(standing, wanted, PostingReason.LateSpan))
                {
                    var key = (row.SpanId.Value, row.CustomerId);
                    sums[key] = sums.GetValueOrDefault(key) + row.Sign * (long)row.Cost.Cost.PicoUsd;
                }
            }
            Assert.Equal(
                wanted.Where(entry => !entry.Cost.Cost.IsZero)
                    .Select(entry => (entry.SpanId.Value, entry.CustomerId, (long)entry.Cost.Cost.PicoUsd)).Order(),
                sums.Where(pair => pair.Value != 0).Select(pair => (pair.Key.Item1, pair.Key.Item2, pair.Value)).Order());
        }
    }

    private static List<LedgerEntry> Post(StandingTrace standing, IReadOnlyList<LedgerEntry> wanted,
        PostingReason change = PostingReason.LateSpan)
    {
        var rows = new List<LedgerEntry>();
        LedgerDifference.Append(standing, wanted, PostingReason.First, change, rows);
        return rows;
    }

    private static LedgerEntry Entry(ulong span, string customer, long pico, long rateBook = 1)
    {
        var entry = new LedgerEntry
        {
            TraceId = Trace, SpanId = new SpanId(span), CustomerId = customer, Model = "m", RateBookVersion = rateBook, Calls = 1,
        };
        entry.Usage.InputTokens = 10;
        entry.Cost.InputCost = new Money(pico);
        entry.Cost.ListCost = new Money(pico);
        entry.Cost.RateId = "r";
        return entry;
    }
}
