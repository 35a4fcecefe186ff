using CostAttribution.Simulation.Node;
using CostAttribution.Simulation.Running;
using CostAttribution.Simulation.Store;

namespace CostAttribution.Simulation.Checks;

/// <summary>
/// What must hold at any moment of a run, whatever is slow or away: nothing in the process or on its disk grows beyond its limit,
/// and what is accounted is what there is.
/// </summary>
internal sealed class Bounds(SimulationPlan plan, SimulatedNode node, SimulatedStore store)
{
    /// <summary>Spans, rows and words of one trace; a posting is cut between traces.</summary>
    private const int RowsOfOneTraceMax = 200;

    /// <summary>One posting, one look-up, one publication of rates, one claim of recovery.</summary>
    private const int QuestionsMax = 4;

    // Walking everything at every turn takes as long as the run itself.
    private const int TurnsPerCheck = 4;

    private int turns;

    public void Check()
    {
        if (!node.IsServing || ++turns % TurnsPerCheck != 0) return;
        var load = node.Pipeline.Load;
        var tracesMax = plan.Pressure ? SimulatedNode.TracesMaxUnderPressure : node.AssemblyOptions.OpenTracesMax;
        // Over the limit nothing is read; what a record and the questions of other traces bring comes on top.
        AtMost(tracesMax * 9L / 8 + plan.Traces / 2, load.Traces, "traces in memory");
        AtMost(plan.RowsMax + RowsOfOneTraceMax, load.RowsGathered, "rows gathered for a posting");
        AtMost(Ingest.Posting.PostingStage.QueuedMax, load.PostingsQueued, "postings in the queue");
        AtMost(1, node.Spool.ListPending().Count(posting => !posting.PostingId.Contains(".p", StringComparison.Ordinal)
            && !posting.PostingId.Contains(".r", StringComparison.Ordinal)), "postings in doubt");
        AtMost(QuestionsMax, store.Waiting, "statements that wait for the store");
        if (load.TraceBytesAccounted != load.TraceBytes)
            throw new SimulationFailure($"traces in memory take {load.TraceBytes} bytes, and {load.TraceBytesAccounted} are accounted");
        var journal = node.Journal.Statistics();
        AtMost(node.JournalOptions.JournalBytesMax + node.JournalOptions.SegmentBytesMax, journal.Bytes, "bytes of the journal");
        AtMost(node.JournalOptions.QueueBytesMax, journal.QueuedBytes, "bytes that wait for the journal");
    }

    private static void AtMost(long limit, long value, string what)
    {
        if (value > limit) throw new SimulationFailure($"{value} {what} are more than the {limit} that there may be");
    }
}
