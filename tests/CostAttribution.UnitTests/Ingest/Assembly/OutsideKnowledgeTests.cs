using CostAttribution.Domain.Ledger;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>What traces tell each other, whichever of them comes first.</summary>
public sealed class OutsideKnowledgeTests
{
    private const long CallPico = 1000 * AssemblyBench.InputPico + 10 * AssemblyBench.OutputPico;

    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    public void A_consumer_inherits_the_customer_of_a_producer_that_settled_long_before_it_came(double pause)
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1));
        bench.Pass(pause);

        bench.Offer(Consumer(2));
        bench.Pass(8);

        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
        Assert.Equal(Evidence.Link, bench.Rows[^1].CustomerEvidence);
    }

    [Fact]
    public void Traces_without_customer_that_link_to_each_other_ask_once_and_come_to_rest()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 1, 0) with { Link = (2, 1) }, TestSpan.Call(2, 1, 0) with { Link = (1, 1) });
        bench.Pass(50);
        Assert.Equal(2, bench.Rows.Count);

        bench.Pass(30);
        Assert.Equal(0, bench.Assembler.TraceCount);
    }

    [Fact]
    public void The_customer_of_a_run_follows_a_correction_of_the_trace_that_named_it()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 2, 1).With("customer.id", "acme").With("workflow.run.id", "r-1"), new TestSpan(1, 1));
        bench.Pass(3);
        bench.Offer(TestSpan.Call(2, 1, 0).With("workflow.run.id", "r-1"));
        bench.Pass(6);
        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());

        // A fuller copy of the call names another customer.
        bench.Offer(TestSpan.Call(1, 2, 1).With("customer.id", "globex").With("workflow.run.id", "r-1")
            .With("gen_ai.usage.cache_read.input_tokens", 0L));
        bench.Pass(8);

        Assert.Equal(new() { ["globex"] = 2 * CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void A_run_with_two_customers_in_one_trace_gives_none_to_its_other_traces()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 1, 0).With("customer.id", "acme").With("workflow.run.id", "r-1"));
        bench.Offer(new TestSpan(2, 1), TestSpan.Call(2, 2, 1).With("customer.id", "acme").With("workflow.run.id", "r-1"),
            TestSpan.Call(2, 3, 1).With("customer.id", "globex"));
        bench.Offer(TestSpan.Call(3, 1, 0).With("workflow.run.id", "r-1"));
        bench.Pass(8);

        Assert.Equal(new() { ["acme"] = 2 * CallPico, ["globex"] = CallPico, [""] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void A_feature_that_is_only_an_agents_name_is_not_given_to_the_rest_of_the_run()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 1, 0).With("workflow.run.id", "r-1").With("gen_ai.agent.name", "planner"));
        bench.Pass(3);
        bench.Offer(TestSpan.Call(2, 1, 0).With("workflow.run.id", "r-1").With("gen_ai.agent.name", "writer"));
        bench.Pass(6);

        Assert.Equal(["planner", "writer"], bench.Rows.Select(row => row.FeatureId));
    }

    [Fact]
    public void After_a_restart_one_known_session_does_not_take_back_what_another_had_given()
    {
        using var before = new AssemblyBench();
        before.Offer(new TestSpan(1, 1), TestSpan.Call(1, 2, 1).With("session.id", "s-1"),
            TestSpan.Call(1, 3, 1).With("session.id", "s-2"));
        before.Offer(TestSpan.Root(2, 1).With("session.id", "s-1"));
        before.Pass(8);
        Assert.Equal(new() { ["acme"] = CallPico, [""] = CallPico }, before.NetByCustomer());

        using var after = new AssemblyBench(storeIsEmpty: false);
        after.Postings.AddRange(before.Postings);
        after.Offer(TestSpan.Root(3, 1, "globex").With("session.id", "s-2"));
        after.Replay(TestSpan.Call(1, 4, 1).With("session.id", "s-2"));
        for (var i = 0; i < 4; i++)
        {
            after.Answer();
            after.Pass(3);
        }

        Assert.Equal(new() { ["acme"] = CallPico, ["globex"] = 2 * CallPico }, after.NetByCustomer());
    }

    [Fact]
    public void What_a_session_gave_stands_while_late_spans_keep_the_trace_open()
    {
        using var bench = new AssemblyBench();
        bench.Offer(new TestSpan(1, 1), TestSpan.Call(1, 2, 1).With("session.id", "s-1"));
        bench.Offer(TestSpan.Root(2, 1).With("session.id", "s-1"));
        bench.Pass(8);
        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
        var settled = bench.Rows.Count;

        for (var id = 10; id < 30; id++)
        {
            bench.Offer(TestSpan.Call(1, id, 1).With("session.id", "s-1"));
            bench.Pass(1);
        }

        Assert.DoesNotContain(bench.Rows.Skip(settled), row => row.Sign < 0);
        bench.Pass(8);
        Assert.Equal(new() { ["acme"] = 21 * CallPico }, bench.NetByCustomer());
    }

    private static TestSpan Consumer(int trace) => TestSpan.Call(trace, 1, 0) with { Link = (1, 1) };
}
