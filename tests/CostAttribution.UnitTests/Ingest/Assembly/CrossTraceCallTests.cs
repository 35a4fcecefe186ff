using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>
/// One call that an application reports in its trace and a gateway or the provider in another: it is billed once, to whom the
/// application names, whichever report came first and however much later the other.
/// </summary>
public sealed class CrossTraceCallTests
{
    private const string Id = "chatcmpl-CZ7w1kRk3bXo9sTq0VtYh2mLp4dNe";
    private const long CallPico = 1000 * AssemblyBench.InputPico + 10 * AssemblyBench.OutputPico;
    private const ulong Nanos = 1_795_334_400_000_000_000;

    [Theory]
    [InlineData(true, 1.0, false), InlineData(true, 300.0, false), InlineData(true, 300.0, true)]
    [InlineData(false, 1.0, false), InlineData(false, 300.0, false), InlineData(false, 300.0, true)]
    public void A_pushed_report_is_not_billed_beside_the_applications(bool pushedFirst, double secondsBetween, bool restarts)
    {
        using var bench = new AssemblyBench();
        Offer(bench, pushedFirst ? [Pushed(2)] : App(1));
        Rest(bench, secondsBetween);
        if (restarts) bench.Restart();
        Offer(bench, pushedFirst ? App(1) : [Pushed(2)]);
        Rest(bench);

        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
        var duplicate = Standing(bench, 2);
        Assert.True((duplicate.Flags & SpanFlags.CrossTraceDuplicate) != 0);
        Assert.Equal((0, PriceStatus.NoUsage, true), (duplicate.Calls, duplicate.Cost.Status, duplicate.Usage.IsZero));
        Assert.Equal((1, SpanFlags.None), (Standing(bench, 1).Calls, Standing(bench, 1).Flags & SpanFlags.CrossTraceDuplicate));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Both_at_once_are_one_call(bool pushedFirst)
    {
        using var bench = new AssemblyBench();
        bench.Offer(pushedFirst ? [Pushed(2), .. App(1)] : [.. App(1), Pushed(2)]);
        Rest(bench);

        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
    }

    [Theory, InlineData(false), InlineData(true)]
    public void The_report_that_bills_is_found_again_by_a_process_that_has_forgotten_it(bool pushedFirst)
    {
        using var bench = new AssemblyBench(topicsMax: 1);
        Offer(bench, pushedFirst ? [Pushed(2)] : App(1));
        Rest(bench, 300);
        bench.Offer(Pushed(3, "chatcmpl-another0Id3bXo9sTq0VtYh2mLp4d"), Pushed(4, "chatcmpl-third00Id3bXo9sTq0VtYh2mLp4d"));
        Rest(bench, 300);
        Offer(bench, pushedFirst ? App(1) : [Pushed(2)]);
        Rest(bench);

        Assert.Equal(new() { ["acme"] = CallPico, [""] = 2 * CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void Of_a_gateway_and_a_provider_the_gateway_bills_until_the_application_reports()
    {
        using var bench = new AssemblyBench();
        bench.Offer(Pushed(2));
        Rest(bench);
        bench.Offer(Gateway(3));
        Rest(bench);
        Assert.Equal(CallPico, Standing(bench, 3).Cost.Cost.PicoUsd);
        Assert.Equal(0, Standing(bench, 2).Cost.Cost.PicoUsd);

        bench.Offer(App(1));
        Rest(bench);

        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
    }

    [Theory, InlineData(false), InlineData(true)]
    public void The_earlier_of_two_gateways_bills(bool laterFirst)
    {
        using var bench = new AssemblyBench();
        var (early, late) = (Gateway(2), Gateway(3) with { Start = Nanos + 60_000_000_000 });
        bench.Offer(laterFirst ? late : early);
        Rest(bench, 300);
        bench.Offer(laterFirst ? early : late);
        Rest(bench);

        Assert.Equal((CallPico, 0), (Standing(bench, 2).Cost.Cost.PicoUsd, Standing(bench, 3).Cost.Cost.PicoUsd));
    }

    [Fact]
    public void A_call_whose_usage_only_the_provider_tells_is_billed_there()
    {
        using var bench = new AssemblyBench();
        var (root, call) = (App(1)[0], App(1)[1]);
        call.Attributes.Remove("gen_ai.usage.input_tokens");
        call.Attributes.Remove("gen_ai.usage.output_tokens");
        bench.Offer(root, call, Pushed(2));
        Rest(bench);

        Assert.Equal(CallPico, Standing(bench, 2).Cost.Cost.PicoUsd);
        Assert.True((Standing(bench, 1).Flags & SpanFlags.UsageMissing) != 0);
    }

    [Fact]
    public void Reports_that_count_differently_are_both_billed_and_flagged()
    {
        using var bench = new AssemblyBench();
        bench.Offer([.. App(1), Pushed(2).With("gen_ai.usage.output_tokens", 11L)]);
        Rest(bench);

        Assert.Equal(CallPico + AssemblyBench.OutputPico, Standing(bench, 2).Cost.Cost.PicoUsd);
        Assert.True((Standing(bench, 2).Flags & SpanFlags.DuplicateUsageMismatch) != 0);
        Assert.Equal(CallPico, bench.NetByCustomer()["acme"]);
    }

    [Theory]
    [InlineData("chatcmpl-123"), InlineData("test-response-id-without-any-number"), InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaa111")]
    public void An_id_that_anybody_might_use_joins_nothing(string id)
    {
        using var bench = new AssemblyBench();
        bench.Offer([.. App(1, id), Pushed(2, id)]);
        Rest(bench);

        Assert.Equal(new() { ["acme"] = CallPico, [""] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void Another_model_or_another_day_is_another_call()
    {
        using var bench = new AssemblyBench();
        bench.Offer([.. App(1), Pushed(2).With("gen_ai.request.model", "other-model"),
            Pushed(3) with { Start = Nanos + 25 * 3_600_000_000_000 }]);
        Rest(bench);

        Assert.All([2, 3], trace => Assert.False(Standing(bench, trace).Usage.IsZero));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void An_id_that_more_traces_name_than_can_report_one_call_joins_nothing(bool pushedFirst)
    {
        using var bench = new AssemblyBench();
        if (pushedFirst) bench.Offer(Pushed(20));
        Rest(bench);
        for (var trace = 1; trace <= 9; trace++) bench.Offer(App(trace));
        Rest(bench);
        if (!pushedFirst) bench.Offer(Pushed(20));
        Rest(bench);

        Assert.Equal(new() { ["acme"] = 9 * CallPico, [""] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void An_application_asks_nobody_and_nobody_remembers_what_it_tells()
    {
        using var bench = new AssemblyBench();
        bench.Offer(App(1));
        bench.Pass(5);

        Assert.Empty(bench.Ask().Topics);
        Assert.NotEmpty(bench.Postings);
        Assert.All(bench.Postings.SelectMany(posting => posting.Topics), row => Assert.False(row.Asks));
    }

    private static TestSpan[] App(int trace, string id = Id) =>
        [TestSpan.Root(trace, 1), TestSpan.Call(trace, 2, 1).With("gen_ai.response.id", id)];

    private static TestSpan Pushed(int trace, string id = Id) => TestSpan.Call(trace, 1, 0).With("gen_ai.response.id", id) with
    {
        Resource = new() { ["service.name"] = "openrouter" },
    };

    private static TestSpan Gateway(int trace) => TestSpan.Call(trace, 1, 0).With("gen_ai.response.id", Id) with
    {
        Name = "litellm_request",
    };

    private static void Offer(AssemblyBench bench, TestSpan[] spans) => bench.Offer(spans);

    private static LedgerEntry Standing(AssemblyBench bench, int trace) =>
        bench.Rows.Where(row => row.TraceId == AssemblyBench.TraceIdOf(trace)).GroupBy(row => row.SpanId)
            .Select(rows => rows.Last()).Single(row => row.Sign > 0);

    private static void Rest(AssemblyBench bench, double seconds = 130)
    {
        for (var left = seconds; left > 0; left -= 5)
        {
            bench.Pass(Math.Min(left, 5));
            while (bench.Answer()) bench.Pass(3);
        }
    }
}
