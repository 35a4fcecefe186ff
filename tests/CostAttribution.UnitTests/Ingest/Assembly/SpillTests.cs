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

    private static void LateCallFindsAcme(AssemblyBench bench)
    {
        bench.Offer(TestSpan.Call(1, 2, 1));
        bench.Answer();
        bench.Pass(5);

        Assert.Equal(new Dictionary<string, long> { ["acme"] = CallPico }, bench.NetByCustomer());
        Assert.True(bench.Postings[^1].WithRun);
    }
}
