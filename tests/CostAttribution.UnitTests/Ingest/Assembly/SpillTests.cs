using CostAttribution.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>Traces without cost that have to go before their time: what they know is found again.</summary>
public sealed class SpillTests
{
    private const long CallPico = (1000 * AssemblyBench.InputPico) + (10 * AssemblyBench.OutputPico);

    [Fact]
    public void A_call_after_a_full_journal_made_room_still_finds_its_customer()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1));
        bench.Pass(3);
        Assert.Empty(bench.Postings);

        bench.Assembler.SpillCostless(rowsMax: 100);
        bench.Pass(0.1);

        Assert.Equal(0, bench.Assembler.TraceCount);
        Assert.Equal(1UL, bench.BufferHeldFrom);
        var spilled = Assert.Single(bench.Postings);
        Assert.Equal((false, 1, 0), (spilled.WithRun, spilled.Spans.Count, spilled.Rows.Count));
        LateCallFindsAcme(bench);
    }

    [Fact]
    public void No_more_is_spilled_at_once_than_one_posting_takes()
    {
        using var bench = new AssemblyBench();
        for (var trace = 1; trace <= 40; trace++) bench.Offer(TestSpan.Root(trace, 1));
        bench.Pass(3);

        bench.Assembler.SpillCostless(rowsMax: 6);
        bench.Pass(0.1);

        Assert.Equal(3, bench.Postings.Count);
    }

    [Fact]
    public void A_trace_that_has_an_answer_for_itself_is_not_given_up_before_it_has_heard_it()
    {
        using var bench = new AssemblyBench(new AssemblyOptions { PostedFilterBitsLog2 = 16, OpenTracesMax = 1 });
        TestSpan[] calls =
        [
            TestSpan.Call(1, 2, 0).With("session.id", "s").With("customer.id", "acme"), TestSpan.Call(1, 3, 0).With("session.id", "s"),
            TestSpan.Call(1, 4, 0).With("session.id", "t").With("customer.id", "globex"),
        ];
        bench.Replay(calls);
        while (bench.Answer()) bench.Pass(0.1);

        for (var trace = 2; trace <= 4; trace++)
        {
            bench.Replay(TestSpan.Root(trace, 1));
            while (bench.Answer()) bench.Pass(0.1);
        }
        bench.Pass(5);
        while (bench.Answer()) bench.Pass(5);

        Assert.Equal(1UL, bench.BufferHeldFrom);
        Assert.Equal(3 * CallPico, bench.NetByCustomer().Values.Sum());
    }

    [Fact]
    public void A_call_after_its_root_had_to_leave_memory_still_finds_its_customer()
    {
        using var bench = new AssemblyBench(new AssemblyOptions { PostedFilterBitsLog2 = 16, OpenTracesMax = 10 });
        for (var trace = 1; trace <= 11; trace++) bench.Offer(TestSpan.Root(trace, 1));
        bench.Pass(0.1);

        Assert.Equal(10, bench.Assembler.TraceCount);
        Assert.Equal(AssemblyBench.TraceIdOf(1), Assert.Single(bench.Postings).TraceId);
        LateCallFindsAcme(bench);
    }

    [Fact]
    public void A_trace_without_cost_that_had_to_leave_memory_is_no_run_also_after_a_late_span()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1));
        bench.Pass(3);
        bench.Assembler.SpillCostless(rowsMax: 100);

        bench.Offer(new TestSpan(1, 2, 1) { Name = "execute_tool x" }.With("gen_ai.operation.name", "execute_tool"));
        bench.Answer();
        bench.Pass(5);

        Assert.Equal(2, bench.Postings.Count);
        Assert.All(bench.Postings, posting => Assert.False(posting.WithRun));
        Assert.All(bench.Postings, posting => Assert.Equal("", posting.LeftRunId));
    }

    [Fact]
    public void A_run_whose_only_call_turns_out_to_be_none_is_taken_back()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1), new TestSpan(1, 2, 1).With("gen_ai.usage.input_tokens", 100L));
        bench.Pass(3);
        Assert.True(bench.Postings.Single().WithRun);

        // A better copy of the span says that it is a tool that reports no usage of its own.
        bench.Offer(new TestSpan(1, 2, 1) { Name = "x", Attributes = Tool }.With("gen_ai.usage.output_tokens", 0L)
            .With("gen_ai.usage.input_tokens", 0L));
        bench.Pass(5);

        var last = bench.Postings[^1];
        Assert.Equal((false, last.Segment.RunId), (last.WithRun, last.LeftRunId));
        Assert.Equal([], bench.NetByCustomer());
    }

    [Fact]
    public void The_ledger_and_the_runs_are_the_same_with_and_without_pressure()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            (double Pause, TestSpan[] Spans)[] batches = [.. Enumerable.Range(0, 60).Select(_ => (
                random.Next(4) switch { 0 => 0.1, 1 => 3, 2 => 20, _ => 70 }, RandomSpans(random)))];

            var relaxed = Run(batches, new AssemblyOptions { PostedFilterBitsLog2 = 16, CostlessKept = TimeSpan.FromHours(6) });
            var pressed = Run(batches, new AssemblyOptions { PostedFilterBitsLog2 = 16, OpenTracesMax = 3 }, spill: true);

            Assert.NotEqual(0, pressed.Spilled);
            Assert.Equal(0, relaxed.Spilled);
            Assert.Equal(relaxed.Ledger, pressed.Ledger);
            Assert.Equal(relaxed.Runs, pressed.Runs);
        }
    }

    private static Dictionary<string, object> Tool => new() { ["gen_ai.operation.name"] = "execute_tool", ["gen_ai.tool.name"] = "t" };

    // Ten traces of a root, tools and calls; odd ones never cost anything.
    private static TestSpan[] RandomSpans(Random random) => [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ =>
    {
        var (trace, id) = (1 + random.Next(10), 1 + random.Next(6));
        return id == 1 ? TestSpan.Root(trace, 1, customer: $"c-{trace}")
            : id % 2 == 0 && trace % 2 == 0 ? TestSpan.Call(trace, id, 1)
            : new TestSpan(trace, id, 1) { Name = $"execute_tool {id}", Attributes = Tool };
    })];

    private static (string Ledger, string Runs, long Spilled) Run((double Pause, TestSpan[] Spans)[] batches, AssemblyOptions options,
        bool spill = false)
    {
        using var bench = new AssemblyBench(options);
        foreach (var (pause, spans) in batches)
        {
            bench.Offer(spans);
            if (spill) bench.Assembler.SpillCostless(rowsMax: 100);
            for (var left = pause; left > 0; left -= 1)
            {
                while (bench.Answer()) { }
                bench.Pass(Math.Min(1, left));
            }
        }
        for (var seconds = 0; seconds < 200; seconds++)
        {
            while (bench.Answer()) { }
            bench.Pass(1);
        }
        var ledger = bench.Rows.GroupBy(row => (row.TraceId, row.SpanId, row.CustomerId, row.Workflow, row.Step, row.Cost.Cost))
            .Where(rows => rows.Sum(row => row.Sign) != 0).Select(rows => rows.Key.ToString()).Order(StringComparer.Ordinal);
        var runs = bench.Postings.Where(posting => posting.WithRun || posting.LeftRunId.Length > 0).GroupBy(posting => posting.TraceId)
            .Select(postings => postings.Last()).Where(posting => posting.WithRun).Select(posting =>
                $"{posting.TraceId} {posting.Segment.Status} {posting.Segment.Steps} {posting.Segment.Calls} {posting.Segment.Cost} " +
                $"{posting.Segment.CustomerId} {posting.Segment.Workflow} {posting.Segment.StartedAtMicros}").Order(StringComparer.Ordinal);
        return (string.Join('\n', ledger), string.Join('\n', runs), bench.Metrics.CountOf(AssemblyReason.CostlessSpilled));
    }

    private static void LateCallFindsAcme(AssemblyBench bench)
    {
        bench.Offer(TestSpan.Call(1, 2, 1));
        bench.Answer();
        bench.Pass(5);

        Assert.Equal(new Dictionary<string, long> { ["acme"] = CallPico }, bench.NetByCustomer());
        Assert.True(bench.Postings[^1].WithRun);
    }
}
