using CostAttribution.Domain.Costing;
using CostAttribution.Ingest.Posting;
using CostAttribution.Journal.Postings;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>Large traces neither make a posting that cannot be kept nor stand in the way of others.</summary>
public sealed class LargePostingTests
{
    [Fact]
    public void A_trace_too_large_for_a_posting_is_set_aside_and_the_others_are_posted()
    {
        var store = new MemoryStore();
        using var rig = new PipelineRig(store) { SpoolOptions = new PostingSpoolOptions { PostingBytesMax = 30_000 } };
        rig.Start();
        RefusedPostingTests.Offer(rig, 1, 1);
        rig.Offer([TestSpan.Root(2, 1), .. Enumerable.Range(2, 600).Select(span => TestSpan.Call(2, span, 1))]);
        RefusedPostingTests.Offer(rig, 3, 3);

        rig.Pass(30);
        RefusedPostingTests.Offer(rig, 4, 4);
        rig.Pass(30);

        RefusedPostingTests.StandOnce(store, [1, 3, 4]);
        Assert.Equal(1, rig.Spool.Refused().Files);
        Assert.Equal(1, rig.Pipeline.Metrics.QuarantinedByReason["too_large"]);
        Assert.Equal("", rig.Pipeline.Metrics.PostingTrouble);
        Assert.Equal(5UL, rig.Journal.LowWaterMark.Sequence);
    }

    [Fact]
    public void A_posting_of_few_but_large_spans_is_full_before_its_rows_are_many()
    {
        using var buffer = new PostingBuffer();
        for (var trace = 1; trace <= 10; trace++)
        {
            buffer.Add(new TracePosting
            {
                TraceId = AssemblyBench.TraceIdOf(trace), Revision = 1, Settled = true, Rows = [], Spans = [],
                EncodedSpans = new byte[10 << 20], Context = TraceContext.Empty, Segment = null!, WithRun = false, LeftRunId = "",
                Topics = [],
            });
        }

        Assert.True(buffer.RowCount > new PostingOptions().RowsMax);
    }
}
