using CostAttribution.ClickHouse.Auditing;
using CostAttribution.Server.Commands;
using CostAttribution.UnitTests.Api;

namespace CostAttribution.UnitTests.Commands;

/// <summary>The verb's report as people and programs read it.</summary>
public sealed class AuditTextTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_report_with_everything_in_it_reads_like_this() =>
        Golden.Matches("audit.txt", string.Join('\n', AuditText.Lines(Full())));

    [Fact]
    public void A_clean_report_says_so_in_its_last_line()
    {
        var clean = Full() with { Found = 0, Repaired = 0, Deferred = 0, Left = 0, Checks = [new AuditCheckReport { Name = "x", Asserts = "y" }] };

        Assert.Equal("nothing found", AuditText.Lines(clean).Last());
        Assert.True(clean.IsClean);
        Assert.False((clean with { State = AuditState.Failed }).IsClean);
    }

    [Fact]
    public void The_json_of_a_report_reads_back_as_the_same_report()
    {
        var report = Full();

        Assert.Equal(report.ToJson(), AuditReport.FromJson(report.ToJson(indented: true)).ToJson());
    }

    private static AuditReport Full() => new()
    {
        Id = "node-1-19ab-1", Node = "node-1", Trigger = AuditTrigger.Command, State = AuditState.Completed, StartedAt = Start,
        EndedAt = Start.AddSeconds(4.25), From = Start.AddHours(-6), To = Start, Hours = 6, Rows = 120_000, Found = 34, Repaired = 2,
        Deferred = 1, Left = 31,
        Checks =
        [
            new AuditCheckReport { Name = "postings_are_complete", Asserts = "every confirmed posting has all its rows" },
            new AuditCheckReport
            {
                Name = "entries_stand_once", Asserts = "a span stands once", Found = 3, Repaired = 2, Deferred = 1,
                Findings =
                [
                    new AuditFinding("stands_several_times", "trace-1/span-1", "signs sum to 2", AuditOutcome.Deferred,
                        "spans of the trace are still arriving"),
                    new AuditFinding("reversal_without_entry", "trace-2/span-2", "signs sum to 0", AuditOutcome.Repaired, ""),
                    new AuditFinding("stands_several_times", "trace-3/span-3", "signs sum to 3", AuditOutcome.Repaired, ""),
                ],
            },
            new AuditCheckReport
            {
                Name = "rows_agree_with_themselves", Asserts = "a row agrees with itself", Found = 31, Left = 31,
                Findings = [.. Enumerable.Range(1, 31).Select(i => new AuditFinding("row_contradicts_itself", $"trace-4/span-{i}",
                    "cost is not the sum of its components", AuditOutcome.Left, "nothing says what would be right"))],
            },
            new AuditCheckReport { Name = "rollup_equals_rows", Asserts = "the rollup equals the ledger", Failure = "too much memory" },
        ],
    };
}
