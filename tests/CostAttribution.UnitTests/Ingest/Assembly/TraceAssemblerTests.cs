using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Assembly;

public sealed class TraceAssemblerTests
{
    private const long CallPico = 1000 * AssemblyBench.InputPico + 10 * AssemblyBench.OutputPico;

    [Fact]
    public void A_whole_trace_is_posted_after_two_quiet_seconds_and_not_before()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));

        bench.Pass(1.8);
        Assert.Empty(bench.Postings);
        bench.Pass(0.4);

        var row = Assert.Single(bench.Rows);
        Assert.Equal(("acme", "support", Evidence.Ancestor, CallPico),
            (row.CustomerId, row.FeatureId, row.CustomerEvidence, (long)row.Cost.Cost.PicoUsd));
        Assert.True(bench.Postings[0].Settled);
    }

    [Fact]
    public void Children_that_come_before_their_parents_in_other_batches_inherit_all_the_same()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 3, 2));
        bench.Pass(1);
        bench.Offer(new TestSpan(1, 2, 1) { Name = "agent step" });
        bench.Pass(1);
        bench.Offer(TestSpan.Root(1, 1));
        bench.Pass(3);

        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
        Assert.Single(bench.Rows);
    }

    [Fact]
    public void Interleaved_traces_do_not_mix()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 2, 1), TestSpan.Call(2, 2, 1), TestSpan.Root(3, 1, "globex"));
        bench.Offer(TestSpan.Root(2, 1, "umbrella"), TestSpan.Call(3, 2, 1));
        bench.Offer(TestSpan.Root(1, 1, "acme"));
        bench.Pass(3);

        Assert.Equal(new() { ["acme"] = CallPico, ["globex"] = CallPico, ["umbrella"] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void A_trace_without_root_asks_the_store_and_is_then_posted_as_incomplete()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 2, 1).With("customer.id", "acme"));

        bench.Pass(14);
        Assert.Empty(bench.Postings);
        bench.Pass(47);
        var questions = bench.Ask();
        Assert.Equal([AssemblyBench.TraceIdOf(1)], questions.Traces);
        bench.Answer(questions);
        bench.Pass(1);

        Assert.Equal(RunStatus.Incomplete, bench.Postings[^1].Segment.Status);
        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
        Assert.True(bench.Rows[^1].Flags.HasFlag(SpanFlags.Orphan | SpanFlags.MissingRoot));

        bench.Offer(TestSpan.Root(1, 9));
        bench.Pass(70);
        Assert.True(bench.Rows[^1].Flags.HasFlag(SpanFlags.Orphan));
        Assert.False(bench.Rows[^1].Flags.HasFlag(SpanFlags.MissingRoot));
    }

    [Fact]
    public void Usage_with_a_known_owner_is_visible_after_fifteen_seconds_while_the_rest_waits_as_open_cost()
    {
        using var bench = new AssemblyBench();
        var owned = TestSpan.Call(1, 2, 1).With("customer.id", "acme").With("feature.id", "f").With("gen_ai.workflow.name", "w");
        for (var second = 0; second < 20; second++)
        {
            bench.Offer(second == 0 ? [owned, TestSpan.Call(1, 3, 1)] : [new TestSpan(1, 100 + second, 1)]);
            bench.Pass(1);
        }

        Assert.Equal("acme", Assert.Single(bench.Rows).CustomerId);
        Assert.False(bench.Postings[^1].Settled);
        Assert.Equal(RunStatus.Open, bench.Postings[^1].Segment.Status);
        Assert.Equal(CallPico, (long)Assert.Single(bench.OpenCosts.Read()).Cost.PicoUsd);

        bench.Offer(TestSpan.Root(1, 1));
        bench.Pass(3);

        Assert.Equal(2 * CallPico, bench.NetByCustomer()["acme"]);
        Assert.Equal(2, bench.Rows.Count);
        Assert.Empty(bench.OpenCosts.Read());
    }

    [Fact]
    public void Usage_without_owner_is_posted_after_five_minutes_all_the_same()
    {
        using var bench = new AssemblyBench();
        for (var second = 0; second < 310; second++)
        {
            bench.Offer(second == 0 ? [TestSpan.Call(1, 3, 1)] : [new TestSpan(1, 100 + second, 1)]);
            bench.Pass(1);
            if (second == 290) Assert.Empty(bench.Rows);
        }

        Assert.Equal(new() { [""] = CallPico }, bench.NetByCustomer());
        Assert.Empty(bench.OpenCosts.Read());
    }

    [Fact]
    public void A_span_sent_fifty_times_counts_once()
    {
        using var bench = new AssemblyBench();
        for (var copy = 0; copy < 50; copy++)
        {
            bench.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
            bench.Pass(0.5);
        }
        bench.Pass(5);

        Assert.Single(bench.Rows);
        Assert.Equal(98, bench.Metrics.CountOf(AssemblyReason.DuplicateSpan));
    }

    [Fact]
    public void Of_two_copies_the_one_that_knows_more_counts_whichever_comes_first()
    {
        var poor = TestSpan.Call(1, 2, 1);
        var rich = poor.With("gen_ai.usage.cache_read.input_tokens", 600L);
        foreach (var order in new[] { new[] { poor, rich }, [rich, poor] })
        {
            using var bench = new AssemblyBench();
            bench.Offer(TestSpan.Root(1, 1), order[0]);
            bench.Pass(3);
            bench.Offer(order[1]);
            bench.Pass(3);

            Assert.Equal(600, bench.Rows.Sum(row => row.Sign * row.Usage.CacheReadTokens));
            Assert.Equal(400, bench.Rows.Sum(row => row.Sign * row.Usage.InputTokens));
        }
    }

    [Fact]
    public void A_late_call_adds_one_row_and_reverses_nothing()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        bench.Pass(10);
        bench.Offer(TestSpan.Call(1, 3, 1));
        bench.Pass(3);

        Assert.Equal(2, bench.Rows.Count);
        Assert.All(bench.Rows, row => Assert.Equal(1, row.Sign));
        Assert.Equal(PostingReason.LateSpan, bench.Rows[1].Reason);
    }

    [Fact]
    public void A_late_parent_moves_the_cost_by_reversal_and_replacement()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 2, 1), TestSpan.Call(1, 3, 1));
        bench.Pass(61);
        bench.Answer();
        bench.Pass(1);
        Assert.Equal(new() { [""] = 2 * CallPico }, bench.NetByCustomer());

        bench.Offer(TestSpan.Root(1, 1));
        bench.Pass(3);

        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());
        Assert.Equal(6, bench.Rows.Count);
        Assert.All(bench.Rows.Skip(2), row => Assert.Equal(PostingReason.LateParent, row.Reason));
    }

    [Fact]
    public void An_evicted_trace_is_loaded_and_corrected_when_its_parent_comes()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 2, 1));
        bench.Pass(61);
        bench.Answer();
        bench.Pass(70);
        Assert.Equal(0, bench.Assembler.TraceCount);

        bench.Offer(TestSpan.Root(1, 1));
        bench.Answer();
        bench.Pass(3);

        Assert.Equal(1, bench.Metrics.TracesLoaded);
        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void A_repetition_of_an_evicted_trace_changes_nothing_and_posts_nothing()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        bench.Pass(70);
        var postings = bench.Postings.Count;

        bench.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        bench.Answer();
        bench.Pass(70);

        Assert.Equal(postings, bench.Postings.Count);
        Assert.Equal(0, bench.Assembler.TraceCount);
    }

    [Fact]
    public void A_replayed_trace_is_compared_with_the_store_before_anything_is_posted()
    {
        using var bench = new AssemblyBench();
        bench.Replay(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        bench.Pass(10);
        Assert.Empty(bench.Postings);

        bench.Answer();
        bench.Pass(3);

        Assert.Single(bench.Rows);
    }

    [Fact]
    public void The_journal_is_held_until_the_posting_that_covers_a_trace_is_handed_over()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        Assert.Equal(1UL, bench.Assembler.HeldFrom);

        bench.Pass(2.05);

        Assert.Equal((ulong.MaxValue, 1UL), (bench.Assembler.HeldFrom, bench.BufferHeldFrom));
    }

    [Fact]
    public void A_trace_that_never_comes_to_rest_lets_go_of_the_journal_when_it_is_filling_up()
    {
        using var bench = new AssemblyBench();
        for (var id = 1; id <= 400; id++)
        {
            bench.Offer(TestSpan.Call(1, id, 1000).With("customer.id", "acme"));
            bench.Pass(1);
        }
        Assert.Equal(1UL, bench.Assembler.HeldFrom);

        bench.Assembler.SettleRestless();
        bench.Offer(TestSpan.Call(1, 401, 1000).With("customer.id", "acme"));
        Assert.Equal(401UL, bench.Assembler.HeldFrom);
        Assert.Equal(1UL, bench.BufferHeldFrom);

        bench.Pass(70);
        bench.Answer();
        bench.Pass(1);
        Assert.Equal(new() { ["acme"] = 401 * CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void Of_traces_that_never_come_to_rest_those_that_hold_the_oldest_record_let_go_first_as_far_as_there_is_room()
    {
        using var bench = new AssemblyBench();
        for (var id = 1; id <= 320; id++)
        {
            foreach (var trace in new[] { 7, 3, 5 }) bench.Offer(TestSpan.Call(trace, id, 1000).With("customer.id", "acme"));
            bench.Pass(1);
        }
        Assert.Equal(1UL, bench.Assembler.HeldFrom);

        bench.Assembler.SettleRestless(rowsMax: 1);
        Assert.Equal(2UL, bench.Assembler.HeldFrom);
        bench.Assembler.SettleRestless(rowsMax: 1);
        Assert.Equal(2UL, bench.Assembler.HeldFrom);
    }

    [Fact]
    public void A_trace_without_cost_posts_nothing_and_still_gives_its_customer_to_a_late_call()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1));
        bench.Pass(300);
        Assert.Empty(bench.Postings);
        Assert.Equal(1UL, bench.Assembler.HeldFrom);

        bench.Offer(TestSpan.Call(1, 2, 1));
        bench.Pass(3);
        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());

        bench.Offer(TestSpan.Root(2, 1));
        bench.Pass(11 * 60);
        Assert.Equal((0, ulong.MaxValue), (bench.Assembler.TraceCount, bench.Assembler.HeldFrom));
    }

    [Fact]
    public void Over_the_limit_of_traces_the_longest_quiet_are_posted_and_evicted_and_nothing_is_lost()
    {
        using var bench = new AssemblyBench(new AssemblyOptions { PostedFilterBitsLog2 = 16, OpenTracesMax = 20 });
        for (var trace = 1; trace <= 200; trace++)
        {
            bench.Offer(TestSpan.Call(trace, 2, 1).With("customer.id", "acme"));
            bench.Pass(0.1);
        }
        Assert.InRange(bench.Assembler.TraceCount, 1, 20);
        bench.Pass(70);
        bench.Answer();
        bench.Pass(70);

        Assert.Equal(new() { ["acme"] = 200 * CallPico }, bench.NetByCustomer());
        Assert.True(bench.Metrics.CountOf(AssemblyReason.PressureEviction) >= 180);
    }

    [Fact]
    public void Over_the_limit_of_spans_a_trace_keeps_its_usage_and_counts_what_it_does_not_keep()
    {
        using var bench = new AssemblyBench(new AssemblyOptions { PostedFilterBitsLog2 = 16, SpansPerTraceMax = 16 });
        bench.Offer([TestSpan.Root(1, 1), .. Enumerable.Range(10, 40).Select(id => new TestSpan(1, id, 1)),
            .. Enumerable.Range(100, 30).Select(id => TestSpan.Call(1, id, 1))]);
        bench.Pass(3);

        Assert.Equal(30 * CallPico, bench.NetByCustomer()["acme"]);
        Assert.Equal(25, bench.Metrics.CountOf(AssemblyReason.TraceOverLimit));
        var flagged = bench.Postings.SelectMany(posting => posting.Spans).Where(span => span.Flags.HasFlag(SpanFlags.TraceOverLimit));
        Assert.Equal(new SpanId(1), Assert.Single(flagged).SpanId);
    }

    [Fact]
    public void A_session_seen_with_one_customer_attributes_a_trace_that_came_before()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 1, 0).With("session.id", "s-1"));
        bench.Pass(3);
        Assert.Equal(new() { [""] = CallPico }, bench.NetByCustomer());

        bench.Offer(TestSpan.Root(2, 1).With("session.id", "s-1"), TestSpan.Call(2, 2, 1));
        bench.Pass(6);

        Assert.Equal(new() { ["acme"] = 2 * CallPico }, bench.NetByCustomer());
        Assert.Equal(Evidence.Session, bench.Rows[^1].CustomerEvidence);
        Assert.Equal(PostingReason.Context, bench.Rows[^1].Reason);
    }

    [Fact]
    public void A_queue_consumer_takes_its_customer_from_the_producer_it_links_to()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1));
        bench.Pass(120);
        bench.Offer(TestSpan.Call(2, 1, 0) with { Link = (1, 1) });
        bench.Pass(6);

        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
        Assert.Equal(Evidence.Link, bench.Rows[^1].CustomerEvidence);
    }

    [Fact]
    public void A_producer_that_comes_after_its_consumer_attributes_it_all_the_same()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(2, 1, 0) with { Link = (1, 1) });
        bench.Pass(3);
        bench.Offer(TestSpan.Root(1, 1));
        bench.Pass(6);

        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void A_producer_that_only_the_store_knows_is_asked_for_once()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        bench.Pass(70);
        Assert.Equal(0, bench.Assembler.TraceCount);
        bench.Offer(TestSpan.Call(2, 1, 0) with { Link = (1, 1) }, TestSpan.Call(3, 1, 0) with { Link = (1, 1) });
        bench.Pass(3);
        var questions = bench.Ask();
        Assert.Equal([(AssemblyBench.TraceIdOf(1), new SpanId(1))], questions.Links);
        Assert.Single(bench.Rows);

        bench.Answer(questions);
        bench.Pass(6);

        // They waited for the answer, and nothing had to be corrected.
        Assert.Equal(new() { ["acme"] = 3 * CallPico }, bench.NetByCustomer());
        Assert.Equal(3, bench.Rows.Count);
    }

    [Fact]
    public void A_parent_loop_is_posted_once_and_flagged()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 1, 2), TestSpan.Call(1, 2, 1));
        bench.Pass(61);
        bench.Answer();
        bench.Pass(3);

        Assert.NotEmpty(bench.Rows);
        Assert.Contains(bench.Rows, row => row.Flags.HasFlag(SpanFlags.ParentLoop));
    }

    [Fact]
    public void Any_order_and_any_pauses_end_in_the_same_sums()
    {
        TestSpan[] spans =
        [
            TestSpan.Root(1, 1), new(1, 2, 1) { Name = "step" }, TestSpan.Call(1, 3, 2, 100, 1), TestSpan.Call(1, 4, 2, 200, 2),
            new TestSpan(1, 5, 1) { Attributes = new() { ["customer.id"] = "globex" } }, TestSpan.Call(1, 6, 5, 400, 4),
        ];
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            using var bench =
                new AssemblyBench(new AssemblyOptions { PostedFilterBitsLog2 = 16, CostlessKept = TimeSpan.FromHours(1) });
            var shuffled = spans.Concat(spans.Where(_ => random.Next(3) == 0)).ToArray();
            random.Shuffle(shuffled);
            foreach (var span in shuffled)
            {
                bench.Offer(span);
                bench.Pass(random.Next(4) switch { 0 => 0, 1 => 3, 2 => 20, _ => 140 });
                bench.Answer();
            }
            for (var i = 0; i < 4; i++)
            {
                bench.Pass(65);
                bench.Answer();
            }

            Assert.Equal(300 * AssemblyBench.InputPico + 3 * AssemblyBench.OutputPico, bench.NetByCustomer()["acme"]);
            Assert.Equal(400 * AssemblyBench.InputPico + 4 * AssemblyBench.OutputPico, bench.NetByCustomer()["globex"]);
            Assert.Equal(2, bench.NetByCustomer().Count);
        }
    }
}
