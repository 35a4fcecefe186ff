using CostAttribution.Simulation.Running;
using CostAttribution.Simulation.Store;

namespace CostAttribution.UnitTests.Simulation;

/// <summary>
/// Seeded runs of the whole pipeline through crashes, torn disks and a faulty store; and that the simulation would notice.
/// A seed that fails is replayed with <c>dotnet run --project tests/CostAttribution.Simulation -- --seed N --trace</c> and goes
/// into <c>seeds.txt</c>.
/// </summary>
public sealed class SimulationTests
{
    private const int Seeds = 400;

    [Fact]
    public void Seeds_that_once_failed_keep_every_promise() => Assert.Empty(Failures(SeedFile.Seeds));

    [Fact]
    public void Acknowledged_spans_are_billed_once_and_exactly_whatever_fails() =>
        Assert.Empty(Failures(Enumerable.Range(1, Seeds).Select(seed => (ulong)seed)));

    [Theory]
    [InlineData(SabotageKind.AppliesTwice, "twice")]
    [InlineData(SabotageKind.SkipsReversals, "was posted while an earlier revision stood")]
    [InlineData(SabotageKind.ReversesElsewhere, "customer_id is")]
    [InlineData(SabotageKind.OnePicodollar, "cost is")]
    [InlineData(SabotageKind.RepeatsCorrected, "says what the one says that it replaces")]
    [InlineData(SabotageKind.ForgetsTopics, "belongs to")]
    [InlineData(SabotageKind.ForgetsReports, "another trace bills it")]
    [InlineData(SabotageKind.ForgetsTotals, "its agent has used")]
    [InlineData(SabotageKind.SkipsView, "cost_hourly lacks")]
    [InlineData(SabotageKind.DropsInsert, "trace")]
    [InlineData(SabotageKind.HidesRunningInserts, "twice")]
    [InlineData(SabotageKind.AcknowledgesBeforeSync, "was acknowledged and is not in the")]
    [InlineData(SabotageKind.ForgetsWhatMeetsDryRuns, "trace")]
    [InlineData(SabotageKind.KeepsOldRates, "came after the rates changed and has the old")]
    [InlineData(SabotageKind.LosesSnapshots, "flags are")]
    [InlineData(SabotageKind.RepricesUsage, "was priced anew and has other input_tokens")]
    [InlineData(SabotageKind.ForgesChecksums, "nobody sent it")]
    [InlineData(SabotageKind.IgnoresTraceLimit, "traces in memory are more than")]
    public void A_fault_that_the_product_cannot_mend_is_noticed(SabotageKind kind, string words)
    {
        var failures = Enumerable.Range(1, 400).Select(seed => SimulationCommand.Failure(Sabotaged((ulong)seed, kind)) ?? "");

        // Stops at the first that tells it.
        var told = failures.FirstOrDefault(failure => failure.Contains(words, StringComparison.Ordinal));
        Assert.NotNull(told);
    }

    [Fact]
    public void Most_owners_are_held_against_all_that_the_world_says()
    {
        var results = Enumerable.Range(1, 40).Select(seed => SimulationCommand.Result(SimulationPlan.Of((ulong)seed))).ToArray();
        var (informed, leftOpen) = (results.Sum(result => result.Informed), results.Sum(result => result.LeftOpen));

        Assert.True(informed > 60 * (informed + leftOpen) / 100, $"{informed} of {informed + leftOpen}");
    }

    [Fact]
    public void A_seed_runs_the_same_way_every_time()
    {
        foreach (var seed in (ulong[])[3, 17, 42]) Assert.Equal(Log(seed), Log(seed));
    }

    // With the story in which it can show.
    private static SimulationPlan Sabotaged(ulong seed, SabotageKind kind)
    {
        var plan = SimulationPlan.Of(seed) with { Sabotage = kind };
        return kind switch
        {
            SabotageKind.KeepsOldRates or SabotageKind.LosesSnapshots => plan with { Reprices = true, Rots = false },
            SabotageKind.RepricesUsage => plan with { Reprices = true, Rechecks = true },
            SabotageKind.ForgesChecksums => plan with { Rots = true, Crashes = true, Reprices = false },
            SabotageKind.IgnoresTraceLimit => plan with { Pressure = true, Traces = 40 },
            _ => plan,
        };
    }

    private static string Log(ulong seed)
    {
        var log = new StringWriter();
        SimulationCommand.Failure(SimulationPlan.Of(seed), log);
        return log.ToString();
    }

    private static IEnumerable<string> Failures(IEnumerable<ulong> seeds) => seeds.AsParallel().AsOrdered()
        .Select(seed => (Seed: seed, Failure: SimulationCommand.Failure(SimulationPlan.Of(seed))))
        .Where(run => run.Failure is not null).Select(run => $"seed {run.Seed}: {run.Failure}");
}
