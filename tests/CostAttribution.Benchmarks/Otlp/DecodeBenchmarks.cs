using BenchmarkDotNet.Attributes;
using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;
using CostAttribution.Testing.Otlp;
using CostAttribution.Testing.Wire.Collector;

namespace CostAttribution.Benchmarks.Otlp;

/// <summary>From request bytes to a span batch, against what the generated classes need merely to parse the same bytes.</summary>
[MemoryDiagnoser]
[ShortRunJob]
public class DecodeBenchmarks
{
    /// <summary>Typical: 510 spans of about 530 bytes. Prompts: 24 spans of about 20 kB.</summary>
    [Params("Typical", "Prompts")]
    public string Body { get; set; } = "";

    private static readonly OtlpTraceReader Reader = new(AttributeKeyTable.Default, OtlpLimits.Default);
    private byte[] protobuf = [];
    private byte[] json = [];

    [GlobalSetup]
    public void Setup()
    {
        protobuf = Body == "Typical" ? SampleBodies.Typical() : SampleBodies.WithPrompts();
        var request = ExportTraceServiceRequest.Parser.ParseFrom(protobuf);
        json = new OtlpJsonWriter(new Random(1)).Write(request);
        var spans = request.ResourceSpans[0].ScopeSpans[0].Spans.Count;
        Console.WriteLine(
            $"// {Body}: {protobuf.Length} bytes, {spans} spans, {protobuf.Length / spans} bytes a span, "
            + $"{json.Length} bytes of JSON");
    }

    [Benchmark(Baseline = true)]
    public ExportTraceServiceRequest GeneratedClasses() => ExportTraceServiceRequest.Parser.ParseFrom(protobuf);

    [Benchmark]
    public int Protobuf()
    {
        using var batch = Reader.ReadProtobuf(protobuf, 1).Batch!;
        return batch.SpanCount;
    }

    [Benchmark]
    public int Json()
    {
        using var batch = Reader.ReadJson(json, 1).Batch!;
        return batch.SpanCount;
    }
}
