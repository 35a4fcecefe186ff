using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal;
using CostAttribution.Journal.Postings;
using CostAttribution.Testing.Filesystem;
using CostAttribution.Testing.Time;
using CostAttribution.UnitTests.Ingest.Assembly;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>
/// The real pipeline from journal to store on a disk in memory and a manual clock, stepped on the test's thread.
/// </summary>
internal sealed class PipelineRig : IDisposable
{
    private readonly SpanBatchBuilder builder = new(AttributionTable.Default.Keys, TracingLimits.Default);
    private readonly IClickHouseTransport store;
    private IngestPipeline? pipeline;

    public PipelineRig(IClickHouseTransport store) => this.store = store;

    public MemoryDisk Disk { get; } = new();
    public ManualClock Clock { get; } = new();
    public ILogger Logger { get; init; } = NullLogger.Instance;
    public PostingOptions Posting { get; } = new();
    public PostingSpoolOptions SpoolOptions { get; init; } = new();
    public AssemblyOptions Assembly { get; } = new() { PostedFilterBitsLog2 = 16 };
    public DurableJournal Journal { get; private set; } = null!;
    public PostingSpool Spool { get; private set; } = null!;
    public IngestPipeline Pipeline => pipeline!;

    /// <summary>Opens journal and posting files and recovers, letting time pass while that cannot be done.</summary>
    public PipelineRig Start()
    {
        Open();
        for (var attempts = 0; !TryRecover(); attempts++)
        {
            AfterStep();
            Assert.True(attempts < 1000, Pipeline.Metrics.PostingTrouble);
            Clock.Advance(TimeSpan.FromSeconds(1));
        }
        return this;
    }

    public void Open()
    {
        Journal = DurableJournal.Open(Disk.Root.Subdirectory("journal"), "node", new JournalOptions { WindowBytesMax = 0 },
            Clock);
        Spool = PostingSpool.Open(Disk.Root.Subdirectory("postings"), SpoolOptions, Clock);
        pipeline = new IngestPipeline(new PipelineParts
        {
            Journal = Journal, JournalBytesMax = 1 << 30, Spool = Spool, Store = store, IsSoleWriter = true,
            Keys = AttributionTable.Default.Keys,
            Snapshots = new CostingSnapshots(AssemblyBench.Rates, AttributionTable.Default), Clock = Clock,
            NodeId = "node", StartId = "start-1",
            Assembly = Assembly, Posting = Posting, Limits = TracingLimits.Default, Logger = Logger,
        });
    }

    public bool TryRecover() => Done(Pipeline.TryRecoverAsync(CancellationToken.None));

    /// <summary>Takes in one batch, durably.</summary>
    public void Offer(params TestSpan[] spans)
    {
        using var batch = AssemblyBench.Encode(builder, spans, Clock.GetUtcNow());
        var append = Journal.Appender.AppendAsync(batch.Encoded).AsTask();
        Journal.Appender.Commit();
        Done(append);
    }

    /// <summary>Lets time pass and does what falls due, until nothing is left to do.</summary>
    public void Pass(double seconds)
    {
        var step = seconds > 30 ? 0.5 : 0.05;
        for (var left = seconds; left > 0.0001; left -= step)
        {
            Clock.Advance(TimeSpan.FromSeconds(Math.Min(left, step)));
            while (Step())
            {
            }
        }
    }

    /// <summary>One turn of each stage; false when neither had anything to do.</summary>
    public bool Step()
    {
        var worked = Pipeline.Assembly.Step() | Done(Pipeline.Posting.StepAsync(CancellationToken.None).AsTask());
        AfterStep();
        return worked;
    }

    public Action AfterStep { get; set; } = static () => { };

    /// <summary>Ends as a killed process does, and starts again.</summary>
    public void Restart()
    {
        Kill();
        Start();
    }

    /// <summary>Loses power, and with it what was not synced.</summary>
    public void Crash(bool tear)
    {
        Disk.Restart(tear);
        pipeline?.Dispose();
        pipeline = null;
    }

    public void Kill()
    {
        Disk.KillProcess();
        Pipeline.Dispose();
        pipeline = null;
    }

    public void Dispose()
    {
        pipeline?.Dispose();
        builder.Dispose();
    }

    // A step that does not complete at once would hide a thread.
    private static T Done<T>(Task<T> task)
    {
        Assert.True(task.IsCompleted, "a step waits for something");
        return task.GetAwaiter().GetResult();
    }
}
