using CostAttribution.Simulation.Store;

namespace CostAttribution.Simulation.Running;

/// <summary>What one seed stands for: how much happens, what can go wrong and how small the limits are.</summary>
public sealed record SimulationPlan
{
    public required ulong Seed { get; init; }
    public required int Traces { get; init; }

    /// <summary>Stretches of trouble, each followed by healing, rest and comparison.</summary>
    public required int Cycles { get; init; }
    public required int TurnsPerCycle { get; init; }

    public bool Crashes { get; init; } = true;
    public bool DiskFaults { get; init; } = true;
    public bool StoreFaults { get; init; } = true;

    /// <summary>The store may be away for hours, or for days.</summary>
    public bool Outages { get; init; } = true;

    /// <summary>Journal and open traces so small that traces without cost are given up early.</summary>
    public bool Pressure { get; init; }

    /// <summary>With a power cut the store loses what it took in the last minute, part by part: rows, tokens, the rollup.</summary>
    public bool StoreLosesInserts { get; init; }

    /// <summary>One table never takes rows of one trace.</summary>
    public bool Poison { get; init; }

    /// <summary>Traces are looked at again, as by an audit, while spans come.</summary>
    public bool Rechecks { get; init; }

    /// <summary>Rate cards and attribution rules change while the node runs and while it is down.</summary>
    public bool Reprices { get; init; }

    /// <summary>Bits of the journal flip while the node is down.</summary>
    public bool Rots { get; init; }

    public int RowsMax { get; init; } = 50_000;
    public int LookupTracesMax { get; init; } = 500;
    public int TokenWindow { get; init; } = 100;
    public TimeSpan SettledKept { get; init; } = TimeSpan.FromSeconds(60);
    public long FeedBytesMax { get; init; } = 1 << 20;
    public long WindowBytesMax { get; init; } = 1 << 20;
    public SabotageKind Sabotage { get; init; }

    public static SimulationPlan Of(ulong seed)
    {
        var dice = new Dice(seed * 0xD6E8FEB86659FD93UL + 1);
        return new SimulationPlan
        {
            Seed = seed,
            Traces = dice.Between(2, 24),
            Cycles = dice.Between(1, 3),
            TurnsPerCycle = dice.Between(100, 500),
            Crashes = dice.Chance(800),
            DiskFaults = dice.Chance(500),
            StoreFaults = dice.Chance(700),
            Outages = dice.Chance(300),
            Pressure = dice.Chance(150),
            StoreLosesInserts = dice.Chance(300),
            Poison = dice.Chance(100),
            RowsMax = dice.Pick([1, 4, 40, 50_000]),
            LookupTracesMax = dice.Pick([1, 3, 500]),
            TokenWindow = dice.Pick([1, 3, 100]),
            SettledKept = dice.Pick([TimeSpan.Zero, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60)]),
            FeedBytesMax = dice.Pick([0L, 4096, 1 << 20]),
            WindowBytesMax = dice.Pick([0L, 1 << 15, 1 << 20]),
            Rechecks = dice.Chance(400),
            Reprices = dice.Chance(250),
            Rots = dice.Chance(150),
        };
    }

    public override string ToString() =>
        $"seed {Seed}: {Traces} traces, {Cycles} x {TurnsPerCycle} turns" + (Crashes ? ", crashes" : "") + (DiskFaults ? ", disk faults" : "")
        + (StoreFaults ? ", store faults" : "") + (Outages ? ", outages" : "") + (Pressure ? ", pressure" : "")
        + (StoreLosesInserts ? ", a store that loses inserts" : "") + (Poison ? ", a poisoned trace" : "")
        + (Rechecks ? ", re-checks" : "")
        + (Reprices ? ", rates that change" : "") + (Rots ? ", a journal that rots" : "")
        + $", postings of {RowsMax}, look-ups of {LookupTracesMax}, {TokenWindow} tokens, kept {SettledKept.TotalSeconds:F0} s, "
        + $"feed {FeedBytesMax}, window {WindowBytesMax}";
}
