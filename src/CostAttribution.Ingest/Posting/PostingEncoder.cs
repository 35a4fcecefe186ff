using System.Buffers;
using System.Globalization;
using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Ledger;
using CostAttribution.ClickHouse.Topics;
using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Ledger;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Encodes gathered trace postings as one block per table. The ledger goes first and the facts last: facts say that a trace has
/// been dealt with, so they must not be in the store before its rows are. Not thread-safe: belongs to the posting stage.
/// </summary>
internal sealed class PostingEncoder : IDisposable
{
    private readonly string prefix;
    private readonly TimeProvider clock;
    private readonly CostLedgerBlock ledger = new();
    private readonly TraceFactsBlock facts = new();
    private readonly RunSegmentBlock segments = new();
    private readonly TraceTopicsBlock topics = new();
    private readonly ArrayBufferWriter<byte> scratch = new(1 << 16);
    private long sequence;

    /// <param name="nodeId">Name of this node and of this start; no two starts on one store have the same.</param>
    /// <param name="clock">Start time and posting times.</param>
    public PostingEncoder(string nodeId, TimeProvider clock)
    {
        this.clock = clock;
        // Node, start and number: never given twice, also after a restart with an empty data directory.
        prefix = string.Create(CultureInfo.InvariantCulture, $"{nodeId}-{clock.GetUtcNow().ToUnixTimeMilliseconds():x}");
    }

    /// <summary>Encodes and disposes <paramref name="buffer"/>.</summary>
    public EncodedPosting Encode(PostingBuffer buffer)
    {
        using (buffer) return Encode(buffer.Traces);
    }

    /// <summary>Encodes ledger rows that come without facts, run segments and topics.</summary>
    public EncodedPosting EncodeRows(IReadOnlyList<LedgerEntry> rows)
    {
        var postingId = NextId();
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        ledger.Clear();
        foreach (var row in rows) AppendRow(row, postingId, now);
        return new EncodedPosting
        {
            PostingId = postingId, LedgerRows = ledger.Rows, SpanFacts = 0, Tables = [Encode(ledger)],
        };
    }

    /// <summary>Encodes trace postings whose buffer the caller keeps.</summary>
    public EncodedPosting Encode(IReadOnlyList<TracePosting> traces)
    {
        var postingId = NextId();
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        ledger.Clear();
        facts.Clear();
        segments.Clear();
        topics.Clear();
        var spans = 0;
        foreach (var trace in traces)
        {
            spans += trace.Spans.Count;
            AppendFacts(trace, postingId, now);
            AppendSegments(trace, postingId, now);
            foreach (var topic in trace.Topics) topics.Append(topic, trace.Revision, postingId, now);
            foreach (var row in trace.Rows) AppendRow(row, postingId, now);
        }
        return new EncodedPosting
        {
            PostingId = postingId,
            LedgerRows = ledger.Rows,
            SpanFacts = spans,
            Tables = [.. new RowBlock[] { ledger, segments, topics, facts }.Where(block => block.Rows > 0).Select(Encode)],
        };
    }

    public void Dispose()
    {
        ledger.Dispose();
        facts.Dispose();
        segments.Dispose();
        topics.Dispose();
    }

    private string NextId() => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{++sequence:x}");

    private EncodedPosting.TableBlock Encode(RowBlock block)
    {
        scratch.ResetWrittenCount();
        block.WriteTo(scratch);
        return new EncodedPosting.TableBlock(block.Table, [.. block.ColumnNames], block.Rows, scratch.WrittenSpan.ToArray());
    }

    private void AppendRow(LedgerEntry row, string postingId, long now)
    {
        row.PostingId = postingId;
        row.PostedAtMillis = now;
        ledger.Append(row);
    }

    private void AppendFacts(TracePosting trace, string postingId, long now)
    {
        facts.Append(new TraceFactsRow
        {
            TraceId = trace.TraceId,
            Revision = trace.Revision,
            PostingId = postingId,
            PostedAtMillis = now,
            Settled = trace.Settled,
            StartedAtMicros = trace.Segment.StartedAtMicros,
            EndedAtMicros = trace.Segment.EndedAtMicros,
            RunId = trace.Segment.RunId,
            Spans = trace.Spans,
            Blob = trace.EncodedSpans,
            Context = TraceContextCodec.Encode(trace.Context),
        });
    }

    private void AppendSegments(TracePosting trace, string postingId, long now)
    {
        if (trace.WithRun) segments.Append(ToRow(trace.Segment, trace, postingId, now));
        if (trace.LeftRunId.Length == 0) return;
        // The newest word of this trace about the run it left: nothing.
        segments.Append(ToRow(new RunSegment
        {
            RunId = trace.LeftRunId,
            StartedAtMicros = trace.Segment.StartedAtMicros,
            EndedAtMicros = trace.Segment.StartedAtMicros,
            Status = RunStatus.Completed,
        }, trace, postingId, now));
    }

    private static RunSegmentRow ToRow(RunSegment segment, TracePosting trace, string postingId, long now) => new()
    {
        RunId = segment.RunId,
        TraceId = trace.TraceId,
        Revision = trace.Revision,
        PostingId = postingId,
        PostedAtMillis = now,
        StartedAtMicros = segment.StartedAtMicros,
        EndedAtMicros = segment.EndedAtMicros,
        Workflow = segment.Workflow,
        Agent = segment.Agent,
        CustomerId = segment.CustomerId,
        FeatureId = segment.FeatureId,
        Environment = segment.Environment,
        Product = segment.Product,
        Team = segment.Team,
        Plan = segment.Plan,
        Status = segment.Status,
        MixedCustomers = segment.MixedCustomers,
        Steps = segment.Steps,
        Attempts = segment.Attempts,
        Retries = segment.Retries,
        Calls = checked((int)segment.Calls),
        FailedCalls = checked((int)segment.FailedCalls),
        InputTokens = segment.InputTokens,
        CacheReadTokens = segment.CacheReadTokens,
        CacheWriteTokens = segment.CacheWriteTokens,
        CacheWrite1hTokens = segment.CacheWrite1hTokens,
        OutputTokens = segment.OutputTokens,
        ReasoningTokens = segment.ReasoningTokens,
        Cost = segment.Cost,
        ListCost = segment.ListCost,
        RetryCost = segment.RetryCost,
        UnpricedCalls = checked((int)segment.UnpricedCalls),
        UsageMissingCalls = checked((int)segment.UsageMissingCalls),
    };
}
