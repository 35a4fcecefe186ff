using CostAttribution.ClickHouse.Transport;
using CostAttribution.UnitTests.Ingest.Assembly;

namespace CostAttribution.UnitTests.Ingest.Posting;

/// <summary>
/// A journal that is larger than the memory for traces: what is read waits for the store, reading waits for memory, and neither waits
/// for the other for ever.
/// </summary>
public sealed class MemoryBoundTests : IAsyncDisposable
{
    private const long BytesMax = 100_000;
    private const int Known = 40, All = 400, Calls = 5;

    // A batch of one span, with what it may take in the buffer of its trace.
    private const long BatchBytes = 8192;

    private readonly MemoryStore store = new();
    private readonly PipelineRig rig;
    private long most;

    public MemoryBoundTests()
    {
        rig = new PipelineRig(store) { AfterStep = Watch };
        rig.Assembly.OpenTraceBytesMax = BytesMax;
        rig.Posting.LookupTracesMax = 20;
        rig.Start();
    }

    public ValueTask DisposeAsync()
    {
        rig.Dispose();
        return store.DisposeAsync();
    }

    [Theory]
    [InlineData(500, false)]
    [InlineData(500, true)]
    [InlineData(3, false)]
    public void A_restart_on_a_journal_larger_than_memory_posts_everything_within_the_limit(int lookupTracesMax, bool endless)
    {
        rig.Posting.LookupTracesMax = lookupTracesMax;
        for (var trace = 1; trace <= Known; trace++) Offer(trace, calls: 1);
        rig.Pass(90);
        store.FailBefore = _ => new StoreUnavailableException("away");
        for (var call = 2; call <= Calls; call++)
        {
            // Every trace is needed again and again, all over the journal; with no root some never come to rest.
            for (var trace = 1; trace <= All; trace++) OfferCall(trace, call, isWhole: !endless);
        }
        if (!endless) for (var trace = Known + 1; trace <= All; trace++) rig.Offer(TestSpan.Root(trace, 1));
        rig.Kill();
        store.FailLookup = query =>
            query.Sql.Contains("trace_id IN", StringComparison.Ordinal) ? new StoreUnavailableException("slow") : null;

        rig.Start();
        rig.Pass(60);
        Assert.True(rig.Pipeline.Assembly.OpenTraceBytes > BytesMax / 2);
        store.FailLookup = _ => null;
        rig.Pass(20);
        store.FailBefore = _ => null;
        rig.Pass(400);

        Assert.True(most <= BytesMax * 9 / 8 + BatchBytes, $"{most} bytes");
        RefusedPostingTests.StandOnce(store, [.. Enumerable.Range(1, All)], trace => trace <= Known ? Calls : Calls - 1);
        Assert.Equal((ulong)(Known * 2 + All * (Calls - 1) + (endless ? 0 : All - Known) + 1), rig.Journal.LowWaterMark.Sequence);
    }

    [Fact]
    public void A_trace_that_alone_takes_more_than_all_memory_is_posted_and_stops_nobody()
    {
        const int spans = 600;
        rig.Offer(TestSpan.Root(1, 1));
        for (var call = 1; call <= spans; call++)
        {
            OfferCall(1, call, isWhole: true);
            if (call % 10 == 0) OfferCall(1 + (call / 10), 1, isWhole: true);
            if (call % 100 == 0) rig.Pass(1);
        }
        rig.Restart();
        rig.Pass(300);

        RefusedPostingTests.StandOnce(store, [.. Enumerable.Range(1, 1 + (spans / 10))], trace => trace == 1 ? spans : 1);
        Assert.Equal((ulong)(1 + spans + (spans / 10) + 1), rig.Journal.LowWaterMark.Sequence);
        Assert.True(rig.Pipeline.Assembly.OpenTraceBytes <= BytesMax);
    }

    private void Watch()
    {
        if (rig.Pipeline.State == CostAttribution.Ingest.PipelineState.Running)
            most = Math.Max(most, rig.Pipeline.Assembly.OpenTraceBytes);
    }

    private void Offer(int trace, int calls)
    {
        rig.Offer(TestSpan.Root(trace, 1));
        for (var call = 1; call <= calls; call++) OfferCall(trace, call, isWhole: true);
    }

    private void OfferCall(int trace, int call, bool isWhole) =>
        rig.Offer(TestSpan.Call(trace, call + 1, isWhole || trace <= Known ? 1 : 99));
}
