using System.Text;
using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Pricing;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;
using CostAttribution.RateCards;
using CostAttribution.Testing.Time;

namespace CostAttribution.UnitTests.Ingest.Assembly;

/// <summary>One span as a test says it.</summary>
internal sealed record TestSpan(int Trace, int Id, int Parent = 0)
{
    public string Name { get; init; } = "";

    /// <summary>Attributes by name; numbers are written as integers.</summary>
    public Dictionary<string, object> Attributes { get; init; } = [];
    public SpanStatus Status { get; init; }

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

    public static RateBook Rates { get; } = RateCardLoader.Load([("test.yaml", """
        format: 1
        provider: openai
        source: test
        checked: 2026-11-22
        recorded_at: 2026-11-22
        cards:
          - id: test/model
            match: [test-model]
            rates:
              input_tokens: 2.00 per 1M
              output_tokens: 8.00 per 1M
        """)]).Book!;

    private readonly AttributeKeyTable keys = AttributionTable.Default.Keys;
    private readonly SpanBatchBuilder builder;
    private readonly TracePoster poster;

    public AssemblyBench(AssemblyOptions? options = null, bool storeIsEmpty = true)
    {
        builder = new SpanBatchBuilder(keys, TracingLimits.Default);
        poster = new TracePoster(new SpanBatchBuilder(keys, TracingLimits.Default));
        Assembler = new TraceAssembler(options ?? new AssemblyOptions { PostedFilterBitsLog2 = 16 }, Clock,
            new CostingStage(new CostingSnapshots(Rates, AttributionTable.Default), 1000), poster, Metrics, OpenCosts,
            storeIsEmpty);
    }

    public ManualClock Clock { get; } = new();
    public TraceAssembler Assembler { get; }
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

    /// <summary>Traces that the store is to be asked about.</summary>
    public List<TraceId> Wanted()
    {
        List<TraceId> ids = [];
        Assembler.TakeWanted(ids, 1000);
        return ids;
    }

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
            var key = (row.SpanId, row.CostItem);
            standing.Revisions[key] = Math.Max(row.Revision, standing.Revisions.GetValueOrDefault(key));
            if (row.Sign > 0) standing.Entries[key] = row;
            else standing.Entries.Remove(key);
        }
        var facts = own.Where(posting => !posting.EncodedSpans.IsEmpty)
            .Select(posting => SpanBatch.Decode(posting.EncodedSpans.Span, keys));
        return new StoredTrace([.. facts], standing, own[^1].Context);
    }

    /// <summary>Answers every open question to the store from what was posted.</summary>
    public void Answer()
    {
        foreach (var id in Wanted()) Assembler.Loaded(id, Stored(id));
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
    public static SpanBatch Encode(SpanBatchBuilder builder, TestSpan[] spans, DateTimeOffset received)
    {
        builder.BeginResource();
        builder.AddText(Key(builder, "service.name"), "test-service"u8);
        var resource = builder.EndResource();
        var scope = builder.AddScope("test-scope"u8, "1.0.0"u8, default);
        var now = (ulong)received.ToUnixTimeMilliseconds() * 1_000_000;
        foreach (var span in spans) Write(builder, span, resource, scope, now);
        return builder.Build();
    }

    private void OfferBatch(TestSpan[] spans, bool replayed)
    {
        using var batch = Encode(builder, spans, Clock.GetUtcNow());
        Assembler.Accept(batch, ++Position, replayed);
        Collect();
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
        var start = 1_795_334_400_000_000_000UL + (ulong)span.Id * 1_000_000;
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
        BufferHeldFrom = Math.Min(BufferHeldFrom, buffer.HeldFrom);
        Postings.AddRange(buffer.Traces);
    }
}
