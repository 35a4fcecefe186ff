using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Journal;
using CostAttribution.Simulation.Checks;
using CostAttribution.Simulation.Node;
using CostAttribution.Simulation.Store;
using CostAttribution.Simulation.World;
using CostAttribution.Testing.Filesystem;
using CostAttribution.Testing.Time;

namespace CostAttribution.Simulation.Running;

/// <summary>
/// One seed from start to end, on one thread and in virtual time. Dice choose who acts next:
/// <code>
///   senders ─ deliver, hear ─┐                         ┌─ store: healthy, flaky, away, losing answers
///   journal ─ commit ────────┤   one turn at a time    ├─ disk:  healthy, failing, full, losing power in mid-call
///   assembly ─ step ─────────┤                         └─ process: killed, power cut with torn sectors, stopped
///   posting ─ step ──────────┴─ time passes: milliseconds to hours
/// </code>
/// After each stretch of trouble everything is healed and driven to rest, and the books are compared (<see cref="Comparison"/>).
/// </summary>
public sealed class SimulationRun : IDisposable
{
    private const int RestTurnsMax = 800;

    private readonly SimulationPlan plan;
    private readonly ManualClock clock = new();
    private readonly EventLog log;
    private readonly Dice schedule;
    private readonly Dice trouble;
    private readonly MemoryDisk disk;
    private readonly SimulatedStore store;
    private readonly SimulatedNode node;
    private readonly Senders senders;
    private readonly Stories stories;
    private readonly Rechecks rechecks;
    private readonly Comparison comparison;
    private readonly Bounds bounds;
    private readonly BitRot rot;
    private readonly List<ulong> rotten = [];
    private int toldBefore;
    private bool damageMustShow;
    private int diskFaultsPerMille;
    private bool powerIsCut;
    private bool hadOutage;
    private int tracesLeft;

    public SimulationRun(SimulationPlan plan, TextWriter? output = null)
    {
        this.plan = plan;
        log = new EventLog(output, clock);
        var dice = new Dice(plan.Seed);
        schedule = dice.Fork();
        trouble = dice.Fork();
        stories = new Stories(dice.Fork());
        disk = new MemoryDisk((int)(dice.Next() & 0x7FFF_FFFF)) { Fault = OnDisk };
        var tables = new StoreTables(plan.TokenWindow);
        store = new SimulatedStore(tables, clock, dice.Fork(), log, new Sabotage(plan.Sabotage));
        node = new SimulatedNode(plan, disk, store, clock, log);
        senders = new Senders(clock, dice.Fork(), log);
        rechecks = new Rechecks(plan, senders, dice.Fork(), log);
        comparison = new Comparison(plan, tables, senders);
        bounds = new Bounds(plan, node, store);
        rot = new BitRot(disk, dice.Fork(), log, plan.Sabotage == SabotageKind.ForgesChecksums);
        tracesLeft = plan.Traces;
    }

    /// <summary>Crashes and stops so far.</summary>
    public int Restarts { get; private set; }

    /// <summary>
    /// Traces that were held against what all others say, and those for which it was not certain what that is; over all comparisons.
    /// </summary>
    public (int Informed, int LeftOpen) Checked => (comparison.Informed, comparison.LeftOpen);

    /// <summary>Runs to the end; throws <see cref="SimulationFailure"/> when a promise is broken.</summary>
    public void Run()
    {
        // Continuations must run on this thread, which a test runner's context would prevent.
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            if (log.IsOn) log.Say(plan.ToString());
            for (var cycle = 1; cycle <= plan.Cycles; cycle++)
            {
                for (var turn = 0; turn < plan.TurnsPerCycle; turn++) Guarded(Turn);
                if (cycle == plan.Cycles)
                {
                    while (tracesLeft > 0) Begin();
                }
                Rest(toTheEnd: cycle == plan.Cycles);
                SettleWhatRotted();
                Compare();
                if (log.IsOn) log.Say($"=== books agree after cycle {cycle}");
            }
            LetGo();
            Compare();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    public void Dispose()
    {
        node.Dispose();
        comparison.Dispose();
        store.Dispose();
    }

    private void Compare()
    {
        if (plan.StoreLosesInserts)
        {
            // Recovery looks at totals by customer; what is apart within a customer is for the audit, whose repair runs here.
            comparison.CheckTotals();
            var hours = store.Tables.Hours.Select(hour => DateTimeOffset.FromUnixTimeMilliseconds(hour / 1000)).ToArray();
            new RollupRepair(store).RepairAsync(hours, CancellationToken.None).GetAwaiter().GetResult();
        }
        comparison.Check(Restarts, store.Poison?.Trace, node.PairSince is { } since ? (node.Pair, since) : null);
        CheckDamageShows();
    }

    private void Turn()
    {
        switch (schedule.Between(0, 99))
        {
            case < 25: senders.Send(node); break;
            case < 40: node.Commit(); break;
            case < 44: senders.Listen(); break;
            case < 60: Assemble(); break;
            case < 74: Post(); break;
            case < 80:
                if (tracesLeft > 0) Begin();
                break;
            case < 93: Pass(); break;
            case < 94: senders.SendAgain(node); break;
            case < 97: ChangeTrouble(); break;
            default: Interrupt(); break;
        }
        if (plan.Rechecks) rechecks.Begin(node);
        if (!node.IsUp && schedule.Chance(500)) Start();
        if (node.IsUp && !node.IsServing) node.Recover();
        node.Publish();
        store.Pump();
        bounds.Check();
    }

    // The real loop steps until there is nothing to do; a crash can come after any step.
    private void Assemble()
    {
        for (var steps = schedule.Between(1, 4); steps > 0 && node.StepAssembly(); steps--) store.Pump();
    }

    private void Post()
    {
        for (var steps = schedule.Between(1, 6); steps > 0 && node.StepPosting(); steps--) store.Pump();
    }

    private void Begin()
    {
        tracesLeft--;
        var trace = stories.Next(clock.GetUtcNow());
        senders.Add(trace);
        if (!plan.Poison || store.Poison is not null || trace.Ordinal < plan.Traces / 2) return;
        store.Poison = (trouble.Pick([CostLedgerBlock.TableName, TraceFactsBlock.TableName, RunSegmentBlock.TableName]), trace.Id);
        if (log.IsOn) log.Say($"store: {store.Poison.Value.Table} never takes trace {trace.Ordinal}");
    }

    private void Pass()
    {
        var time = schedule.Between(0, 99) switch
        {
            < 50 => schedule.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(200)),
            < 80 => schedule.Between(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(3)),
            < 95 => schedule.Between(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(40)),
            < 99 => schedule.Between(TimeSpan.FromSeconds(40), TimeSpan.FromMinutes(8)),
            _ => TimeSpan.FromMinutes(schedule.Between(8, 60)),
        };
        if (log.IsOn) log.Say($"time: {time.TotalSeconds:F3} s pass");
        clock.Advance(time);
        store.Pump();
    }

    private void ChangeTrouble()
    {
        if (plan.StoreFaults && trouble.Chance(600)) store.Faults = NextStoreFaults();
        else if (plan.Reprices && trouble.Chance(300)) node.Reprice(trouble.Pick(Prices.Pairs));
        else if (plan.Outages && !hadOutage && trouble.Chance(150)) Outage();
        if (!plan.DiskFaults || !trouble.Chance(400)) return;
        diskFaultsPerMille = trouble.Pick([0, 0, 5, 50, 300]);
        disk.CapacityBytes = trouble.Chance(150) ? disk.UsedBytes + trouble.Between(0, 20_000) : long.MaxValue;
        if (log.IsOn) log.Say($"disk: {diskFaultsPerMille} faults in a thousand, capacity {disk.CapacityBytes}");
    }

    private StoreFaults NextStoreFaults()
    {
        var faults = trouble.Between(0, 8) switch
        {
            0 => new StoreFaults { UnavailablePerMille = 1000 },
            1 => new StoreFaults { LostAnswerPerMille = 500 },
            2 => new StoreFaults { ViewFailsPerMille = 500 },
            3 => new StoreFaults { GarbagePerMille = 500 },
            4 => new StoreFaults { SlowPerMille = 800, LostAnswerPerMille = 200 },
            5 => new StoreFaults { UnavailablePerMille = 150, LostAnswerPerMille = 150, ViewFailsPerMille = 150, GarbagePerMille = 100,
                RefusedPerMille = 100, SlowPerMille = 200 },
            6 => new StoreFaults { RefusedPerMille = 400 },
            7 => new StoreFaults { OutlivesPerMille = 400, UnavailablePerMille = 50 },
            _ => StoreFaults.None,
        };
        if (log.IsOn) log.Say($"store: {faults}");
        return faults;
    }

    // Nobody answers for a long time; senders go on trying.
    private void Outage()
    {
        hadOutage = true;
        var length = trouble.Between(TimeSpan.FromHours(1), TimeSpan.FromHours(18));
        if (log.IsOn) log.Say($"store: away for {length.TotalHours:F1} h");
        store.Faults = new StoreFaults { UnavailablePerMille = 1000 };
        store.Pump();
        // Others write meanwhile, until the store remembers none of this node's tokens.
        store.Tables.ForgetTokens();
        for (var left = length; left > TimeSpan.Zero; left -= TimeSpan.FromMinutes(20))
        {
            clock.Advance(TimeSpan.FromMinutes(20));
            store.Pump();
            node.Recover();
            senders.Send(node);
            node.Commit();
            senders.Listen();
            node.StepAssembly();
            node.StepPosting();
            if (powerIsCut) return;
        }
        store.Faults = StoreFaults.None;
    }

    private void Interrupt()
    {
        if (!plan.Crashes || !node.IsUp) return;
        switch (trouble.Between(0, 3))
        {
            case 0: Kill(); break;
            case 1: CutPower(tear: false); break;
            case 2: CutPower(tear: true); break;
            default:
                node.Stop();
                Gone();
                break;
        }
    }

    private void Kill()
    {
        log.Say("node: killed");
        disk.KillProcess();
        node.Drop();
        Gone();
    }

    private void CutPower(bool tear)
    {
        if (log.IsOn) log.Say($"node: power cut{(tear ? ", torn" : "")}");
        disk.Restart(tear);
        if (plan.StoreLosesInserts)
        {
            store.LosePower();
            var lost = store.Tables.Lose(clock.GetUtcNow() - TimeSpan.FromMinutes(1), trouble);
            if (log.IsOn) log.Say($"store: {lost} parts are lost");
        }
        powerIsCut = false;
        node.Drop();
        Gone();
    }

    private void Gone()
    {
        Restarts++;
        store.Forget();
        senders.Disconnect();
        if (plan.Rots && trouble.Chance(400)) Rot();
    }

    private void Rot()
    {
        disk.Fault = null;
        var sequence = rot.Strike();
        disk.Fault = OnDisk;
        if (sequence is not { } hit) return;
        senders.Rot(hit);
        rotten.Add(hit);
        if (!damageMustShow) toldBefore = node.DamageTold;
    }

    private void Start()
    {
        if (!node.Start()) return;
        damageMustShow |= rotten.Exists(sequence => sequence >= node.Journal.Statistics().LowWaterMark.Sequence);
        rotten.Clear();
    }

    // What was still needed and has gone bad is told by the process that comes upon it.
    private void CheckDamageShows()
    {
        if (damageMustShow && node.DamageTold == toldBefore)
            throw new SimulationFailure("a record that was still needed has gone bad and nobody tells");
        damageMustShow = false;
    }

    private DiskFault OnDisk(long number, DiskOperation operation, string path)
    {
        if (diskFaultsPerMille == 0 || !trouble.Chance(diskFaultsPerMille)) return DiskFault.None;
        var fault = trouble.Between(0, 9) switch
        {
            0 when plan.Crashes => DiskFault.PowerCut,
            < 4 => DiskFault.Full,
            _ => DiskFault.Fail,
        };
        if (fault == DiskFault.PowerCut) powerIsCut = true;
        if (log.IsOn) log.Say($"    disk: {fault} at {operation} of {path}");
        return fault;
    }

    /// <summary>A machine without power does not have to keep its promises; with power every unforeseen exception is a failure.</summary>
    private void Guarded(Action act)
    {
        try
        {
            act();
        }
        catch (Exception fault) when (powerIsCut && fault is not SimulationFailure)
        {
            if (log.IsOn) log.Say($"    ended with the power: {fault.Message}");
        }
        catch (Exception fault) when (fault is not SimulationFailure)
        {
            throw new SimulationFailure($"the pipeline died: {fault.GetType().Name}: {fault.Message}", fault);
        }
        if (powerIsCut) CutPower(tear: true);
    }

    /// <summary>
    /// Heals everything and lets time pass until all that is due was acknowledged, the traces have settled and nothing moves any
    /// more; <paramref name="toTheEnd"/> waits for the spans that come hours later, too.
    /// </summary>
    private void Rest(bool toTheEnd)
    {
        log.Say("=== healed");
        (diskFaultsPerMille, disk.CapacityBytes, store.Faults) = (0, long.MaxValue, StoreFaults.None);
        var stillSince = clock.GetUtcNow();
        var moves = Moves();
        for (var turn = 0; ; turn++)
        {
            if (turn == RestTurnsMax) throw new SimulationFailure("the pipeline does not come to rest");
            Guarded(RestTurn);
            if (!senders.IsIdle || moves != Moves() || !store.IsIdle || !node.IsServing) stillSince = clock.GetUtcNow();
            moves = Moves();
            var still = clock.GetUtcNow() - stillSince;
            if (still < TimeSpan.FromSeconds(75))
            {
                clock.Advance(still < TimeSpan.FromSeconds(3) ? TimeSpan.FromMilliseconds(500) : TimeSpan.FromSeconds(6));
                continue;
            }
            if (!toTheEnd || senders.NextDue is not { } due) break;
            clock.Advance(due - clock.GetUtcNow());
            stillSince = clock.GetUtcNow();
        }
        if (node.IsRechecking) throw new SimulationFailure("a re-check never ends");
        if (node.Spool.ListPending().Count > 0) throw new SimulationFailure("a posting is pending though nothing is in its way");
        if (node.Spool.DamagedFiles.Count > 0) throw new SimulationFailure($"posting files are damaged: {string.Join(' ', node.Spool.DamagedFiles)}");
    }

    /// <summary>
    /// A trace that was shown before it had settled, and then lost the records that would settle it, waits for the audit.
    /// </summary>
    private void SettleWhatRotted()
    {
        var unsettled = senders.Traces.Where(trace => trace.Spans.Exists(span => span.Rotten) && store.Tables.IsUnsettled(trace.Id)).ToArray();
        if (unsettled.Length == 0) return;
        if (log.IsOn) log.Say($"audit: settles {string.Join(' ', unsettled.Select(trace => trace.Ordinal))}");
        node.Recheck([.. unsettled.Select(trace => new TraceRecheck(trace.Id) { Force = true })]);
        Rest(toTheEnd: false);
    }

    private (int, int, int) Moves() => (senders.Sent, store.InsertsTaken, store.InsertsRefused);

    private void RestTurn()
    {
        if (!node.IsUp) Start();
        store.Pump();
        node.Recover();
        node.Publish();
        while (senders.Send(node)) node.Commit();
        node.Commit();
        senders.Listen();
        for (var steps = 0; node.StepAssembly() | node.StepPosting(); steps++)
        {
            if (steps == RestTurnsMax) throw new SimulationFailure("the stages never have nothing to do");
        }
    }

    /// <summary>When all traces have left memory the journal holds nothing, and neither does anything else.</summary>
    private void LetGo()
    {
        var until = clock.GetUtcNow() + node.AssemblyOptions.CostlessKept + TimeSpan.FromMinutes(10);
        while (clock.GetUtcNow() < until)
        {
            clock.Advance(TimeSpan.FromMinutes(10));
            Guarded(RestTurn);
        }
        var statistics = node.Journal.Statistics();
        if (statistics.LowWaterMark.Sequence <= statistics.DurablePosition.Sequence && statistics.DurablePosition > JournalPosition.Oldest)
            throw new SimulationFailure($"the journal is held from {statistics.LowWaterMark} though all is posted (end {statistics.DurablePosition})");
        if (node.Pipeline.AssemblyMetrics.OpenTraces != 0)
            throw new SimulationFailure($"{node.Pipeline.AssemblyMetrics.OpenTraces} traces never leave memory");
        if (node.Pipeline.OpenCosts.Read().Count != 0) throw new SimulationFailure("open cost is shown though all is posted");
    }
}
