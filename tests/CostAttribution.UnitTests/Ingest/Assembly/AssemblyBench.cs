using System.Text;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Snapshots;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;
using CostAttribution.RateCards;
using CostAttribution.Testing.Time;
using CostAttribution.UnitTests.Ingest.Posting;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>One span as a test says it.</summary>
internal sealed record TestSpan(int Trace, int Id, int Parent = 0)
{
    public string Name { get; init; } = "";

    /// <summary>Attributes by name; numbers are written as integers.</summary>
    public Dictionary<string, object> Attributes { get; init; } = [];
    public SpanStatus Status { get; init; }

    /// <summary>Nanoseconds since the Unix epoch; null for a fixed instant four hours before the bench's clock.</summary>
    public ulong? Start { get; init; }

    /// <summary>Attributes of its process; <c>test-service</c> unless they name it.</summary>
    public Dictionary<string, string> Resource { get; init; } = [];

    /// <summary>A linked span, as (trace, span).</summary>
    public (int Trace, int Span)? Link { get; init; }

    public static TestSpan Root(int trace, int id, string customer = "acme", string feature = "support") => new(trace, id)
    {
        Name = "POST /ask",
        Attributes = new() { ["customer.id"] = customer, ["feature.id"] = feature },
    };

    public static TestSpan Call(int trace, int id, int parent, long input = 1000, long output = 10) => new(trace, id, parent)
    {
        Name = "chat test-model",
        Attributes = new()
        {
            ["gen_ai.operation.name"] = "chat", ["gen_ai.provider.name"] = "openai", ["gen_ai.request.model"] = "test-model",
            ["gen_ai.usage.input_tokens"] = input, ["gen_ai.usage.output_tokens"] = output,
        },
    };

    public TestSpan With(string key, object value) => this with { Attributes = new(Attributes) { [key] = value } };
}

/// <summary>The real assembler, costing and poster on a manual clock; postings are collected instead of sent.</summary>
internal sealed class AssemblyBench : IDisposable
{
    /// <summary>Pico-dollars per input and per output token of <c>test-model</c>.</summary>
    public const long InputPico = 2_000_000, OutputPico = 8_000_000;

    public static RateBook Rates { get; } = RatesOf("2.00", "8.00");

    /// <summary>A book with one card for <c>test-model</c>, dollars per million tokens.</summary>
    public static RateBook RatesOf(string input, string output) => RateCardLoader.Load([("test.yaml", $"""
        format: 1
        provider: openai
        source: test
        checked: 2026-11-22
        recorded_at: 2026-11-22
        cards:
          - id: test/model
            match: [test-model]
            rates:
              input_tokens: {input} per 1M
              output_tokens: {output} per 1M
        """)]).Book!;

    private readonly AttributeKeyTable keys;
    private readonly AssemblyOptions options;
    private readonly int topicsMax;
    private readonly CostingPolicy policy;
    private readonly SpanBatchBuilder builder;
    private readonly List<(ulong Position, byte[] Batch)> journal = [];
    private readonly List<CostingPair> pairs = [];
    private readonly SnapshotArchive archive = new(new MemoryStore());
    private CostingSnapshots snapshots;
    private TracePoster poster = null!;

    public AssemblyBench(AssemblyOptions? options = null, bool storeIsEmpty = true, AttributionTable? attribution = null,
        int topicsMax = 1000, RateBook? rates = null, CostingPolicy? policy = null)
    {
        this.topicsMax = topicsMax;
        this.options = options ?? new AssemblyOptions { PostedFilterBitsLog2 = 16 };
        this.policy = policy ?? CostingPolicy.Default with { SpansPerTraceMax = this.options.SpansPerTraceMax };
        attribution ??= AttributionTable.Default;
        keys = attribution.Keys;
        snapshots = new CostingSnapshots(rates ?? Rates, attribution);
        pairs.Add(snapshots.Current);
        builder = new SpanBatchBuilder(keys, TracingLimits.Default);
        Start(storeIsEmpty);
    }

    /// <summary>Rates and rules change while the process runs.</summary>
    public void Publish(RateBook? rates = null, AttributionTable? attribution = null)
    {
        var pair = new CostingPair(rates ?? snapshots.Current.Rates, attribution ?? snapshots.Current.Attribution);
        pairs.Add(pair);
        snapshots.PublishAsync(pair, archive, Clock, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
    }

    /// <summary>
    /// Forgets everything in memory, as a killed process does, and replays what the journal still holds; perhaps with other rates
    /// and rules.
    /// </summary>
    public void Restart(RateBook? rates = null, AttributionTable? attribution = null)
    {
        var from = Assembler.HeldFrom;
        Assembler.Dispose();
        poster.Dispose();
        snapshots = new CostingSnapshots(rates ?? snapshots.Current.Rates, attribution ?? snapshots.Current.Attribution);
        pairs.Add(snapshots.Current);
        Start(storeIsEmpty: Postings.Count == 0);
        foreach (var (position, bytes) in journal.Where(record => record.Position >= from))
        {
            using var batch = SpanBatch.Decode(bytes, keys);
            Assembler.Accept(batch, position, replayed: true);
            Collect();
        }
    }

    /// <summary>Makes the store forget what rows were posted with, as a store of an older program.</summary>
    public void LoseSnapshots() => pairs.Clear();

    public ManualClock Clock { get; } = new();
    public TraceAssembler Assembler { get; private set; } = null!;
    public AssemblyMetrics Metrics { get; } = new();
    public OpenCostBook OpenCosts { get; } = new();

    /// <summary>Everything posted so far.</summary>
    public List<TracePosting> Postings { get; } = [];
    public List<LedgerEntry> Rows => [.. Postings.SelectMany(posting => posting.Rows)];

    /// <summary>Lowest journal position that any posting so far held.</summary>
    public ulong BufferHeldFrom { get; private set; } = ulong.MaxValue;
    public ulong Position { get; private set; }

    public static TraceId TraceIdOf(int trace) => new(0xabcdef00_00000000, (ulong)trace);

    /// <summary>Takes in one batch.</summary>
    public void Offer(params TestSpan[] spans) => OfferBatch(spans, replayed: false);

    public void Replay(params TestSpan[] spans) => OfferBatch(spans, replayed: true);

    /// <summary>Takes in one decoded request and disposes of it.</summary>
    public void Offer(SpanBatch decoded, bool replayed = false)
    {
        using var batch = decoded;
        journal.Add((++Position, batch.Encoded.ToArray()));
        Assembler.Accept(batch, Position, replayed);
        Collect();
    }

    /// <summary>Lets time pass in steps of 100 ms.</summary>
    public void Pass(double seconds)
    {
        for (var left = seconds; left > 0.0001; left -= 0.1)
        {
            Clock.Advance(TimeSpan.FromSeconds(Math.Min(left, 0.1)));
            Assembler.Advance();
            Collect();
        }
    }

    /// <summary>What the store is to be asked.</summary>
    public StoreQuestions Ask()
    {
        var questions = new StoreQuestions();
        Assembler.Ask(questions, 1000);
        return questions;
    }

    /// <summary>Traces that the store is to be asked about; they are not answered.</summary>
    public List<TraceId> Wanted() => Ask().Traces;

    /// <summary>What the store would know of a trace from the postings so far.</summary>
    public StoredTrace? Stored(TraceId id)
    {
        var own = Postings.Where(posting => posting.TraceId == id).ToArray();
        if (own.Length == 0) return null;
        var standing = new StandingTrace
        {
            FactsRevision = own[^1].Revision, PostedAsSettled = own[^1].Settled, WasSettled = own.Any(posting => posting.Settled),
            RunId = own[^1].Segment.RunId,
        };
        foreach (var row in own.SelectMany(posting => posting.Rows))
        {
            if (pairs.Find(pair => pair.Key == new PairKey(row.RateBookVersion, row.AttributionVersion)) is { } pair)
                standing.Hold(new KeptPair(pair));
            var key = (row.SpanId, row.CostItem);
            standing.Revisions[key] = Math.Max(row.Revision, standing.Revisions.GetValueOrDefault(key));
            standing.HasRun = true;
            if (row.Sign > 0) standing.Entries[key] = row;
            else standing.Entries.Remove(key);
        }
        var facts = own.Where(posting => !posting.EncodedSpans.IsEmpty)
            .Select(posting => SpanBatch.Decode(posting.EncodedSpans.Span, keys));
        var topics = own.SelectMany(posting => posting.Topics).GroupBy(row => row.Topic).Select(rows =>
            new TopicHistory(rows.Last(), rows.LastOrDefault(row => row.Words.Count > 0)?.Words ?? []));
        return new StoredTrace([.. facts], standing, own[^1].Context) { Topics = [.. topics] };
    }

    /// <summary>Answers every open question to the store from what was posted; false when there was none.</summary>
    public bool Answer()
    {
        var questions = Ask();
        if (questions.Count == 0) return false;
        Answer(questions);
        return true;
    }

    public void Answer(StoreQuestions questions)
    {
        var traces = new Dictionary<TraceId, StoredTrace>();
        foreach (var id in questions.Traces)
        {
            if (Stored(id) is { } stored) traces[id] = stored;
        }
        var asked = questions.Topics.ToHashSet();
        var topics = Postings.SelectMany(posting => posting.Topics).GroupBy(row => (row.Topic, row.Trace))
            .Select(rows => rows.Last()).Where(row => (row.Asks || row.Words.Count > 0) && (row.Topic.Kind == TopicKind.Link
                ? questions.Traces.Contains(row.Topic.TraceId) : asked.Contains(row.Topic)));
        var owners = new List<StoredSpanOwner>();
        foreach (var (trace, span) in questions.Links)
        {
            var facts = Postings.Where(posting => posting.TraceId == trace).SelectMany(posting => posting.Spans)
                .LastOrDefault(facts => facts.SpanId == span);
            if (facts is { SaidCustomer.Length: > 0 } or { SaidFeature.Length: > 0 })
                owners.Add(new StoredSpanOwner(trace, span, facts.SaidCustomer, facts.SaidFeature));
        }
        Assembler.Answer(new LoadAnswer(questions, true, traces, new Dictionary<TraceId, string>(), owners, [.. topics]));
        Collect();
    }

    /// <summary>Net cost in pico-dollars by customer; zero sums left out.</summary>
    public Dictionary<string, long> NetByCustomer() => Rows.GroupBy(row => row.CustomerId)
        .Select(group => (group.Key, Sum: group.Sum(row => row.Sign * (long)row.Cost.Cost.PicoUsd)))
        .Where(pair => pair.Sum != 0).ToDictionary(pair => pair.Key, pair => pair.Sum);

    public void Dispose()
    {
        Assembler.Dispose();
        poster.Dispose();
        builder.Dispose();
    }

    /// <summary>The spans as one batch, of one service and scope.</summary>
    public static SpanBatch Encode(SpanBatchBuilder builder, TestSpan[] spans, DateTimeOffset received,
        string scopeName = "test-scope")
    {
        var scope = builder.AddScope(Encoding.UTF8.GetBytes(scopeName), "1.0.0"u8, default);
        var now = (ulong)received.ToUnixTimeMilliseconds() * 1_000_000;
        foreach (var process in spans.GroupBy(span => string.Join(';', span.Resource)))
        {
            builder.BeginResource();
            var resourceAttributes = new Dictionary<string, string>(process.First().Resource);
            resourceAttributes.TryAdd("service.name", "test-service");
            foreach (var (name, value) in resourceAttributes)
                builder.AddText(Key(builder, name), Encoding.UTF8.GetBytes(value));
            var resource = builder.EndResource();
            foreach (var span in process) Write(builder, span, resource, scope, now);
        }
        return builder.Build();
    }

    private void OfferBatch(TestSpan[] spans, bool replayed) =>
        Offer(Encode(builder, spans, Clock.GetUtcNow()), replayed);

    private void Start(bool storeIsEmpty)
    {
        poster = new TracePoster(new SpanBatchBuilder(keys, TracingLimits.Default));
        var costing = new CostingStage(snapshots, topicsMax, storeIsEmpty, policy);
        foreach (var row in Postings.SelectMany(posting => posting.Topics))
        {
            if (row is { Asks: true, Topic.Kind: TopicKind.Response or TopicKind.Series }) costing.Outside.AskedBefore(row.Topic.Text);
        }
        Assembler = new TraceAssembler(options, Clock, costing, poster, Metrics, OpenCosts, storeIsEmpty);
    }

    private static void Write(SpanBatchBuilder builder, TestSpan span, int resource, int scope, ulong now)
    {
        builder.BeginSpan();
        foreach (var (name, value) in span.Attributes)
        {
            if (value is long number) builder.AddInt(Key(builder, name), number);
            else builder.AddText(Key(builder, name), Encoding.UTF8.GetBytes((string)value));
        }
        if (span.Link is { } link)
        {
            Span<byte> ids = stackalloc byte[TraceId.Bytes + SpanId.Bytes];
            TraceIdOf(link.Trace).WriteTo(ids);
            new SpanId((ulong)link.Span).WriteTo(ids[TraceId.Bytes..]);
            builder.AddLink(ids[..TraceId.Bytes], ids[TraceId.Bytes..]);
        }
        // Fixed times: two copies of a span differ in nothing that the sender did not change.
        var start = span.Start ?? 1_795_334_400_000_000_000UL + (ulong)span.Id * 1_000_000;
        builder.EndSpan(new SpanHeader
        {
            TraceId = TraceIdOf(span.Trace), SpanId = new SpanId((ulong)span.Id), ParentSpanId = new SpanId((ulong)span.Parent),
            StartNanos = start, EndNanos = start + 500_000_000, Kind = SpanKind.Client, Status = span.Status,
        }, Encoding.UTF8.GetBytes(span.Name), resource, scope, now);
    }

    private static KnownKey Key(SpanBatchBuilder builder, string name) =>
        builder.Keys.TryGet(name, out var key) ? key : throw new ArgumentException($"key {name} is not kept");

    private void Collect()
    {
        var buffer = poster.TakeBuffer();
        BufferHeldFrom = Math.Min(BufferHeldFrom, buffer.Hold.JournalFrom);
        Postings.AddRange(buffer.Traces);
    }
}
