using CostAttribution.Domain.Tracing;
using CostAttribution.Otlp;
using CostAttribution.Server.Demo;
using CostAttribution.Workload.Otlp;

namespace CostAttribution.UnitTests.Workload;

/// <summary>The product's own decoder takes what the workload sends.</summary>
public sealed class WorkloadDecodesTests
{
    [Fact]
    public void No_span_of_the_workload_is_rejected()
    {
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);
        foreach (var request in WorkloadKit.Generate(options => options with { Spans = 2_000 }).Requests)
        {
            var result = reader.ReadProtobuf(request.Body, 1);

            Assert.Null(result.Error);
            Assert.Equal(0, result.RejectedSpans);
            using var batch = result.Batch!;
            Assert.Equal(request.Spans, batch.SpanCount);
        }
    }

    [Fact]
    public void A_benchmark_body_is_decoded_whole()
    {
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);
        var bodies = new BenchmarkBodies(new BenchmarkShape { ContentBytes = 500 });

        var result = reader.ReadProtobuf(bodies.Next(WorkloadKit.Start).Span, 1);

        using var batch = result.Batch!;
        Assert.Equal((510, 0L), (batch.SpanCount, result.RejectedSpans));
    }

    [Fact]
    public void The_sample_that_the_demo_suggests_is_decoded_whole()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "CostAttribution.sln"))) root = root.Parent;
        Assert.NotNull(root);
        using var reader = new OtlpTraceReader(AttributeKeyTable.Default, OtlpLimits.Default);

        var result = reader.ReadJson(File.ReadAllBytes(Path.Combine(root.FullName, DemoRun.SamplePath)), 1);

        Assert.Null(result.Error);
        using var batch = result.Batch!;
        Assert.Equal((6, 0L), (batch.SpanCount, result.RejectedSpans));
    }
}
