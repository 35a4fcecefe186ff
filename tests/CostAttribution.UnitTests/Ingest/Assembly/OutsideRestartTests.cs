namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>What traces tell each other reaches them across restarts and evictions.</summary>
public sealed class OutsideRestartTests
{
    private const long CallPico = 1000 * AssemblyBench.InputPico + 10 * AssemblyBench.OutputPico;

    /// <summary>What two traces have in common.</summary>
    public enum Common { Session, Run, Link }

    /// <summary>What happens between the two.</summary>
    public enum Between { Nothing, Eviction, Restart, ForgottenTopics }

    public static TheoryData<Common, Between> All()
    {
        var all = new TheoryData<Common, Between>();
        foreach (var common in Enum.GetValues<Common>())
        {
            foreach (var between in Enum.GetValues<Between>()) all.Add(common, between);
        }
        return all;
    }

    [Theory, MemberData(nameof(All))]
    public void A_trace_that_asked_is_corrected_when_another_tells(Common common, Between between)
    {
        using var bench = new AssemblyBench(topicsMax: 8);
        bench.Offer(Asker(1, common));
        Rest(bench);
        Assert.Equal(new() { [""] = CallPico }, bench.NetByCustomer());
        Happen(bench, between);

        bench.Offer(Teller(2, common));
        Rest(bench);

        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());
        Assert.Equal(1, bench.Rows.Count(row => row.Sign < 0));
    }

    [Theory, MemberData(nameof(All))]
    public void A_trace_that_asks_later_hears_what_was_told_and_is_posted_once(Common common, Between between)
    {
        using var bench = new AssemblyBench(topicsMax: 8);
        bench.Offer(Teller(2, common));
        Rest(bench);
        Happen(bench, between);

        bench.Offer(Asker(1, common));
        Rest(bench);

        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());
        Assert.DoesNotContain(bench.Rows, row => row.Sign < 0);
    }

    [Theory]
    [InlineData(Common.Session, Between.Restart)]
    [InlineData(Common.Run, Between.Restart)]
    [InlineData(Common.Link, Between.Restart)]
    [InlineData(Common.Session, Between.ForgottenTopics)]
    [InlineData(Common.Link, Between.ForgottenTopics)]
    public void A_word_that_is_taken_back_after_a_restart_is_taken_back_from_its_hearers(Common common, Between between)
    {
        using var bench = new AssemblyBench(topicsMax: 8);
        bench.Offer(Teller(2, common));
        bench.Offer(Asker(1, common));
        Rest(bench);
        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());
        Happen(bench, between);

        // A fuller copy of the call says another customer.
        bench.Offer([.. Teller(2, common).Select(span =>
            span.With("customer.id", "globex").With("gen_ai.usage.cache_read.input_tokens", 0L))]);
        Rest(bench);

        Assert.Equal(new() { ["globex"] = 2 * CallPico }, bench.NetByCustomer());
    }

    [Theory]
    [InlineData(Common.Session)]
    [InlineData(Common.Run)]
    [InlineData(Common.Link)]
    public void A_crash_between_a_word_and_the_corrections_that_follow_from_it_loses_none(Common common)
    {
        using var bench = new AssemblyBench();
        bench.Offer(Asker(1, common));
        bench.Pass(80);
        Assert.Equal(0, bench.Assembler.TraceCount);

        bench.Offer(Teller(2, common));
        bench.Pass(2.5);
        Assert.Equal(new() { [""] = CallPico, ["acme"] = CallPico }, bench.NetByCustomer());
        bench.Restart();
        Rest(bench);

        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());
        Assert.Equal(ulong.MaxValue, bench.Assembler.HeldFrom);
    }

    [Theory, InlineData(Between.Restart), InlineData(Between.Eviction), InlineData(Between.ForgottenTopics)]
    public void A_consumer_is_nobodys_when_its_producer_turns_out_to_be(Between between)
    {
        using var bench = new AssemblyBench(topicsMax: 8);
        bench.Offer(Teller(2, Common.Link));
        bench.Offer(Asker(1, Common.Link));
        Rest(bench);
        Happen(bench, between);

        bench.Offer(TestSpan.Call(2, 1, 0).With("gen_ai.usage.cache_read.input_tokens", 0L));
        Rest(bench);

        Assert.Equal(new() { [""] = 2 * CallPico }, bench.NetByCustomer());
    }

    [Theory, InlineData(Common.Session), InlineData(Common.Run), InlineData(Common.Link)]
    public void A_crash_between_taking_a_word_back_and_the_corrections_that_follow_from_it_loses_none(Common common)
    {
        using var bench = new AssemblyBench();
        bench.Offer(Teller(2, common));
        bench.Offer(Asker(1, common));
        Rest(bench);
        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());

        // A fuller copy of the call has to do with another session or run, or is nobody's.
        bench.Offer(TestSpan.Call(2, 1, 0).With("gen_ai.usage.cache_read.input_tokens", 0L).With("session.id", "s-2")
            .With("workflow.run.id", "r-2").With(common == Common.Link ? "team" : "customer.id", "acme"));
        bench.Answer();
        var postings = bench.Postings.Count;
        bench.Pass(2.5);
        Assert.Equal(postings + 1, bench.Postings.Count);
        Assert.Equal(common == Common.Link ? CallPico : 2 * CallPico, bench.NetByCustomer()["acme"]);
        bench.Restart();
        Rest(bench);

        Assert.Equal(common == Common.Link ? new() { [""] = 2 * CallPico } : new() { ["acme"] = CallPico, [""] = CallPico },
            bench.NetByCustomer());
        Assert.Equal(ulong.MaxValue, bench.Assembler.HeldFrom);
    }

    [Fact]
    public void A_run_that_a_trace_had_left_before_a_crash_but_not_settled_since_hears_of_it()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(2, 2, 1).With("customer.id", "acme").With("workflow.run.id", "r-1"));
        bench.Offer(Asker(1, Common.Run));
        for (var i = 0; i < 30; i++)
        {
            bench.Pass(5);
            bench.Answer();
        }
        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());

        // The root names another run; the next spans keep the trace from settling.
        bench.Offer(new TestSpan(2, 1).With("workflow.run.id", "r-2"));
        for (var id = 3; id < 20; id++)
        {
            bench.Offer(TestSpan.Call(2, id, 1, 0, 0));
            bench.Pass(1.5);
            bench.Answer();
        }
        Assert.False(bench.Postings[^1].Settled);
        Assert.Equal("r-2", bench.Postings[^1].Segment.RunId);
        bench.Restart();
        Rest(bench);

        Assert.Equal(new() { ["acme"] = CallPico, [""] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void Two_tellers_that_disagree_across_a_restart_answer_nothing_and_what_was_given_is_taken_back()
    {
        using var bench = new AssemblyBench();
        bench.Offer(Teller(2, Common.Session));
        bench.Offer(Asker(1, Common.Session));
        Rest(bench);
        bench.Restart();

        bench.Offer([.. Teller(3, Common.Session).Select(span => span.With("customer.id", "globex"))]);
        Rest(bench);

        Assert.Equal(new() { ["acme"] = CallPico, ["globex"] = CallPico, [""] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void Two_tellers_that_disagree_and_are_both_replayed_take_back_what_one_of_them_gave()
    {
        using var bench = new AssemblyBench();
        TestSpan[] other = [.. Teller(3, Common.Session).Select(span => span.With("customer.id", "globex"))];
        bench.Offer(Teller(2, Common.Session));
        bench.Offer(Asker(1, Common.Session));
        Rest(bench);
        bench.Offer(other);
        bench.Pass(2.5);
        Assert.Equal(new() { ["acme"] = 2 * CallPico, ["globex"] = CallPico }, bench.NetByCustomer());
        bench.Restart();

        bench.Replay(Teller(2, Common.Session));
        bench.Replay(other);
        Rest(bench);

        Assert.Equal(new() { ["acme"] = CallPico, ["globex"] = CallPico, [""] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void After_a_restart_a_trace_that_tells_nothing_new_has_its_hearers_costed_again_without_a_row()
    {
        using var bench = new AssemblyBench();
        bench.Offer(Teller(2, Common.Session));
        bench.Offer(Asker(1, Common.Session));
        Rest(bench);
        bench.Restart();
        var postings = bench.Postings.Count;

        bench.Offer(Teller(2, Common.Session));
        Rest(bench);

        Assert.Equal(postings, bench.Postings.Count);
    }

    [Fact]
    public void Replaying_a_settled_trace_that_is_in_the_store_posts_nothing()
    {
        using var bench = new AssemblyBench();
        TestSpan[] spans = [TestSpan.Root(1, 1).With("session.id", "s-1"), TestSpan.Call(1, 2, 1), TestSpan.Call(1, 3, 1)];
        bench.Offer(spans);
        Rest(bench);
        var postings = bench.Postings.Count;
        bench.Restart();

        bench.Replay(spans);
        Rest(bench);

        Assert.Equal(postings, bench.Postings.Count);
    }

    [Fact]
    public void More_traces_than_a_topic_remembers_still_come_to_rest()
    {
        using var bench = new AssemblyBench();
        for (var trace = 1; trace <= 300; trace++)
            bench.Offer(TestSpan.Call(trace, 1, 0).With("session.id", "s-1").With("customer.id", "acme"));
        bench.Offer(Asker(400, Common.Session));
        Rest(bench);

        Assert.Equal(new() { ["acme"] = 301 * CallPico }, bench.NetByCustomer());
        Assert.Equal(0, bench.Assembler.TraceCount);
    }

    private static TestSpan[] Asker(int trace, Common common) => common switch
    {
        Common.Session => [TestSpan.Call(trace, 1, 0).With("session.id", "s-1")],
        Common.Run => [TestSpan.Call(trace, 1, 0).With("workflow.run.id", "r-1")],
        _ => [TestSpan.Call(trace, 1, 0) with { Link = (2, 1) }],
    };

    private static TestSpan[] Teller(int trace, Common common)
    {
        var call = TestSpan.Call(trace, 1, 0).With("customer.id", "acme");
        return [common switch
        {
            Common.Session => call.With("session.id", "s-1"),
            Common.Run => call.With("workflow.run.id", "r-1"),
            _ => call,
        }];
    }

    private static void Happen(AssemblyBench bench, Between between)
    {
        if (between == Between.Eviction) bench.Pass(80);
        if (between == Between.Restart) bench.Restart();
        if (between != Between.ForgottenTopics) return;
        for (var session = 0; session < 30; session++)
        {
            bench.Offer(TestSpan.Call(100 + session, 1, 0, 0, 0).With("session.id", $"other-{session}"));
            bench.Pass(0.1);
        }
        Rest(bench);
    }

    private static void Rest(AssemblyBench bench)
    {
        for (var i = 0; i < 4; i++)
        {
            bench.Pass(3);
            bench.Answer();
        }
        bench.Pass(70);
        bench.Answer();
        bench.Pass(10);
    }
}
