using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Usage;
using CostAttribution.Testing.Costing;
using CostAttribution.Workload.Dialects;
using CostAttribution.Workload.Product;
using CostAttribution.Workload.Runs;

namespace CostAttribution.UnitTests.Costing;

/// <summary>
/// The same run costs the same whoever tells it. A dialect that cannot carry a kind bills what it can tell, never more than
/// the truth but for cached tokens that it shows as plain input.
/// </summary>
public sealed class ParityTests
{
    private const int SeedsPerModel = 12;

    /// <summary>What an instrumentation leaves out, and the flag that says so on the row.</summary>
    private sealed record Telling(Dialect Dialect, ModelProfile[] Models)
    {
        public bool Reads => Dialect.Kinds.HasFlag(UsageKinds.CacheRead);
        public bool Writes => Dialect.Kinds.HasFlag(UsageKinds.CacheWrite);
        public bool Hours => Dialect.Kinds.HasFlag(UsageKinds.CacheWrite1h);
        public bool Reasons => Dialect.Kinds.HasFlag(UsageKinds.Reasoning);

        /// <summary>On a row with cache writes whose time to live is not told.</summary>
        public SpanFlags WithoutHours { get; init; } = SpanFlags.TtlUnknown;

        /// <summary>What the spans say of <paramref name="usage"/>.</summary>
        public CallUsage Visible(CallUsage usage) => new(
            usage.Input + (Reads ? 0 : usage.CacheRead) + (Writes ? 0 : usage.CacheWrite), Reads ? usage.CacheRead : 0,
            !Writes ? 0 : Hours ? usage.CacheWrite5m : usage.CacheWrite, Hours ? usage.CacheWrite1h : 0,
            usage.Output + (Reasons ? 0 : usage.Reasoning), Reasons ? usage.Reasoning : 0);
    }

    private static readonly ModelProfile[] OpenAi = [Models.Gpt41, Models.Gpt41Mini, Models.Gpt5, Models.Gpt5Mini];
    private static readonly ModelProfile[] Anthropic = [Models.Opus, Models.Sonnet, Models.Haiku];
    private static readonly ModelProfile[] Bedrock = [Models.BedrockSonnet, Models.NovaPro];
    private static readonly ModelProfile[] Direct = [.. OpenAi, .. Anthropic, Models.GeminiFlash];

    private static readonly SemconvDialect Plain = new();

    private static readonly Telling[] Tellings =
    [
        new(Plain, Direct), new(new SemconvOldDialect(), Direct), new(new AnthropicSdkDialect(Plain), Anthropic),
        new(new Vercel6Dialect(), Direct), new(new Vercel7Dialect(), Direct), new(new OpenInferenceDialect(), Direct),
        new(new ExtensionsAiDialect(), OpenAi), new(new LiteLlmDialect(), Direct), new(new StrandsDialect(), Bedrock),
    ];

    public static TheoryData<string> Dialects => new(Tellings.Select(telling => telling.Dialect.Set.ToString()));

    [Theory, MemberData(nameof(Dialects))]
    public void A_run_costs_what_the_provider_billed_as_far_as_the_dialect_can_tell(string name)
    {
        var telling = Tellings.Single(telling => telling.Dialect.Set.ToString() == name);
        foreach (var model in telling.Models)
        {
            for (var seed = 1; seed <= SeedsPerModel; seed++)
            {
                var run = LogicalRun.Make(new Random(seed), model);
                var told = ToldRun.Tell(seed, (run, telling.Dialect));
                using var bench = new OtlpBench(ToldRun.Shipped);

                bench.Run(ArrivalOrders.Of(ArrivalOrders.Names[seed % ArrivalOrders.Names.Count], told.Spans), (WireForm)(seed % 4));

                Compare(told, telling, [.. OtlpBench.Net(bench.Rows)], $"{model.RequestName}, seed {seed}");
            }
        }
    }

    [Fact]
    public void The_same_run_costs_the_same_in_every_dialect_that_carries_all_of_it()
    {
        foreach (var model in Direct)
        {
            var full = Tellings.Where(telling => telling.Models.Contains(model)).ToArray();
            for (var seed = 101; seed < 101 + SeedsPerModel; seed++)
            {
                var run = LogicalRun.Make(new Random(seed), model);
                var truth = Sum(run.Calls.Where(call => call.HasUsage).Select(call => ToldRun.PriceOf(call.Model, call.Usage)));
                var costs = full.Where(telling => run.Calls.All(call => Carries(telling, call.Usage)))
                    .ToDictionary(telling => telling.Dialect.Set, telling => CostOf(seed, run, telling.Dialect));

                Assert.NotEmpty(costs);
                Assert.All(costs, cost => Assert.True(truth == cost.Value, $"{model.RequestName} {seed} {cost.Key}: {cost.Value} of {truth}"));
            }
        }
    }

    [Fact]
    public void Runs_of_many_dialects_in_one_trace_do_not_disturb_each_other_in_any_order_of_arrival()
    {
        for (var seed = 1; seed <= 40; seed++)
        {
            var random = new Random(seed);
            var parts = Enumerable.Range(0, 2 + random.Next(4)).Select(i =>
            {
                var telling = Tellings[random.Next(Tellings.Length)];
                return (Telling: telling, Run: LogicalRun.Make(new Random(seed * 100 + i), telling.Models[random.Next(telling.Models.Length)]));
            }).ToArray();
            var told = ToldRun.Tell(seed, [.. parts.Select(part => (part.Run, part.Telling.Dialect))]);
            var expected = Sum(parts.SelectMany(part => part.Run.Calls.Where(call => call.HasUsage)
                .Select(call => ToldRun.PriceOf(call.Model, part.Telling.Visible(call.Usage)))));
            List<string>? standing = null;
            foreach (var order in ArrivalOrders.Names)
            {
                using var bench = new OtlpBench(ToldRun.Shipped);

                bench.Run(ArrivalOrders.Of(order, told.Spans), (WireForm)(seed % 4));

                var rows = OtlpBench.Net(bench.Rows).ToArray();
                standing ??= OtlpBench.Standing(bench.Rows);
                Assert.True(standing.SequenceEqual(OtlpBench.Standing(bench.Rows)), $"seed {seed}, {order}");
                Assert.True(expected == Sum(rows.Select(row => row.Cost.Cost)), $"seed {seed}, {order}: "
                    + $"{Sum(rows.Select(row => row.Cost.Cost))} of {expected}\n{string.Join('\n', standing)}");
            }
        }
    }

    [Fact]
    public void A_call_that_is_told_by_two_instrumentations_one_inside_the_other_is_billed_once()
    {
        foreach (var outer in Tellings)
        {
            foreach (var inner in Tellings.Where(inner => inner.Dialect.Set != outer.Dialect.Set))
            {
                foreach (var model in outer.Models.Intersect(inner.Models))
                {
                    for (var seed = 1; seed <= 3; seed++) BilledOnce(outer, inner, model, seed, nested: true);
                }
            }
        }
    }

    [Fact]
    public void A_call_that_is_told_by_two_instrumentations_side_by_side_is_billed_once()
    {
        var plain = Tellings.Where(telling => telling.Dialect.Set is DialectSet.Semconv or DialectSet.SemconvOld
            or DialectSet.AnthropicSdk or DialectSet.OpenInference or DialectSet.Vercel6 or DialectSet.Vercel7).ToArray();
        foreach (var one in plain)
        {
            foreach (var other in plain.Where(other => other.Dialect.Set != one.Dialect.Set))
            {
                foreach (var model in one.Models.Intersect(other.Models))
                {
                    for (var seed = 1; seed <= 3; seed++) BilledOnce(one, other, model, seed, nested: false);
                }
            }
        }
    }

    private static void BilledOnce(Telling outer, Telling inner, ModelProfile model, int seed, bool nested)
    {
        var run = LogicalRun.Make(new Random(seed), model);
        var spans = ToldRun.TellTwice(seed, run, outer.Dialect, inner.Dialect, nested);
        using var bench = new OtlpBench(ToldRun.Shipped);

        bench.Run(ArrivalOrders.Of("shuffled 1", spans), WireForm.OwnWriter);

        var rows = OtlpBench.Net(bench.Rows).ToArray();
        var what = $"{outer.Dialect.Set} over {inner.Dialect.Set}, {model.RequestName} {seed}\n"
            + string.Join('\n', rows.Select(CostsText.Of));
        var answered = run.Calls.Where(call => call.HasUsage).ToArray();
        // Of two silent spans side by side nothing tells whether they are one call.
        var calls = nested ? run.Calls.Count(call => call.Outcome != CallOutcome.Rejected) : answered.Length;
        Assert.True(calls == rows.Where(row => nested || !row.Usage.IsZero).Sum(row => row.Calls), what);
        Assert.True(answered.Sum(call => call.Usage.InputTotal) == rows.Sum(row => row.Usage.InputTotal), what);
        Assert.True(answered.Sum(call => call.Usage.OutputTotal)
            == rows.Sum(row => row.Usage.OutputTokens + row.Usage.ReasoningTokens), what);
        // Whichever tells more is believed: the cost is that of one of the two, never of both.
        var cost = Sum(rows.Select(row => row.Cost.Cost));
        Money By(Telling telling) =>
            Sum(answered.Select(call => ToldRun.PriceOf(call.Model, telling.Visible(call.Usage))));
        Assert.True(cost <= Max(By(outer), By(inner)), $"{cost} of {By(outer)} or {By(inner)}: {what}");
    }

    private static Money Max(Money one, Money other) => one > other ? one : other;

    private static void Compare(ToldRun told, Telling telling, LedgerEntry[] rows, string what)
    {
        string Dump() => $"{telling.Dialect.Set} {what}\n{string.Join('\n', rows.Select(CostsText.Of))}";
        var withUsage = told.Calls.Where(call => call.Value.HasUsage).ToDictionary(call => SpanPlan.IdOf(call.Key), call => call.Value);
        var bySpan = rows.Where(row => !row.Usage.IsZero).ToDictionary(row => row.SpanId);
        Assert.True(withUsage.Keys.ToHashSet().SetEquals(bySpan.Keys), $"other owners: {Dump()}");
        Assert.All(rows, row => Assert.Equal("harbor-logistics", row.CustomerId));
        // Of two spans around one silent call either may stand for it.
        var silent = rows.Where(row => row.Usage.IsZero).ToArray();
        Assert.All(silent, row => Assert.Equal((PriceStatus.NoUsage, Money.Zero), (row.Cost.Status, row.Cost.Cost)));
        int Flagged(SpanFlags flag, int calls, int failed) =>
            silent.Count(row => row.Flags.HasFlag(flag) && (row.Calls, row.FailedCalls) == (calls, failed));
        int Told(CallOutcome outcome) => told.Calls.Values.Count(call => call.Outcome == outcome);
        Assert.True(Told(CallOutcome.Rejected) == Flagged(SpanFlags.FailedNoUsage, 0, 1), Dump());
        Assert.True(Told(CallOutcome.NoUsage) == Flagged(SpanFlags.UsageMissing, 1, 0), Dump());
        Assert.Equal(told.Calls.Count, rows.Length);
        foreach (var (id, call) in withUsage)
        {
            var row = bySpan[id];
            Assert.Equal((1, 0), (row.Calls, row.FailedCalls));
            var visible = telling.Visible(call.Usage);
            var (truth, wanted) = (ToldRun.PriceOf(call.Model, call.Usage), ToldRun.PriceOf(call.Model, visible));
            Assert.True(wanted == row.Cost.Cost, $"{row.Cost.Cost} instead of {wanted} for {call.Usage}: {Dump()}");
            Assert.False(row.Flags.HasFlag(SpanFlags.CacheInclusionGuessed), Dump());
            if (visible.CacheWrite > 0 && !telling.Hours) Assert.True(row.Flags.HasFlag(telling.WithoutHours), Dump());
            // Only tokens that the spans show as plain input although the cache had them may cost more.
            if (telling.Reads || call.Usage.CacheRead == 0) Assert.True(row.Cost.Cost <= truth, Dump());
            if (visible == call.Usage) Assert.True(row.Cost.Cost == truth, Dump());
        }
    }

    // Reasoning is billed as output by every provider here, so that not telling it apart costs nothing.
    private static bool Carries(Telling telling, CallUsage usage)
    {
        static CallUsage AsOutput(CallUsage usage) => usage with { Output = usage.OutputTotal, Reasoning = 0 };
        return AsOutput(telling.Visible(usage)) == AsOutput(usage);
    }

    private static Money CostOf(int seed, LogicalRun run, Dialect dialect)
    {
        using var bench = new OtlpBench(ToldRun.Shipped);
        bench.Run([new Arrival(ToldRun.Tell(seed, (run, dialect)).Spans, 0)], WireForm.OwnWriter);
        return Sum(OtlpBench.Net(bench.Rows).Select(row => row.Cost.Cost));
    }

    private static Money Sum(IEnumerable<Money> amounts)
    {
        var sum = Money.Zero;
        foreach (var amount in amounts) sum += amount;
        return sum;
    }
}
