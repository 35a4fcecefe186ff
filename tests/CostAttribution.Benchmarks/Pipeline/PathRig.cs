using CostAttribution.Domain.Attribution;
using CostAttribution.Domain.Tracing;
using CostAttribution.Ingest.Assembly;
using CostAttribution.Ingest.Costing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Otlp;
using CostAttribution.RateCards;
using CostAttribution.Testing.Time;
using CostAttribution.Workload.Otlp;

namespace CostAttribution.Benchmarks.Pipeline;

/// <summary>
/// The decoder, assembler, costing, poster and encoder of the server without journal and store, with the shipped prices. Lives
/// as long as the benchmark, so that its caches are as warm as a server's.
/// </summary>
internal sealed class PathRig : IDisposable
{
    private const int TopicsMax = 20_000;
    private static readonly BenchmarkShape Shape = new() { Traces = SpansPerBody / BenchmarkBodies.SpansPerTrace };

    /// <summary>Spans of one request.</summary>
    public const int SpansPerBody = 510;

    private readonly BenchmarkBodies source = new(Shape);
    private readonly ManualClock clock = new();
    private readonly AssemblyOptions options = new() { PostedFilterBitsLog2 = 24 };
    private readonly OtlpTraceReader reader;
    private readonly TraceAssembler assembler;
    private readonly TracePoster poster;
    private readonly PostingEncoder encoder;
    private ulong position;

    public PathRig(int bodies)
    {
        Requests = new byte[bodies][];
        var rates = RateCardFiles.Load(null).Book ?? throw new InvalidOperationException("the shipped prices cannot be read");
        var keys = AttributionTable.Default.Keys;
        reader = new OtlpTraceReader(keys, OtlpLimits.Default);
        poster = new TracePoster(new SpanBatchBuilder(keys, TracingLimits.Default));
        encoder = new PostingEncoder("bench", clock);
        var costing = new CostingStage(new CostingSnapshots(rates, AttributionTable.Default), TopicsMax, storeIsEmpty: true);
        assembler = new TraceAssembler(
            options, clock, costing, poster, new AssemblyMetrics(), new OpenCostBook(), storeIsEmpty: true);
        clock.Advance(TimeSpan.FromMilliseconds(1));
    }

    public byte[][] Requests { get; }

    public void Renew()
    {
        Settle();
        if (poster.Buffer.RowCount > 0) Encode();
        clock.Advance(options.SettledKept + options.SettledQuiet);
        assembler.Advance();
        if (assembler.TraceCount > 0) throw new InvalidOperationException("traces of the last pass are left");
        for (var i = 0; i < Requests.Length; i++) Requests[i] = source.Next(clock.GetUtcNow()).ToArray();
    }

    public int Decode()
    {
        var spans = 0;
        foreach (var request in Requests)
        {
            using var batch = Read(request);
            spans += batch.SpanCount;
        }
        return spans;
    }

    public int Assemble()
    {
        foreach (var request in Requests)
        {
            using var batch = Read(request);
            assembler.Accept(batch, ++position, replayed: false);
        }
        return assembler.TraceCount;
    }

    /// <summary>Lets the traces settle, which costs them and finds what is to be posted.</summary>
    public int Settle()
    {
        clock.Advance(options.SettledQuiet);
        assembler.Advance();
        return poster.Buffer.RowCount;
    }

    /// <summary>Settles and encodes in postings of the size that the server sends.</summary>
    public void Post()
    {
        clock.Advance(options.SettledQuiet);
        bool more;
        do
        {
            more = assembler.Advance(new PostingOptions().RowsMax);
            if (poster.Buffer.RowCount > 0) Encode();
        }
        while (more);
    }

    /// <summary>Encodes what is to be posted as one block per table; returns the bytes.</summary>
    public int Encode()
    {
        var posting = encoder.Encode(poster.TakeBuffer());
        var bytes = 0;
        foreach (var table in posting.Tables) bytes += table.Block.Length;
        return bytes;
    }

    /// <summary>Bytes of the compact records of all requests.</summary>
    public long DecodedBytes()
    {
        long bytes = 0;
        foreach (var request in Requests)
        {
            using var batch = Read(request);
            bytes += batch.Encoded.Length;
        }
        return bytes;
    }

    /// <summary>Settles and encodes as <see cref="Post"/> does; returns the postings as they are kept on disk.</summary>
    public List<(string Id, byte[] Content)> PostInFiles()
    {
        var postings = new List<(string Id, byte[] Content)>();
        clock.Advance(options.SettledQuiet);
        bool more;
        do
        {
            more = assembler.Advance(new PostingOptions().RowsMax);
            if (poster.Buffer.RowCount == 0) continue;
            var posting = encoder.Encode(poster.TakeBuffer());
            postings.Add((posting.PostingId, posting.ToBytes()));
        }
        while (more);
        return postings;
    }

    public void Dispose()
    {
        assembler.Dispose();
        poster.Dispose();
        encoder.Dispose();
        reader.Dispose();
    }

    private SpanBatch Read(byte[] request) =>
        reader.ReadProtobuf(request, (ulong)clock.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000).Batch!;
}
