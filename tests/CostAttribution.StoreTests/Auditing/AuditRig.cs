using System.Text.Json;
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
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(180);

    private readonly string directory = Directory.CreateTempSubdirectory("audit-").FullName;
    private readonly OtlpReaderPool readers = new(AttributionTable.Default.Keys, OtlpLimits.Default, 1);
    private readonly CancellationTokenSource ended = new();
    private readonly DurableJournal journal;
    private readonly Task journalRun, pipelineRun;

    private AuditRig(IClickHouseTransport store, string node, AuditOptions options)
    {
        (Store, Node) = (store, node);
        journal = DurableJournal.Open(SystemDirectory.Open(Path.Combine(directory, "journal")), node, new JournalOptions(),
            TimeProvider.System);
        Spool = PostingSpool.Open(SystemDirectory.Open(Path.Combine(directory, "postings")), new PostingSpoolOptions(),
            TimeProvider.System);
        Pipeline = new IngestPipeline(new PipelineParts
        {
            Journal = journal, JournalBytesMax = 1L << 30, Spool = Spool, Store = store, Keys = AttributionTable.Default.Keys,
            Snapshots = Snapshots, Clock = TimeProvider.System,
            NodeId = node, StartId = "1", Limits = TracingLimits.Default, Logger = NullLogger.Instance,
            Assembly = new AssemblyOptions
            {
                SettledQuiet = TimeSpan.FromMilliseconds(50), IdleQuiet = TimeSpan.FromMilliseconds(500),
                SettledKept = TimeSpan.FromMilliseconds(200), PostedFilterBitsLog2 = 16,
            },
            Posting = new PostingOptions
            {
                FlushInterval = TimeSpan.FromMilliseconds(20), RetryDelay = TimeSpan.FromMilliseconds(10),
                RetryDelayMax = TimeSpan.FromMilliseconds(100),
            },
        });
        journalRun = journal.Appender.RunAsync(ended.Token);
        pipelineRun = Pipeline.RunAsync(ended.Token);
        Auditor = new Auditor(new AuditParts
        {
            Pipeline = Pipeline, Store = store, Spool = Spool, Options = options, StartId = "1",
            NodeId = node, Clock = TimeProvider.System, Logger = NullLogger.Instance,
        });
    }

    public IClickHouseTransport Store { get; }
    public CostingSnapshots Snapshots { get; } = new(TestRates.Book, AttributionTable.Default);
    public string Node { get; }
    public IngestPipeline Pipeline { get; }
    public PostingSpool Spool { get; }
    public Auditor Auditor { get; }
    public RefusedPostings Quarantine => new(Pipeline, Spool, AttributionTable.Default.Keys, TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<AuditRig> StartAsync(IClickHouseTransport store, string node = "auditor", AuditOptions? options = null)
    {
        var rig = new AuditRig(store, node, options ?? new AuditOptions());
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

    public Task<AuditReport> AuditAsync(bool dryRun = false, CancellationToken? cancel = null) =>
        Auditor.RunAsync(new AuditRequest(AuditTrigger.Request, null, null, null, dryRun), cancel ?? Cancel);

    /// <summary>One node takes in a trace that asks, another one that tells, and neither hears of the other.</summary>
    public static async Task TellNothingAsync(AuditRig asks, byte[] asker, AuditRig tells, byte[] teller)
    {
        await asks.OfferAsync(asker);
        await asks.SettledAsync(1);
        // Who knows is told by the store who has asked.
        await asks.Store.AskAsync("CREATE TABLE asked ENGINE = Memory AS SELECT * FROM trace_topics");
        await asks.Store.AskAsync("TRUNCATE TABLE trace_topics");
        await tells.OfferAsync(teller);
        await tells.SettledAsync(2);
        await asks.Store.AskAsync("INSERT INTO trace_topics SELECT * FROM asked");
        await asks.Store.AskAsync("DROP TABLE asked");
    }

    /// <summary>A node says that it lives.</summary>
    public Task<string> BeatAsync() => Store.AskAsync("INSERT INTO nodes (node_id, start_id, instance_id, host, generation, started_at, " +
        $"seen_at, state, version) SELECT '{Node}', '1', 'i', 'h', 1, now64(3), now64(3), 'running', 1");

    /// <summary>A span of one call as OTLP JSON, in a trace of its own.</summary>
    /// <param name="id">Two hexadecimal digits that trace and span id are made of.</param>
    /// <param name="customer">Empty for none.</param>
    /// <param name="start">When it began.</param>
    /// <param name="session">Its session.</param>
    /// <param name="linked">The id of a trace whose span it links to; empty for none.</param>
    public static byte[] Trace(string id, string customer, DateTimeOffset start, string session = "s-1", string linked = "")
    {
        var nanos = (start.ToUnixTimeMilliseconds() * 1_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture);
        object Text(string key, string value) => new { key, value = new { stringValue = value } };
        object Count(string key, int value) => new { key, value = new { intValue = value.ToString(System.Globalization.CultureInfo.InvariantCulture) } };
        object[] attributes =
        [
            Text("gen_ai.operation.name", "chat"), Text("gen_ai.provider.name", "openai"), Text("gen_ai.request.model", "gpt-4.1-2025-04-14"),
            Text("gen_ai.response.model", "gpt-4.1-2025-04-14"), Text("gen_ai.conversation.id", session), Text("feature.id", "f-1"),
            Count("gen_ai.usage.input_tokens", 100), Count("gen_ai.usage.output_tokens", 10),
            .. customer.Length > 0 ? [Text("customer.id", customer)] : Array.Empty<object>(),
        ];
        var span = new
        {
            traceId = string.Concat(Enumerable.Repeat(id, 16)), spanId = "00000000000000" + id, name = "chat", kind = 3,
            startTimeUnixNano = nanos, endTimeUnixNano = nanos, attributes,
            links = linked.Length == 0 ? []
                : new[] { new { traceId = string.Concat(Enumerable.Repeat(linked, 16)), spanId = "00000000000000" + linked } },
        };
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            resourceSpans = new[] { new { resource = new { attributes = Array.Empty<object>() }, scopeSpans = new[] { new { spans = new[] { span } } } } },
        });
    }

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
