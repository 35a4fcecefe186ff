using CostAttribution.ClickHouse.Auditing;
using CostAttribution.ClickHouse.Transport;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Auditing;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Intake;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal;
using CostAttribution.Journal.Filesystem;
using CostAttribution.Journal.Postings;
using CostAttribution.Otlp;
using CostAttribution.StoreTests.Engine;
using CostAttribution.Testing.Pricing;
using CostAttribution.Workload;
using Microsoft.Extensions.Logging.Abstractions;

namespace CostAttribution.StoreTests.Auditing;

/// <summary>The real pipeline from the journal to the real engine, with its auditor; waits are short, time is real.</summary>
internal sealed class AuditRig : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly string directory = Directory.CreateTempSubdirectory("audit-").FullName;
    private readonly OtlpReaderPool readers = new(AttributionTable.Default.Keys, OtlpLimits.Default, 1);
    private readonly CancellationTokenSource ended = new();
    private readonly DurableJournal journal;
    private readonly Task journalRun, pipelineRun;

    private AuditRig(IClickHouseTransport store, string node)
    {
        Store = store;
        journal = DurableJournal.Open(SystemDirectory.Open(Path.Combine(directory, "journal")), node, new JournalOptions(),
            TimeProvider.System);
        Spool = PostingSpool.Open(SystemDirectory.Open(Path.Combine(directory, "postings")), new PostingSpoolOptions(),
            TimeProvider.System);
        Pipeline = new IngestPipeline(new PipelineParts
        {
            Journal = journal, JournalBytesMax = 1L << 30, Spool = Spool, Store = store, Keys = AttributionTable.Default.Keys,
            Snapshots = new CostingSnapshots(TestRates.Book, AttributionTable.Default), Clock = TimeProvider.System,
            NodeId = node, StartId = "1", Limits = TracingLimits.Default, Logger = NullLogger.Instance,
            Assembly = new AssemblyOptions
            {
                SettledQuiet = TimeSpan.FromMilliseconds(50), IdleQuiet = TimeSpan.FromMilliseconds(500),
                SettledKept = TimeSpan.FromMilliseconds(200), PostedFilterBitsLog2 = 16,
            },
            Posting = new PostingOptions { FlushInterval = TimeSpan.FromMilliseconds(20) },
        });
        journalRun = journal.Appender.RunAsync(ended.Token);
        pipelineRun = Pipeline.RunAsync(ended.Token);
        Auditor = new Auditor(new AuditParts
        {
            Pipeline = Pipeline, Store = store, Spool = Spool, Keys = AttributionTable.Default.Keys, Options = new AuditOptions(),
            NodeId = node, Clock = TimeProvider.System, Logger = NullLogger.Instance,
        });
    }

    public IClickHouseTransport Store { get; }
    public IngestPipeline Pipeline { get; }
    public PostingSpool Spool { get; }
    public Auditor Auditor { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<AuditRig> StartAsync(IClickHouseTransport store, string node = "auditor")
    {
        var rig = new AuditRig(store, node);
        await rig.Pipeline.Recovered.WaitAsync(Deadline, Cancel);
        return rig;
    }

    /// <summary>Sends a simulated workload through the journal and waits until all of it has settled in the store.</summary>
    public async Task<GroundTruth> FillAsync(int seed, int spans)
    {
        var generator = new WorkloadGenerator(
            new WorkloadOptions { Seed = (ulong)seed, Spans = spans, Start = TimeProvider.System.GetUtcNow().AddHours(-2) });
        foreach (var request in generator.Requests()) await OfferAsync(request.Body);
        await SettledAsync(generator.Truth.Rows.Sum(row => row.Value.Calls + row.Value.FailedCalls));
        return generator.Truth;
    }

    /// <summary>Takes in one request, OTLP protobuf or JSON.</summary>
    public async Task OfferAsync(byte[] body)
    {
        var intake = new JournalIntake(journal.Appender, TimeProvider.System);
        intake.Open();
        var reader = readers.Rent();
        var received = (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        var result = body[0] == '{' ? reader.ReadJson(body, received) : reader.ReadProtobuf(body, received);
        readers.Return(reader);
        Assert.Null(result.Error);
        Assert.Equal(IntakeOutcome.Accepted, await intake.AcceptAsync(result.Batch!, body.Length, Cancel));
    }

    /// <summary>Waits until the ledger counts that many calls, failed ones included, and every trace has settled.</summary>
    public async Task SettledAsync(long calls)
    {
        const string state = "SELECT (SELECT sum(toInt64(calls)) + sum(toInt64(failed_calls)) FROM cost_ledger), " +
            "(SELECT count() FROM (SELECT trace_id FROM trace_facts GROUP BY trace_id HAVING argMax(settled, revision) = 0))";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var last = "";
        try
        {
            while (last != $"{calls}\t0")
            {
                await timer.WaitForNextTickAsync(limit.Token);
                last = await Store.AskAsync(state);
            }
            // What was just posted is confirmed between two postings.
            await Pipeline.WhileQuietAsync(_ => Task.FromResult(0), limit.Token);
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            Assert.Fail($"the workload did not settle: expected {calls} calls and no open trace, the store has {last}");
        }
    }

    /// <summary>Waits until something holds.</summary>
    public Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    public async Task UntilAsync(Func<Task<bool>> holds)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Deadline, $"does not come about; the pipeline is {Pipeline.State}, " +
                $"{Pipeline.Metrics.LookupFailures} of {Pipeline.Metrics.Lookups} look-ups failed {Pipeline.Metrics.PostingTrouble}");
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    public Task<AuditReport> AuditAsync(bool dryRun = false) =>
        Auditor.RunAsync(new AuditRequest(AuditTrigger.Request, null, null, null, dryRun), Cancel);

    /// <summary>What people read: net sums of the ledger, the rollup and the runs.</summary>
    public async Task<string> SumsAsync()
    {
        const string figures = "sum(cost), sum(list_cost), sum(calls), sum(failed_calls), sum(input_tokens), sum(output_tokens), " +
            "sum(reasoning_tokens), sum(cache_read_tokens), mapFilter((unit, quantity) -> quantity != 0, sumMap(other_units)) AS units";
        const string groups = "customer_id, feature_id, workflow, model, price_status";
        var ledger = await Store.AskAsync(
            $"SELECT toStartOfHour(event_time) AS h, {groups}, {figures} FROM cost_ledger GROUP BY ALL HAVING sum(sign) != 0 ORDER BY ALL");
        var rollup = await Store.AskAsync(
            $"SELECT hour, {groups}, {figures} FROM cost_hourly GROUP BY ALL HAVING sum(entries) != 0 OR notEmpty(units) ORDER BY ALL");
        var runs = await Store.AskAsync("SELECT run_id, customer_id, cost, calls, input_tokens, status FROM workflow_runs ORDER BY run_id");
        return $"{ledger}\n--\n{rollup}\n--\n{runs}";
    }

    /// <summary>Everything that the ledger holds of some postings, as one number.</summary>
    public Task<string> HashOfAsync(IEnumerable<string> postings) => Store.AskAsync(
        "SELECT count(), sum(cityHash64(tuple(*))) FROM cost_ledger " +
        $"WHERE posting_id IN ({string.Join(", ", postings.Select(posting => $"'{posting}'"))})");

    public async Task<string[]> PostingsAsync() =>
        (await Store.AskAsync("SELECT DISTINCT posting_id FROM cost_ledger")).Split('\n');

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await pipelineRun.ContinueWith(static _ => { }, TaskScheduler.Default);
        await journalRun.ContinueWith(static _ => { }, TaskScheduler.Default);
        Pipeline.Dispose();
        journal.Dispose();
        readers.Dispose();
        ended.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
