using CostAttribution.Domain.Ledger;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>
/// What a trace asks follows from its spans alone, and only answers to what it asks now decide about it: the outcome is the same
/// whatever it asked and heard on the way.
/// </summary>
public sealed class OutsideQuestionsTests
{
    private const long CallPico = 1000 * AssemblyBench.InputPico + 10 * AssemblyBench.OutputPico;

    [Theory, InlineData(false), InlineData(true)]
    public void What_was_heard_of_one_run_is_not_taken_for_another_that_a_late_root_names(bool restarts)
    {
        using var bench = new AssemblyBench();
        bench.Offer(Teller(2, "acme").With("workflow.run.id", "sub"));
        bench.Offer(TestSpan.Call(1, 2, 1).With("workflow.run.id", "sub"));
        Rest(bench);
        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());
        if (restarts) bench.Restart();

        bench.Offer(new TestSpan(1, 1).With("workflow.run.id", "main"));
        Rest(bench);

        Assert.Equal(new() { ["acme"] = CallPico, [""] = CallPico }, bench.NetByCustomer());
    }

    [Theory, InlineData(false), InlineData(true)]
    public void What_a_session_told_goes_when_a_late_parent_names_the_customer(bool restarts)
    {
        using var bench = new AssemblyBench();
        bench.Offer(Teller(2, "acme").With("session.id", "s-1").With("plan", "gold").With("team", "t-1"));
        bench.Offer(TestSpan.Call(1, 2, 1).With("session.id", "s-1"));
        Rest(bench);
        Assert.Equal(("acme", "gold", "t-1"), IdentityOf(Standing(bench, 1)));
        if (restarts) bench.Restart();

        bench.Offer(new TestSpan(1, 1).With("customer.id", "globex"));
        Rest(bench);

        Assert.Equal(("globex", "", ""), IdentityOf(Standing(bench, 1)));
    }

    [Fact]
    public void What_a_linked_span_told_goes_when_a_late_parent_names_the_customer()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(2, 1, "acme", "support"), TestSpan.Call(2, 2, 1));
        bench.Offer(TestSpan.Call(1, 2, 1) with { Link = (2, 1) });
        Rest(bench);
        Assert.Equal(("acme", "support"), (Standing(bench, 1).CustomerId, Standing(bench, 1).FeatureId));

        bench.Offer(new TestSpan(1, 1).With("customer.id", "globex"));
        Rest(bench);

        Assert.Equal(("globex", ""), (Standing(bench, 1).CustomerId, Standing(bench, 1).FeatureId));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_trace_that_its_run_no_longer_names_falls_back_to_its_session(bool restarts)
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 1, 0).With("session.id", "s-1").With("workflow.run.id", "r-1"));
        bench.Offer(Teller(2, "acme").With("workflow.run.id", "r-1"));
        Rest(bench);
        bench.Offer(Teller(3, "globex").With("session.id", "s-1"));
        Rest(bench);
        Assert.Equal(("acme", Evidence.Run), (Standing(bench, 1).CustomerId, Standing(bench, 1).CustomerEvidence));
        if (restarts) bench.Restart();

        bench.Offer(Teller(4, "initech").With("workflow.run.id", "r-1"));
        Rest(bench);

        Assert.Equal(("globex", Evidence.Session), (Standing(bench, 1).CustomerId, Standing(bench, 1).CustomerEvidence));
    }

    [Fact]
    public void A_link_into_the_own_trace_finds_its_owner_there_and_asks_nobody()
    {
        using var bench = new AssemblyBench(storeIsEmpty: false);
        bench.Offer(
            new TestSpan(1, 1), new TestSpan(1, 2, 1).With("customer.id", "acme").With("feature.id", "jobs"),
            TestSpan.Call(1, 3, 1) with { Link = (1, 2) });
        bench.Pass(1);
        Assert.Empty(bench.Ask().Links);
        bench.Restart();
        Rest(bench);

        var row = Standing(bench, 1);
        Assert.Equal(("acme", Evidence.Link, "jobs", Evidence.Link),
            (row.CustomerId, row.CustomerEvidence, row.FeatureId, row.FeatureEvidence));
    }

    [Fact]
    public void A_link_into_the_own_trace_makes_no_evidence_of_what_a_session_told()
    {
        using var bench = new AssemblyBench();
        TestSpan[] spans = [new TestSpan(1, 1).With("session.id", "s-1"), new TestSpan(1, 2, 1),
            TestSpan.Call(1, 3, 1) with { Link = (1, 2) }];
        bench.Offer(Teller(2, "acme").With("session.id", "s-1"));
        bench.Offer(spans);
        Rest(bench);
        Assert.Equal(("acme", Evidence.Session), (Standing(bench, 1).CustomerId, Standing(bench, 1).CustomerEvidence));
        Assert.Equal(2, bench.Rows.Count);

        bench.Offer(Teller(3, "globex").With("session.id", "s-1"));
        Rest(bench);

        Assert.Equal("", Standing(bench, 1).CustomerId);
    }

    public static TheoryData<bool, bool> Bools() => new() { { false, false }, { false, true }, { true, false }, { true, true } };

    [Theory, MemberData(nameof(Bools))]
    public void Traces_that_link_to_each_other_tell_what_they_know_themselves(bool otherFirst, bool evicted)
    {
        using var bench = new AssemblyBench();
        var one = TestSpan.Call(1, 1, 0) with { Link = (2, 1), Resource = new() { ["customer.id"] = "acme" } };
        var other = TestSpan.Call(2, 1, 0) with { Link = (1, 1), Resource = new() { ["customer.id"] = "globex" } };
        bench.Offer(otherFirst ? other : one);
        bench.Pass(evicted ? 90 : 3);
        bench.Offer(otherFirst ? one : other);
        Rest(bench);

        Assert.Equal(("globex", "acme"), (Standing(bench, 1).CustomerId, Standing(bench, 2).CustomerId));
    }

    [Theory, InlineData(3), InlineData(90)]
    public void A_consumer_does_not_inherit_what_its_producer_itself_only_heard(double pause)
    {
        using var bench = new AssemblyBench();
        bench.Offer(Teller(3, "acme").With("session.id", "s-1"));
        bench.Offer(TestSpan.Call(2, 1, 0).With("session.id", "s-1"));
        bench.Pass(pause);

        bench.Offer(TestSpan.Call(1, 1, 0) with { Link = (2, 1) });
        Rest(bench);

        Assert.Equal(("acme", ""), (Standing(bench, 2).CustomerId, Standing(bench, 1).CustomerId));
    }

    [Fact]
    public void A_trace_whose_spans_name_the_customer_asks_the_store_nothing()
    {
        using var bench = new AssemblyBench(storeIsEmpty: false);
        bench.Offer(TestSpan.Root(1, 1).With("session.id", "s-1"), TestSpan.Call(1, 2, 1));
        bench.Offer(TestSpan.Call(2, 1, 0).With("session.id", "s-1") with { Resource = new() { ["customer.id"] = "acme" } });
        for (var trace = 3; trace < 40; trace++) bench.Offer(TestSpan.Call(trace, 1, 0).With("session.id", "s-2"));
        bench.Pass(0.5);
        var traces = bench.Ask();
        bench.Answer(traces);
        bench.Pass(3);

        // The session is told and, of the traces without customer, asked about once.
        var asked = bench.Ask();
        Assert.Equal(["s-1", "s-2"], asked.Topics.Select(topic => topic.Text).Order());
        Assert.Empty(asked.Links);
    }

    private static TestSpan Teller(int trace, string customer) => TestSpan.Call(trace, 1, 0).With("customer.id", customer);

    private static (string, string, string) IdentityOf(LedgerEntry row) => (row.CustomerId, row.Plan, row.Team);

    private static LedgerEntry Standing(AssemblyBench bench, int trace)
    {
        var reversed = bench.Rows.Where(row => row.Sign < 0).Select(row => row.Corrects).ToHashSet();
        return bench.Rows.Single(row => row.Sign > 0 && !reversed.Contains(row.EntryId)
            && row.TraceId == AssemblyBench.TraceIdOf(trace));
    }

    private static void Rest(AssemblyBench bench)
    {
        for (var i = 0; i < 30; i++)
        {
            bench.Pass(5);
            bench.Answer();
        }
        Assert.Equal(0, bench.Ask().Count);
    }
}
