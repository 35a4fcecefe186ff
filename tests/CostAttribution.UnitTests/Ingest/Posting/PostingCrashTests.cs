using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Testing.Filesystem;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>A crash at any step of a posting, refused or not, leaves every row in the store once after the next start.</summary>
public sealed class PostingCrashTests
{
    private const int Poisoned = 3;

    [Fact]
    public void Power_lost_at_any_disk_operation_costs_no_row_and_doubles_none()
    {
        var operations = Run(new Crash());
        Assert.InRange(operations, 50, 2000);

        for (var operation = 0L; operation < operations; operation++)
        {
            Run(new Crash { AtOperation = operation });
            Run(new Crash { AtOperation = operation, Tear = true });
            Run(new Crash { AtOperation = operation, Mends = true });
        }
    }

    [Fact]
    public void A_kill_before_or_after_any_insert_costs_no_row_and_doubles_none()
    {
        var crash = new Crash();
        Run(crash);
        Assert.InRange(crash.Inserts, 15, 200);

        for (var insert = 1; insert <= crash.Inserts; insert++)
        {
            Run(new Crash { BeforeInsert = insert });
            Run(new Crash { AfterInsert = insert });
            Run(new Crash { AfterInsert = insert, LosesTokens = true });
        }
    }

    private sealed class KilledException : Exception;

    private sealed class Crash
    {
        public long AtOperation { get; init; } = -1;
        public bool Tear { get; init; }
        public int BeforeInsert { get; init; }
        public int AfterInsert { get; init; }

        /// <summary>The store forgets its tokens with the crash, as when a window has rolled over.</summary>
        public bool LosesTokens { get; init; }

        /// <summary>After the crash the store takes what it refused before.</summary>
        public bool Mends { get; init; }
        public int Inserts { get; set; }
        public bool Struck { get; set; }
        public bool Happened { get; set; }
    }

    // Six traces in one posting, one of them refused, then a correction of another.
    private static long Run(Crash crash)
    {
        var store = new MemoryStore();
        var attempts = 0;
        store.FailBefore = insert =>
        {
            crash.Inserts = ++attempts;
            if (!crash.Happened && attempts == crash.BeforeInsert) throw new KilledException();
            return !(crash.Mends && crash.Happened) && insert.Table == CostLedgerBlock.TableName
                && MemoryStore.TracesIn(insert).Contains(RefusedPostingTests.Hex(Poisoned))
                ? new ClickHouseException(469, "constraint") : null;
        };
        store.FailAfter = _ => !crash.Happened && attempts == crash.AfterInsert ? throw new KilledException() : null;
        using var rig = new PipelineRig(store);
        rig.Disk.Fault = (number, _, _) =>
        {
            crash.Struck |= number == crash.AtOperation;
            return number == crash.AtOperation ? DiskFault.PowerCut : DiskFault.None;
        };
        // The product takes a lost disk for a failing one; the machine ends here.
        rig.AfterStep = () =>
        {
            if (crash.Struck && !crash.Happened) throw new KilledException();
        };

        Survive(rig, crash, store, () => rig.Start(), repeats: false);
        for (var trace = 1; trace <= 6; trace++)
        {
            var id = trace;
            Survive(rig, crash, store, () => rig.Offer(TestSpan.Root(id, 1), TestSpan.Call(id, 2, 1)));
        }
        Survive(rig, crash, store, () => rig.Pass(8));
        Survive(rig, crash, store, () => rig.Offer(TestSpan.Call(5, 3, 1)));
        Survive(rig, crash, store, () => rig.Pass(8));
        // Past every wait of assembly, also for what came back from the journal.
        Survive(rig, crash, store, () => rig.Pass(90));

        var isMended = store.Rows.Exists(row => row.TraceId == RefusedPostingTests.Hex(Poisoned));
        Assert.True(crash.Mends || !isMended);
        RefusedPostingTests.StandOnce(store, isMended ? [1, 2, 3, 4, 5, 6] : [1, 2, 4, 5, 6], trace => trace == 5 ? 2 : 1);
        // Refused again after the crash it may stand in a second file.
        Assert.InRange(rig.Spool.Refused().Files, isMended ? 0 : 1, crash.Happened ? 2 : 1);
        Assert.Empty(rig.Spool.ListPending());
        Assert.Equal(rig.Journal.Statistics().DurablePosition.Sequence + 1, rig.Journal.LowWaterMark.Sequence);
        return rig.Disk.Operations;
    }

    private static void Survive(PipelineRig rig, Crash crash, MemoryStore store, Action action, bool repeats = true)
    {
        for (var again = true; again;)
        {
            again = false;
            try
            {
                action();
            }
            catch (Exception fault) when (!crash.Happened && (crash.Struck || fault is KilledException))
            {
                crash.Happened = true;
                again = repeats;
                if (crash.LosesTokens) store.ForgetTokens();
                rig.Crash(crash.Tear);
                rig.Start();
            }
        }
    }
}
