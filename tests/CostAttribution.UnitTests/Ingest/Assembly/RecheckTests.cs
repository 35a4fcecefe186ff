using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Testing.Time;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>An audit has traces looked at again while spans go on coming: nothing that arrives is lost by that.</summary>
public sealed class RecheckTests
{
    private const long CallPico = 1000 * AssemblyBench.InputPico + 10 * AssemblyBench.OutputPico;

    private static readonly TraceId Id = AssemblyBench.TraceIdOf(1);

    /// <summary>When something happens to the trace that is looked at.</summary>
    public enum At { BeforeTheQuestion, BeforeTheAnswer, AfterTheAnswer }

    public static TheoryData<At, bool> Moments() => [.. from at in Enum.GetValues<At>() from dry in new[] { true, false } select (at, dry)];

    [Theory, MemberData(nameof(Moments))]
    public void A_call_that_arrives_while_its_trace_is_looked_at_is_posted(At at, bool dry)
    {
        using var bench = Settled(evicted: true);

        var recheck = Recheck(bench, new TraceRecheck(Id) { DryRun = dry }, at, () => bench.Offer(TestSpan.Call(1, 3, 1)));

        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());
        Assert.Equal(dry ? RecheckOutcome.StillOpen : RecheckOutcome.Done, recheck.Outcome);
        Assert.Equal(ulong.MaxValue, bench.Assembler.HeldFrom);
        Assert.DoesNotContain(bench.Rows, row => row.Sign < 0);
    }

    [Theory, MemberData(nameof(Moments))]
    public void A_span_without_cost_that_arrives_while_its_trace_is_looked_at_is_kept_for_later_calls(At at, bool dry)
    {
        using var bench = Settled(evicted: true);
        var step = new TestSpan(1, 7, 1) { Name = "step", Attributes = new() { ["customer.id"] = "globex" } };

        Recheck(bench, new TraceRecheck(Id) { DryRun = dry }, at, () => bench.Offer(step));
        bench.Pass(90);
        Assert.Equal(0, bench.Assembler.TraceCount);
        bench.Offer(TestSpan.Call(1, 8, 7));
        while (bench.Answer()) bench.Pass(3);
        bench.Pass(3);

        Assert.Equal(new() { ["acme"] = CallPico, ["globex"] = CallPico }, bench.NetByCustomer());
    }

    [Theory, MemberData(nameof(Moments))]
    public void A_word_of_another_trace_that_comes_while_its_hearer_is_looked_at_is_heard(At at, bool dry)
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 2, 0).With("session.id", "s"));
        Rest(bench);
        Assert.Equal(new() { [""] = CallPico }, bench.NetByCustomer());

        Recheck(bench, new TraceRecheck(Id) { DryRun = dry }, at, () =>
        {
            bench.Offer(TestSpan.Call(2, 2, 0).With("session.id", "s").With("customer.id", "acme"));
            bench.Pass(3);
        });

        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void A_trace_in_memory_whose_spans_only_the_journal_has_is_left_to_itself_by_an_audit_that_only_reports()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1));
        bench.Pass(3);
        bench.Assembler.SpillCostless(rowsMax: 100);
        bench.Offer(new TestSpan(1, 7, 1) { Name = "step" });
        bench.Pass(3);
        while (bench.Answer()) bench.Pass(3);
        var held = bench.Assembler.HeldFrom;

        var recheck = Recheck(bench, new TraceRecheck(Id) { DryRun = true }, At.AfterTheAnswer, () => { });

        Assert.Equal(held, bench.Assembler.HeldFrom);
        Assert.NotEqual(RecheckOutcome.Waiting, recheck.Outcome);
    }

    [Fact]
    public void Looking_at_a_trace_that_is_as_it_should_be_writes_nothing()
    {
        foreach (var evicted in new[] { true, false })
        {
            using var bench = Settled(evicted);
            var postings = bench.Postings.Count;

            var recheck = Recheck(bench, new TraceRecheck(Id), At.AfterTheAnswer, () => { });

            Assert.Equal((RecheckOutcome.Done, 0, postings), (recheck.Outcome, recheck.Rows, bench.Postings.Count));
        }
    }

    [Fact]
    public void A_trace_in_memory_of_which_the_store_has_lost_the_facts_gives_them_again()
    {
        using var bench = Settled(evicted: false);
        var postings = bench.Postings.Count;
        var recheck = new TraceRecheck(Id);
        bench.Assembler.Recheck(recheck);
        var questions = bench.Ask();
        var cutOff = new StoredTrace([], bench.Stored(Id)!.Standing, TraceContext.Empty) { WasCutOff = true };

        bench.Assembler.Answer(new LoadAnswer(questions, true, new Dictionary<TraceId, StoredTrace> { [Id] = cutOff },
            new Dictionary<TraceId, string>(), [], []));
        bench.Pass(3);

        Assert.Equal(2, bench.Postings[postings..].Sum(posting => posting.Spans.Count));
        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void A_trace_that_holds_the_journal_cannot_be_given_up()
    {
        using var table = new TraceTable(new AssemblyOptions(), new OpenCostBook());
        var trace = table.Add(Id, 0);
        using var builder = new SpanBatchBuilder(AttributionTable.Default.Keys, TracingLimits.Default);
        using var batch = AssemblyBench.Encode(builder, [TestSpan.Root(1, 1)], new ManualClock().GetUtcNow());
        foreach (var span in batch.Spans) trace.Spans.Add(batch, span, new SourceTable());
        trace.Hold(5, 0);

        Assert.Throws<InvalidOperationException>(() => table.Evict(trace));

        Assert.Equal(1, table.Count);
    }

    private static AssemblyBench Settled(bool evicted)
    {
        var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        bench.Pass(3);
        if (evicted) Rest(bench);
        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
        return bench;
    }

    // Out of memory, whatever the store has to be asked for that.
    private static void Rest(AssemblyBench bench)
    {
        bench.Pass(3);
        while (bench.Answer()) bench.Pass(3);
        bench.Pass(90);
        Assert.Equal(0, bench.Assembler.TraceCount);
    }

    private static TraceRecheck Recheck(AssemblyBench bench, TraceRecheck recheck, At at, Action happens)
    {
        bench.Assembler.Recheck(recheck);
        if (at == At.BeforeTheQuestion) happens();
        var questions = bench.Ask();
        if (at == At.BeforeTheAnswer) happens();
        bench.Answer(questions);
        if (at == At.AfterTheAnswer) happens();
        bench.Pass(3);
        while (bench.Answer()) bench.Pass(3);
        bench.Pass(3);
        return recheck;
    }
}
