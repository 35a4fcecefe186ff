using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Usage;
using CostAttribution.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>What stands keeps the rates and rules it was posted with, whatever is corrected about it later.</summary>
public sealed class StandingVersionTests
{
    private const long CallPico = 1000 * AssemblyBench.InputPico + 10 * AssemblyBench.OutputPico;
    private static readonly AttributionTable Old = Table(new() { ["acct-1"] = "acme" });
    private static readonly AttributionTable New = Table(new() { ["acct-1"] = "globex" });

    [Theory]
    [InlineData(Change.InMemory)]
    [InlineData(Change.Evicted)]
    [InlineData(Change.Restart)]
    public void Usage_that_grows_after_a_rate_change_is_priced_as_the_span_was_and_new_calls_by_the_new_rates(Change change)
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Root(1, 1), TestSpan.Call(1, 2, 1));
        bench.Pass(10);
        Apply(bench, change, dearer: true);

        // A fuller copy of the same call, and a call that comes late.
        bench.Offer(TestSpan.Call(1, 2, 1, 3000).With("gen_ai.usage.cache_read.input_tokens", 0L), TestSpan.Call(1, 3, 1));
        Settle(bench);

        Assert.Equal(3000 * AssemblyBench.InputPico + 10 * AssemblyBench.OutputPico, Net(bench, 2));
        Assert.Equal(10 * CallPico, Net(bench, 3));
        Assert.Equal(2, bench.Rows.Where(row => row.Sign > 0).Select(row => row.RateBookVersion).Distinct().Count());
        Assert.DoesNotContain(bench.Rows, row => (row.Flags & SpanFlags.SnapshotMissing) != 0);
    }

    [Theory]
    [InlineData(Change.InMemory)]
    [InlineData(Change.Evicted)]
    [InlineData(Change.Restart)]
    public void A_late_parent_is_read_by_the_rules_its_calls_were_posted_with(Change change)
    {
        using var bench = new AssemblyBench(attribution: Old);
        bench.Offer(TestSpan.Call(1, 2, 1));
        Settle(bench);
        Assert.Equal(new() { [""] = CallPico }, bench.NetByCustomer());
        Apply(bench, change, rules: New);

        bench.Offer(TestSpan.Root(1, 1, "acct-1"), TestSpan.Call(1, 3, 1));
        Settle(bench);

        // The late call is new, and follows today's rules.
        Assert.Equal(new() { ["acme"] = CallPico, ["globex"] = CallPico }, bench.NetByCustomer());
        Assert.Equal(1, bench.Rows.Count(row => row.Sign < 0));
    }

    [Theory]
    [InlineData(Change.InMemory)]
    [InlineData(Change.Evicted)]
    [InlineData(Change.Restart)]
    public void New_rates_and_rules_alone_post_nothing_about_a_trace_that_is_looked_at_again(Change change)
    {
        using var bench = new AssemblyBench(attribution: Old);
        bench.Offer(TestSpan.Root(1, 1, "acct-1"), TestSpan.Call(1, 2, 1));
        bench.Pass(10);
        Apply(bench, change, dearer: true, rules: New);

        bench.Offer(new TestSpan(1, 4, 1) { Name = "late and without cost" });
        Settle(bench);

        Assert.Single(bench.Rows);
        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
    }

    [Fact]
    public void A_call_keeps_its_rates_when_a_more_detailed_span_comes_to_stand_for_it()
    {
        using var bench = new AssemblyBench();
        var wrapper = TestSpan.Call(1, 2, 1).With("gen_ai.response.id", "r-1");
        bench.Offer(TestSpan.Root(1, 1), wrapper);
        bench.Pass(10);
        Apply(bench, Change.Evicted, dearer: true);

        bench.Offer(TestSpan.Call(1, 3, 2).With("gen_ai.response.id", "r-1").With("gen_ai.response.model", "test-model"));
        Settle(bench);

        Assert.Equal((0, CallPico), (Net(bench, 2), Net(bench, 3)));
    }

    [Fact]
    public void Where_the_rates_were_not_kept_an_unchanged_price_is_copied_and_the_correction_says_so()
    {
        using var bench = new AssemblyBench();
        bench.Offer(TestSpan.Call(1, 2, 1));
        Settle(bench);
        bench.LoseSnapshots();
        Apply(bench, Change.Restart, dearer: true);

        bench.Offer(TestSpan.Root(1, 1));
        Settle(bench);

        Assert.Equal(new() { ["acme"] = CallPico }, bench.NetByCustomer());
        Assert.True(bench.Rows[^1].Flags.HasFlag(SpanFlags.SnapshotMissing));
        Assert.True(bench.Metrics.CountOf(AssemblyReason.SnapshotMissing) > 0);
    }

    /// <summary>How a change of rates or rules finds the trace.</summary>
    public enum Change { InMemory, Evicted, Restart }

    private static void Apply(AssemblyBench bench, Change change, bool dearer = false, AttributionTable? rules = null)
    {
        var rates = dearer ? AssemblyBench.RatesOf("20.00", "80.00") : null;
        if (change == Change.Evicted) bench.Pass(70);
        if (change == Change.Restart) bench.Restart(rates, rules);
        else bench.Publish(rates, rules);
    }

    // Through idle and every answer of the store.
    private static void Settle(AssemblyBench bench)
    {
        bench.Answer();
        bench.Pass(4);
        bench.Answer();
        bench.Pass(62);
        bench.Answer();
        bench.Pass(4);
    }

    private static long Net(AssemblyBench bench, ulong span) => bench.Rows.Where(row => row.SpanId.Value == span)
        .Sum(row => row.Sign * (long)row.Cost.Cost.PicoUsd);

    private static AttributionTable Table(Dictionary<string, string> customers)
    {
        var faults = new List<string>();
        var options = new AttributionOptions { Dimensions = { ["customer"] = new DimensionOptions { Values = customers } } };
        return AttributionTableBuilder.Build(options, faults) ?? throw new InvalidOperationException(string.Join(' ', faults));
    }
}
