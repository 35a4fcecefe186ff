using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Server.Commands;

namespace CostAttribution.UnitTests.Commands;

/// <summary>Refused postings as the verb prints them.</summary>
public sealed class QuarantineTextTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly RefusedPosting Refused = new()
    {
        PostingId = "node-1-a.p3", Bytes = 1234, PostedAt = At, RefusedBy = "cost_ledger", Code = 469, Reason = "constraint violated",
        Rows = new Dictionary<string, int> { ["cost_ledger"] = 2, ["trace_facts"] = 1 }, Spans = 3, Cost = "1.250000000000", TraceCount = 1,
        Traces = [new RefusedTrace("4bf92f3577b34da6a3ce929d0e0e4736", 2, 3, "1.250000000000", At, At.AddMilliseconds(2500))],
    };

    [Fact]
    public void A_list_says_what_why_and_what_to_do() => Assert.Equal(
        [
            "node-1-a.p3 of 2026-03-01T12:00:00Z: 1 traces, 3 spans, 1.250000000000 USD, 1234 bytes",
            "  refused by cost_ledger, code 469: constraint violated",
            "node-1-b: 0 traces, 0 spans, 0.000000000000 USD, 7 bytes",
            "  cannot be read: posting node-1-b is damaged",
            "2 refused postings; show ID tells more, post ID posts again once the cause is gone",
        ],
        QuarantineText.List([Refused, new RefusedPosting { PostingId = "node-1-b", Bytes = 7, Fault = "posting node-1-b is damaged" }]));

    [Fact]
    public void An_empty_quarantine_says_so() => Assert.Equal(["nothing is in quarantine"], QuarantineText.List([]));

    [Fact]
    public void One_posting_is_shown_with_its_traces() => Assert.Equal(
        [
            "node-1-a.p3 of 2026-03-01T12:00:00Z: 1 traces, 3 spans, 1.250000000000 USD, 1234 bytes",
            "  refused by cost_ledger, code 469: constraint violated",
            "  not in the store: cost_ledger 2, trace_facts 1",
            "  trace 4bf92f3577b34da6a3ce929d0e0e4736: 3 spans, 2 ledger rows, 1.250000000000 USD, "
                + "2026-03-01T12:00:00.000Z to 2026-03-01T12:00:02.500Z",
        ],
        QuarantineText.Show(Refused));

    [Theory]
    [InlineData(RefusedOutcome.Posted, 2, "", "n-1: posted, 2 ledger rows")]
    [InlineData(RefusedOutcome.Posted, 0, "", "n-1: the ledger has all of it, nothing was missing")]
    [InlineData(RefusedOutcome.RefusedAgain, 0, "see n-2", "n-1: refused again; see n-2")]
    [InlineData(RefusedOutcome.Waiting, 0, "open", "n-1: waits; open")]
    [InlineData(RefusedOutcome.Left, 0, "no disk", "n-1: left as it is; no disk")]
    public void A_result_is_one_line(RefusedOutcome outcome, long rows, string why, string line) =>
        Assert.Equal(line, QuarantineText.Result(new RefusedResult("n-1", outcome, rows, why)));
}
