using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>
/// Agents that report what they have used since they were made: every trace is billed what it adds, whatever came first.
/// </summary>
public sealed class LifetimeTotalTests
{
    private const ulong Nanos = 1_795_334_400_000_000_000;

    [Theory]
    [InlineData("1 2 3", 1.0, false), InlineData("1 2 3", 130.0, false), InlineData("1 2 3", 130.0, true)]
    [InlineData("3 2 1", 1.0, false), InlineData("3 2 1", 130.0, false), InlineData("3 2 1", 130.0, true)]
    [InlineData("2 3 1", 130.0, false), InlineData("2 3 1", 130.0, true), InlineData("1 3 2", 130.0, true)]
    public void A_series_of_totals_is_billed_by_what_each_adds(string order, double secondsBetween, bool restarts)
    {
        using var bench = new AssemblyBench();
        TestSpan[] series = [Agent(1, 1, 100, 10), Agent(2, 2, 250, 30), Agent(3, 3, 400, 35)];
        foreach (var trace in order.Split(' ').Select(int.Parse))
        {
            bench.Offer(series[trace - 1]);
            Rest(bench, secondsBetween);
            if (restarts) bench.Restart();
        }
        Rest(bench);

        Assert.Equal([(100, 10), (150, 20), (150, 5)], Billed(bench, 3));
        Assert.All([1, 2, 3], trace => Assert.True((Standing(bench, trace)!.Flags & SpanFlags.CumulativeSuspect) != 0));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Totals_that_fall_begin_anew(bool laterFirst)
    {
        using var bench = new AssemblyBench();
        TestSpan[] series = [Agent(1, 1, 1000, 100), Agent(2, 2, 50, 5), Agent(3, 3, 70, 9)];
        foreach (var span in laterFirst ? series.Reverse() : series)
        {
            bench.Offer(span);
            Rest(bench);
        }

        Assert.Equal([(1000, 100), (50, 5), (20, 4)], Billed(bench, 3));
    }

    [Theory, InlineData("1 2 3 4"), InlineData("4 3 2 1"), InlineData("2 4 1 3")]
    public void Agents_of_one_name_that_take_turns_are_never_billed_more_than_they_used(string order)
    {
        using var bench = new AssemblyBench();
        TestSpan[] series = [Agent(1, 1, 1000, 100), Agent(2, 2, 50, 5), Agent(3, 3, 1100, 110), Agent(4, 4, 60, 6)];
        foreach (var trace in order.Split(' ').Select(int.Parse))
        {
            bench.Offer(series[trace - 1]);
            Rest(bench);
        }

        Assert.Equal([(1000, 100), (50, 5), (100, 10), (10, 1)], Billed(bench, 4));
    }

    [Fact]
    public void Another_agent_session_service_or_process_is_another_series()
    {
        using var bench = new AssemblyBench();
        bench.Offer(Agent(1, 1, 100, 10), Agent(2, 2, 250, 30).With("gen_ai.agent.name", "other"),
            Agent(3, 3, 260, 31).With("session.id", "s-2"),
            Agent(4, 4, 270, 32) with { Resource = new() { ["service.name"] = "elsewhere" } },
            Agent(5, 5, 280, 33) with { Resource = new() { ["service.name"] = "elsewhere", ["service.instance.id"] = "2" } });
        Rest(bench);

        Assert.Equal([(100, 10), (250, 30), (260, 31), (270, 32), (280, 33)], Billed(bench, 5));
    }

    [Fact]
    public void Invocations_of_one_agent_in_one_trace_are_a_series_too()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1), Agent(1, 2, 100, 10) with { Parent = 1 }, Agent(1, 3, 160, 14) with { Parent = 1 });
        bench.Offer(Agent(2, 4, 200, 20));
        Rest(bench);

        var rows = bench.Rows.Where(row => row.Sign > 0 && row.Revision == 1).ToLookup(row => row.SpanId.Value);
        Assert.Equal([100, 60, 40], ((ulong[])[2, 3, 4]).Select(span => rows[span].Single().Usage.InputTokens));
    }

    [Fact]
    public void A_total_with_calls_below_is_not_billed_and_still_counts_as_the_one_before()
    {
        using var bench = new AssemblyBench();
        bench.Offer(Agent(1, 1, 100, 10), TestSpan.Call(1, 5, 1, 100, 10));
        bench.Offer(Agent(2, 2, 250, 30));
        Rest(bench);

        Assert.Equal((150, 20), Billed(bench, 2)[1]);
        Assert.Equal(250, bench.Rows.Sum(row => row.Sign * row.Usage.InputTokens));
    }

    [Fact]
    public void An_invocation_that_used_nothing_more_bills_nothing()
    {
        using var bench = new AssemblyBench();
        bench.Offer(Agent(1, 1, 100, 10));
        bench.Offer(Agent(2, 2, 100, 10));
        Rest(bench);

        Assert.Equal(100, bench.Rows.Sum(row => row.Sign * row.Usage.InputTokens));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_series_longer_than_what_is_remembered_is_billed_by_what_each_adds(bool restarts)
    {
        using var bench = new AssemblyBench();
        for (var trace = 1; trace <= 300; trace++)
        {
            bench.Offer(Agent(trace, trace, trace * 10, trace));
            Rest(bench, trace % 50 == 0 ? 130 : 4);
            if (restarts && trace % 64 == 0) bench.Restart();
        }
        // Something else about an old one changes nothing.
        bench.Offer(new TestSpan(2, 100, 2) { Name = "late" });
        Rest(bench);

        Assert.Equal(3000, bench.Rows.Sum(row => row.Sign * row.Usage.InputTokens));
    }

    [Fact]
    public void Many_reports_at_once_are_billed_by_what_each_adds()
    {
        using var bench = new AssemblyBench();
        for (var trace = 2; trace <= 200; trace++) bench.Offer(Agent(trace, trace, trace * 10, trace));
        Rest(bench);
        bench.Offer(Agent(1, 1, 10, 1));
        Rest(bench);

        Assert.Equal(Enumerable.Repeat((10L, 1L), 200), Billed(bench, 200));
    }

    [Fact]
    public void A_report_that_comes_later_than_all_that_is_remembered_is_billed_nothing_more()
    {
        using var bench = new AssemblyBench();
        for (var trace = 2; trace <= 300; trace++)
        {
            bench.Offer(Agent(trace, trace, trace * 10, trace));
            Rest(bench, 4);
        }
        bench.Offer(Agent(1, 1, 10, 1));
        Rest(bench);

        Assert.Equal(3000, bench.Rows.Sum(row => row.Sign * row.Usage.InputTokens));
    }

    private static TestSpan Agent(int trace, int id, long input, long output) => new(trace, id)
    {
        Name = "invoke_agent helper",
        Start = Nanos + (ulong)id * 60_000_000_000,
        Attributes = new()
        {
            ["gen_ai.operation.name"] = "invoke_agent", ["gen_ai.system"] = "strands-agents", ["gen_ai.agent.name"] = "helper",
            ["gen_ai.request.model"] = "test-model", ["session.id"] = "s-1", ["customer.id"] = "acme",
            ["gen_ai.usage.input_tokens"] = input, ["gen_ai.usage.output_tokens"] = output,
        },
    };

    private static (long, long)[] Billed(AssemblyBench bench, int traces) => [.. Enumerable.Range(1, traces)
        .Select(trace => bench.Rows.Where(row => row.TraceId == AssemblyBench.TraceIdOf(trace)).ToArray())
        .Select(rows => (rows.Sum(row => row.Sign * row.Usage.InputTokens), rows.Sum(row => row.Sign * row.Usage.OutputTokens)))];

    private static LedgerEntry? Standing(AssemblyBench bench, int trace) =>
        bench.Rows.Where(row => row.TraceId == AssemblyBench.TraceIdOf(trace)).LastOrDefault(row => row.Sign > 0);

    private static void Rest(AssemblyBench bench, double seconds = 130)
    {
        for (var left = seconds; left > 0; left -= 5)
        {
            bench.Pass(Math.Min(left, 5));
            while (bench.Answer()) bench.Pass(3);
        }
    }
}
