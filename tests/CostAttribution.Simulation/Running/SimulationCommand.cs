using System.Diagnostics;
using System.Globalization;
using CostAttribution.Simulation.Store;

namespace CostAttribution.Simulation.Running;

/// <summary>
/// The command line:
/// <code>
///   --seeds 1..5000        runs them on all cores; prints seeds per minute and the seeds that fail
///   --seed 77 [--trace]    runs one, with every event
///   --seed 77 --shrink     looks for a smaller run that fails the same way
/// </code>
/// <c>--traces N</c>, <c>--cycles N</c>, <c>--turns N</c>, <c>--with</c> and
/// <c>--without crashes,disk,store,loss,outages,pressure,poison,rechecks,reprices,rot</c>
/// change the plan; <c>--sabotage OnePicodollar</c> puts a fault in that must be noticed.
/// </summary>
public static class SimulationCommand
{
    private const int FailuresToldMax = 20;
    private const int SeedsListedMax = 200;

    public static int Run(string[] args)
    {
        var options = Parse(args);
        if (options.TryGetValue("seed", out var one))
        {
            var plan = Change(SimulationPlan.Of(ulong.Parse(one, CultureInfo.InvariantCulture)), options);
            if (options.ContainsKey("shrink")) plan = Shrinking.Shrink(plan, Console.Out);
            var failure = Failure(plan, options.ContainsKey("trace") ? Console.Out : null);
            Console.WriteLine(plan);
            Console.WriteLine(failure is null ? "the books agree" : $"FAILED: {failure}");
            return failure is null ? 0 : 1;
        }
        var range = options.GetValueOrDefault("seeds", "1..1000").Split("..");
        var first = ulong.Parse(range[0], CultureInfo.InvariantCulture);
        var last = ulong.Parse(range[^1], CultureInfo.InvariantCulture);
        return RunAll(first, last, options);
    }

    /// <summary>The failure of a run in words; null when there is none.</summary>
    public static string? Failure(SimulationPlan plan, TextWriter? output = null) => Result(plan, output).Failure;

    /// <summary>
    /// The failure of a run in words, null when there is none, and how many traces were held against what all others say, and how many
    /// were not because that is not certain.
    /// </summary>
    public static (string? Failure, int Informed, int LeftOpen) Result(SimulationPlan plan, TextWriter? output = null)
    {
        using var run = new SimulationRun(plan, output);
        string? failure = null;
        try
        {
            run.Run();
        }
        catch (Exception fault)
        {
            failure = fault is SimulationFailure { InnerException: null } ? fault.Message : fault.ToString();
        }
        return (failure, run.Checked.Informed, run.Checked.LeftOpen);
    }

    private static int RunAll(ulong first, ulong last, Dictionary<string, string> options)
    {
        var started = Stopwatch.GetTimestamp();
        var failed = new SortedDictionary<ulong, string>();
        long informed = 0, leftOpen = 0;
        var seeds = Enumerable.Range(0, (int)(last - first + 1)).Select(i => first + (ulong)i);
        Parallel.ForEach(seeds, new ParallelOptions { MaxDegreeOfParallelism = Parallelism(options) }, seed =>
        {
            var result = Result(Change(SimulationPlan.Of(seed), options));
            Interlocked.Add(ref informed, result.Informed);
            Interlocked.Add(ref leftOpen, result.LeftOpen);
            if (result.Failure is null) return;
            lock (failed) failed[seed] = result.Failure;
        });
        var elapsed = Stopwatch.GetElapsedTime(started);
        var count = last - first + 1;
        foreach (var (seed, failure) in failed.Take(FailuresToldMax)) Console.WriteLine($"seed {seed} FAILED: {failure}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count} seeds in {elapsed.TotalSeconds:F1} s, {count / elapsed.TotalMinutes:F0} seeds per minute; {failed.Count} failed"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"owners held against all that the world says in {informed} of {informed + leftOpen} comparisons of a trace"));
        if (failed.Count > 0) Console.WriteLine(string.Join(' ', failed.Keys.Take(SeedsListedMax)));
        return failed.Count == 0 ? 0 : 1;
    }

    private static int Parallelism(Dictionary<string, string> options) =>
        options.TryGetValue("threads", out var threads) ? int.Parse(threads, CultureInfo.InvariantCulture) : Environment.ProcessorCount;

    private static Dictionary<string, string> Parse(string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal)) throw new ArgumentException($"'{args[i]}' is not an option");
            var hasValue = i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal);
            options[args[i][2..]] = hasValue ? args[++i] : "";
        }
        return options;
    }

    private static SimulationPlan Change(SimulationPlan plan, Dictionary<string, string> options)
    {
        if (options.TryGetValue("traces", out var traces)) plan = plan with { Traces = int.Parse(traces, CultureInfo.InvariantCulture) };
        if (options.TryGetValue("cycles", out var cycles)) plan = plan with { Cycles = int.Parse(cycles, CultureInfo.InvariantCulture) };
        if (options.TryGetValue("turns", out var turns)) plan = plan with { TurnsPerCycle = int.Parse(turns, CultureInfo.InvariantCulture) };
        if (options.TryGetValue("sabotage", out var kind)) plan = plan with { Sabotage = Enum.Parse<SabotageKind>(kind) };
        foreach (var what in Listed("with")) plan = Switch(plan, what, true);
        foreach (var what in Listed("without")) plan = Switch(plan, what, false);
        return plan;

        string[] Listed(string name) => options.GetValueOrDefault(name, "").Split(',', StringSplitOptions.RemoveEmptyEntries);
    }

    private static SimulationPlan Switch(SimulationPlan plan, string what, bool on) => what switch
    {
        "crashes" => plan with { Crashes = on },
        "disk" => plan with { DiskFaults = on },
        "store" => plan with { StoreFaults = on },
        "outages" => plan with { Outages = on },
        "loss" => plan with { StoreLosesInserts = on },
        "poison" => plan with { Poison = on },
        "rechecks" => plan with { Rechecks = on },
        "pressure" => plan with { Pressure = on },
        "reprices" => plan with { Reprices = on },
        "rot" => plan with { Rots = on },
        _ => throw new ArgumentException($"there is no '{what}' to put in or to leave out"),
    };
}
