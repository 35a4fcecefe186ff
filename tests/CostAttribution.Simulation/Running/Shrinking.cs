namespace CostAttribution.Simulation.Running;

/// <summary>Looks for a smaller plan that fails, too: fewer traces, cycles and turns, fewer kinds of trouble.</summary>
internal static class Shrinking
{
    public static SimulationPlan Shrink(SimulationPlan plan, TextWriter output)
    {
        if (SimulationCommand.Failure(plan) is null) return plan;
        while (true)
        {
            var smaller = Smaller(plan).FirstOrDefault(candidate => SimulationCommand.Failure(candidate) is not null);
            if (smaller is null) return plan;
            plan = smaller;
            output.WriteLine($"still fails: {plan}");
        }
    }

    private static IEnumerable<SimulationPlan> Smaller(SimulationPlan plan)
    {
        if (plan.Cycles > 1) yield return plan with { Cycles = plan.Cycles - 1 };
        foreach (var traces in (int[])[plan.Traces / 2, plan.Traces - 1])
        {
            if (traces > 0 && traces < plan.Traces) yield return plan with { Traces = traces };
        }
        foreach (var turns in (int[])[plan.TurnsPerCycle / 2, plan.TurnsPerCycle - plan.TurnsPerCycle / 10, plan.TurnsPerCycle - 1])
        {
            if (turns > 0 && turns < plan.TurnsPerCycle) yield return plan with { TurnsPerCycle = turns };
        }
        if (plan.Pressure) yield return plan with { Pressure = false };
        if (plan.Rechecks) yield return plan with { Rechecks = false };
        if (plan.Reprices) yield return plan with { Reprices = false };
        if (plan.Rots) yield return plan with { Rots = false };
        if (plan.Poison) yield return plan with { Poison = false };
        if (plan.StoreLosesInserts) yield return plan with { StoreLosesInserts = false };
        if (plan.Outages) yield return plan with { Outages = false };
        if (plan.DiskFaults) yield return plan with { DiskFaults = false };
        if (plan.StoreFaults) yield return plan with { StoreFaults = false };
        if (plan.Crashes) yield return plan with { Crashes = false };
    }
}
