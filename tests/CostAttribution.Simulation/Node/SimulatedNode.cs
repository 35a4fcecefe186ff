using System.Globalization;
using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using CostAttribution.Otlp;
using CostAttribution.Simulation.Running;
using CostAttribution.Simulation.Store;
using CostAttribution.Simulation.World;
using CostAttribution.Testing.Filesystem;
using CostAttribution.Testing.Time;

namespace CostAttribution.Simulation.Node;

/// <summary>
/// The server's process without its ports: the real decoder, journal, posting files and pipeline, each moved on by a call of the
/// scheduler. Exists from a start to a crash or a stop; what it leaves is on the disk and in the store.
/// </summary>
internal sealed class SimulatedNode(SimulationPlan plan, MemoryDisk disk, IClickHouseTransport store, ManualClock clock, EventLog log)
    : IDisposable
{
    public const string NodeId = "sim-1";

    private static readonly AttributeKeyTable Keys = AttributionTable.Default.Keys;

    private readonly OtlpTraceReader reader = new(Keys, OtlpLimits.Default);
    private int starts;
    private CostingSnapshots? snapshots;
    private (CostingPair Pair, Task Done)? publishing;
    private DurableJournal? journal;
    private PostingSpool? spool;
    private IngestPipeline? pipeline;
    private Task<bool>? recovering;
    private Task<bool>? posting;
    private IReadOnlyList<TraceRecheck> rechecks = [];

    public JournalOptions JournalOptions { get; } = OptionsOf(plan);

    public AssemblyOptions AssemblyOptions { get; } = new()
    {
        PostedFilterBitsLog2 = 16,
        PostedRemembered = TimeSpan.FromDays(2),
        CostlessKept = plan.Pressure ? TimeSpan.FromMinutes(10) : TimeSpan.FromHours(6),
        SettledKept = plan.SettledKept,
        OpenTracesMax = plan.Pressure && plan.Sabotage != SabotageKind.IgnoresTraceLimit ? TracesMaxUnderPressure : 1_000_000,
    };

    public const int TracesMaxUnderPressure = 16;

    /// <summary>The rates and rules that are to be used.</summary>
    public CostingPair Pair { get; private set; } = Prices.Pairs[0];

    /// <summary>Since when every span that comes in is costed by them; null while that is not certain.</summary>
    public DateTimeOffset? PairSince { get; private set; }

    /// <summary>Times that some process has told of records that do not check or are not there.</summary>
    public int DamageTold { get; private set; }

    public bool IsUp => pipeline is not null;
    public bool IsServing => pipeline is { State: PipelineState.Running };
    public DurableJournal Journal => journal!;
    public PostingSpool Spool => spool!;
    public IngestPipeline Pipeline => pipeline!;

    /// <summary>Starts the process; false when the disk does not let it.</summary>
    public bool Start()
    {
        try
        {
            var root = disk.Root;
            journal = DurableJournal.Open(root.Subdirectory("journal"), NodeId, JournalOptions, clock,
                Heard);
            spool = PostingSpool.Open(root.Subdirectory("postings"), new PostingSpoolOptions(), clock);
        }
        catch (Exception fault) when (fault is JournalException or IOException)
        {
            log.Say($"node: cannot start: {fault.Message}");
            disk.KillProcess();
            Drop();
            return false;
        }
        var used = plan.Sabotage == SabotageKind.KeepsOldRates ? Prices.Pairs[0] : Pair;
        snapshots = new CostingSnapshots(used.Rates, used.Attribution);
        PairSince ??= clock.GetUtcNow();
        pipeline = new IngestPipeline(new PipelineParts
        {
            Journal = journal, JournalBytesMax = JournalOptions.JournalBytesMax, Spool = spool, Store = store, Keys = Keys,
            Snapshots = snapshots, Clock = clock, NodeId = NodeId,
            IsSoleWriter = true,
            StartId = string.Create(CultureInfo.InvariantCulture, $"{++starts}"),
            Assembly = AssemblyOptions, Limits = TracingLimits.Default, Logger = log,
            Posting = new PostingOptions { RowsMax = plan.RowsMax, LookupTracesMax = plan.LookupTracesMax },
        });
        log.Say("node: started");
        return true;
    }

    /// <summary>
    /// Hands a request in; the task completes with the sync that covers it. Null when the server does not serve.
    /// </summary>
    public Task<JournalPosition>? Offer(byte[] body, out ulong receivedNanos)
    {
        receivedNanos = 0;
        if (!IsServing) return null;
        receivedNanos = (ulong)(clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        var decoded = reader.ReadProtobuf(body, receivedNanos);
        if (decoded.Error is { } error) throw new SimulationFailure($"a good request is refused: {error}");
        using var batch = decoded.Batch!;
        if (plan.Sabotage == SabotageKind.ForgetsWhatMeetsDryRuns && MeetsDryRun(batch)) return Task.FromResult(default(JournalPosition));
        var kept = journal!.Appender.AppendAsync(batch.Encoded).AsTask();
        return plan.Sabotage == SabotageKind.AcknowledgesBeforeSync ? Task.FromResult(default(JournalPosition)) : kept;
    }

    /// <summary>Has traces looked at again; one batch at a time.</summary>
    public void Recheck(IReadOnlyList<TraceRecheck> traces)
    {
        rechecks = traces;
        _ = pipeline!.RecheckAsync(traces, CancellationToken.None);
    }

    /// <summary>The book that is in force and kept by the store.</summary>
    public RateBook RatesInUse => snapshots!.Current.Rates;

    public bool IsRechecking => IsServing && !pipeline!.Assembly.Rechecks.IsIdle;

    /// <summary>Has other rates and rules be used, from now on or from the next start.</summary>
    public void Reprice(CostingPair pair)
    {
        (Pair, PairSince) = (pair, null);
        if (log.IsOn) log.Say($"node: rates {pair.Key.RateBookVersion}, rules {pair.Key.AttributionVersion}");
        Publish();
    }

    /// <summary>Goes on making them known; a store that is away is asked again.</summary>
    public void Publish()
    {
        if (PairSince is not null || !IsServing) return;
        if (plan.Sabotage == SabotageKind.KeepsOldRates)
        {
            PairSince = clock.GetUtcNow();
            return;
        }
        publishing ??= (Pair, snapshots!.PublishAsync(Pair, new SnapshotArchive(store), clock, CancellationToken.None));
        if (publishing is not { Done.IsCompleted: true } ended) return;
        publishing = null;
        if (ended.Done.Exception?.InnerException is { } fault and not (StoreUnavailableException or ClickHouseException))
            throw new SimulationFailure("new rates cannot be published", fault);
        if (ended.Done.IsCompletedSuccessfully && ended.Pair == Pair) PairSince = clock.GetUtcNow();
    }

    public void Commit() => journal?.Appender.Commit();

    /// <summary>One attempt at the start order, or what is left of it.</summary>
    public void Recover()
    {
        if (pipeline is null || IsServing) return;
        recovering ??= pipeline.TryRecoverAsync(CancellationToken.None);
        if (!recovering.IsCompleted) return;
        var done = recovering.GetAwaiter().GetResult();
        recovering = null;
        if (done) log.Say("node: serving");
    }

    public bool StepAssembly() => IsServing && pipeline!.Assembly.Step();

    public bool StepPosting()
    {
        if (!IsServing) return false;
        posting ??= pipeline!.Posting.StepAsync(CancellationToken.None).AsTask();
        if (!posting.IsCompleted) return false;
        var worked = posting.GetAwaiter().GetResult();
        posting = null;
        return worked;
    }

    /// <summary>SIGTERM: takes nothing more, leaves the rest in the journal and the posting files.</summary>
    public void Stop()
    {
        if (!IsUp) return;
        journal!.Dispose();
        pipeline!.Dispose();
        Drop();
        log.Say("node: stopped");
    }

    /// <summary>The process is gone; nothing of it runs again.</summary>
    public void Drop()
    {
        (journal, spool, pipeline, recovering, posting, publishing, rechecks) = (null, null, null, null, null, null, []);
    }

    private void Heard(JournalEvent happened)
    {
        if (happened.Kind is JournalEventKind.TailCut or JournalEventKind.Damaged or JournalEventKind.RecordsMissing
            or JournalEventKind.TailDoubtful) DamageTold++;
        if (log.IsOn) log.Say($"        journal: {happened.Kind} {happened.Text}");
    }

    public void Dispose()
    {
        Drop();
        reader.Dispose();
    }

    private bool MeetsDryRun(SpanBatch batch)
    {
        foreach (var span in batch.Spans)
        {
            var id = span.TraceId;
            if (rechecks.Any(look => look is { DryRun: true, Outcome: RecheckOutcome.Waiting } && look.TraceId == id)) return true;
        }
        return false;
    }

    private static JournalOptions OptionsOf(SimulationPlan plan)
    {
        const long segment = 16 * 1024;
        return new JournalOptions
        {
            SegmentBytesMax = segment,
            RecordBytesMax = 12 * 1024,
            JournalBytesMax = plan.WindowBytesMax + (plan.Pressure ? 5 * segment : 1000 * segment),
            FreeBytesMin = 0,
            QueueBytesMax = plan.Pressure ? 16 * 1024 : 1 << 20,
            FeedBytesMax = plan.FeedBytesMax,
            WindowBytesMax = plan.WindowBytesMax,
        };
    }
}
