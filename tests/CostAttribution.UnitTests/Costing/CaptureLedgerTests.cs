using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.Testing.Costing;
using CostAttribution.Testing.Otlp;

namespace CostAttribution.UnitTests.Costing;

/// <summary>
/// What published clients really sent, through decoder and pipeline in many orders, and its cost beside the provider's bill, both
/// priced with the shipped cards.
/// </summary>
public sealed class CaptureLedgerTests
{
    public static TheoryData<string, string> AllCaptures => new(
        Captures.All.Select(capture => (capture.Client, capture.Transport)));

    [Theory, MemberData(nameof(AllCaptures))]
    public void What_stands_in_the_ledger_does_not_depend_on_the_order_of_arrival(string client, string transport)
    {
        var capture = Captures.Get(client, transport);
        var bill = CaptureBill.Of(capture);
        var run = new CaptureRun(capture);
        List<string>? standing = null, sums = null;
        foreach (var order in CaptureRun.Orders)
        {
            var rows = run.Rows(order);

            standing ??= OtlpBench.Standing(rows);
            sums ??= OtlpBench.Sums(rows);
            Assert.True(standing.SequenceEqual(OtlpBench.Standing(rows)), $"{order}: wanted\n{string.Join('\n', standing)}\ngot\n"
                + string.Join('\n', OtlpBench.Standing(rows)));
            Assert.Equal(sums, OtlpBench.Sums(rows));
            Assert.Equal(bill.Calls.Count - CaptureBill.Invisible(client), rows.Sum(row => row.Sign * row.Calls));
            Assert.Equal(CaptureBill.VisibleFailures(client), rows.Sum(row => row.Sign * row.FailedCalls));
            Assert.All(OtlpBench.Net(rows), row => Assert.Equal("acme-42", row.CustomerId));
        }
    }

    [Theory, MemberData(nameof(AllCaptures))]
    public void A_call_that_is_shown_whole_costs_what_was_billed_and_no_call_costs_more(string client, string transport)
    {
        var capture = Captures.Get(client, transport);
        var rows = OtlpBench.Net(new CaptureRun(capture).Rows("as sent")).ToArray();

        foreach (var (row, call, estimated) in CaptureBill.Of(capture).Pair(client, rows))
        {
            var bill = call.Price();
            var what = $"{call}: {row.Cost.Cost} of {bill}\n{CostsText.Of(row)}";
            Assert.True(row.Cost.Status == PriceStatus.Priced, what);
            var flags = SpanFlagNames.ToNames(row.Flags);
            var hidden = Hidden(row, call);
            if (estimated) hidden = ["usage_may_be_estimated"];
            foreach (var flag in hidden) Assert.True(flags.Contains(flag), $"not flagged {flag}: {what}");
            if (hidden.Count == 0) Assert.True(row.Cost.Cost == bill, what);
            // Cached tokens that no span tells apart are billed as input, which is dearer, and is said.
            else if (!hidden.Contains("cache_read_unobservable")) Assert.True(row.Cost.Cost <= bill, what);
        }
        Assert.All(rows.Where(row => row.Usage.IsZero), row => Assert.Equal((PriceStatus.NoUsage, Money.Zero),
            (row.Cost.Status, row.Cost.Cost)));
    }

    // What the provider told apart and the row does not, by the flag that has to say so.
    private static List<string> Hidden(LedgerEntry row, BilledCall call)
    {
        var hidden = new List<string>();
        if (row.Usage.CacheReadTokens < call.Usage.CacheReadTokens) hidden.Add("cache_read_unobservable");
        if (row.Usage.ReasoningTokens < call.Usage.ReasoningTokens) hidden.Add("reasoning_unobservable");
        var written = row.Usage.CacheWriteTokens + row.Usage.CacheWrite1hTokens;
        if (written < call.Usage.CacheWriteTokens + call.Usage.CacheWrite1hTokens) hidden.Add("cache_write_unobservable");
        else if (row.Usage.CacheWrite1hTokens < call.Usage.CacheWrite1hTokens) hidden.Add("ttl_unknown");
        return hidden;
    }
}
