using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using CostAttribution.Testing.Wire.Collector;

namespace CostAttribution.Benchmarks.Pipeline;

/// <summary>
/// The path of a span on one core from request bytes to Native blocks, up to the end of each stage, so that the difference of
/// two lines is the cost of one stage. Figures are per span; the traces are new in every iteration, as they are to a server.
/// </summary>
[Config(typeof(OnePassPerIteration))]
[MemoryDiagnoser]
[MinColumn, MedianColumn]
public class PipelineBenchmarks : IDisposable
{
    private const int Bodies = 20;
    private const int Spans = Bodies * PathRig.SpansPerBody;

    private readonly PathRig rig = new(Bodies);

    /// <summary>What was taken in before is posted and forgotten; then new requests are made.</summary>
    [IterationSetup]
    public void Renew() => rig.Renew();

    [GlobalCleanup]
    public void Dispose()
    {
        rig.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>What the generated classes need merely to parse the same bytes.</summary>
    [Benchmark(OperationsPerInvoke = Spans)]
    public int ParseGenerated()
    {
        var spans = 0;
        foreach (var body in rig.Requests)
            spans += ExportTraceServiceRequest.Parser.ParseFrom(body).ResourceSpans[0].ScopeSpans[0].Spans.Count;
        return spans;
    }

    [Benchmark(OperationsPerInvoke = Spans)]
    public int Decode() => rig.Decode();

    [Benchmark(OperationsPerInvoke = Spans)]
    public int ToAssembled() => rig.Assemble();

    [Benchmark(OperationsPerInvoke = Spans)]
    public int ToCosted()
    {
        rig.Assemble();
        return rig.Settle();
    }

    [Benchmark(OperationsPerInvoke = Spans, Baseline = true)]
    public int ToNativeBlocks()
    {
        rig.Assemble();
        rig.Settle();
        return rig.Encode();
    }

    /// <summary>One pass over new traces is one iteration: a second pass would find duplicates.</summary>
    private sealed class OnePassPerIteration : ManualConfig
    {
        public OnePassPerIteration() => AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
            .WithWarmupCount(40).WithIterationCount(30).WithInvocationCount(1).WithUnrollFactor(1));
    }
}
