using CostAttribution.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>Which spans are looked up before they are posted: those that may have been posted when nobody remembers it.</summary>
public sealed class PostedHorizonTests
{
    private const long CallPico = 1000 * AssemblyBench.InputPico + 10 * AssemblyBench.OutputPico;

    private static readonly AssemblyOptions Short = new()
    {
        PostedFilterBitsLog2 = 16, PostedRemembered = TimeSpan.FromMinutes(10), SettledKept = TimeSpan.FromSeconds(5),
    };

    /// <summary>Starts of a span, by what its sender's clock makes of it.</summary>
    public enum Clock { Right, Ahead, Of2200, Of1970 }

    [Theory]
    [InlineData(Clock.Right)]
    [InlineData(Clock.Of2200)]
    [InlineData(Clock.Of1970)]
    public void A_span_repeated_long_after_the_filter_forgot_its_trace_is_not_posted_again(Clock clock)
    {
        using var bench = new AssemblyBench(Short);
        var call = TestSpan.Call(1, 1, 0).With("customer.id", "acme") with { Start = StartOf(clock, bench.Clock.GetUtcNow()) };
        bench.Offer(call);
        bench.Pass(35 * 60);

        bench.Offer(call);
        bench.Pass(3);
        Assert.True(bench.Answer());
        bench.Pass(10);

        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
        Assert.Single(bench.Rows);
    }

    [Theory]
    [InlineData(Clock.Right)]
    [InlineData(Clock.Ahead)]
    [InlineData(Clock.Of2200)]
    [InlineData(Clock.Of1970)]
    public void A_span_repeated_after_a_restart_is_not_posted_again(Clock clock)
    {
        using var bench = new AssemblyBench(Short);
        var call = TestSpan.Call(1, 1, 0).With("customer.id", "acme") with { Start = StartOf(clock, bench.Clock.GetUtcNow()) };
        bench.Offer(call);
        bench.Pass(3);
        bench.Restart();
        bench.Pass(60);

        bench.Offer(call);
        bench.Answer();
        bench.Pass(10);

        Assert.Single(bench.Rows);
    }

    [Fact]
    public void While_every_posting_is_remembered_nothing_is_looked_up()
    {
        using var bench = new AssemblyBench(Short);
        foreach (var clock in Enum.GetValues<Clock>())
            bench.Offer(TestSpan.Call((int)clock + 1, 1, 0) with { Start = StartOf(clock, bench.Clock.GetUtcNow()) });
        bench.Pass(20);

        Assert.Equal(0, bench.Ask().Count);
        Assert.Equal(4, bench.Rows.Count);
    }

    [Fact]
    public void A_trace_that_certainly_began_after_the_horizon_is_not_looked_up_although_the_filter_forgets()
    {
        using var bench = new AssemblyBench(Short);
        bench.Pass(35 * 60);

        bench.Offer(TestSpan.Call(1, 1, 0) with { Start = NanosOf(bench.Clock.GetUtcNow()) });
        bench.Pass(3);

        Assert.Equal(0, bench.Ask().Count);
        Assert.Single(bench.Rows);
    }

    [Fact]
    public void A_trace_whose_root_is_missing_is_looked_up_before_anything_of_it_is_posted()
    {
        using var bench = new AssemblyBench(Short);
        bench.Offer(TestSpan.Call(1, 2, 1).With("customer.id", "acme") with { Start = NanosOf(bench.Clock.GetUtcNow()) });
        bench.Pass(90);
        bench.Answer();
        bench.Pass(35 * 60);
        var rows = bench.Rows.Count;

        // A new child of the old trace, with all that a provisional posting needs.
        for (var second = 0; second < 20; second++)
        {
            var late = TestSpan.Call(1, 3 + second, 1).With("customer.id", "acme").With("feature.id", "f")
                .With("gen_ai.workflow.name", "w");
            bench.Offer(late with { Start = NanosOf(bench.Clock.GetUtcNow()) });
            bench.Pass(1);
        }
        Assert.Equal(rows, bench.Rows.Count);
        Assert.Equal([AssemblyBench.TraceIdOf(1)], bench.Wanted());
    }

    private static ulong StartOf(Clock clock, DateTimeOffset now) => clock switch
    {
        Clock.Ahead => NanosOf(now.AddMinutes(9)),
        Clock.Of2200 => NanosOf(new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero)),
        Clock.Of1970 => 1_000_000,
        _ => NanosOf(now),
    };

    private static ulong NanosOf(DateTimeOffset instant) => (ulong)instant.ToUnixTimeMilliseconds() * 1_000_000;
}
