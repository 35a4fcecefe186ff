using CostAttribution.Domain.Costing;
using CostAttribution.Domain.Identity;
using CostAttribution.Domain.Ledger;
using CostAttribution.Domain.Tracing;

namespace CostAttribution.Ingest.Posting;

/// <summary>
/// Everything one costing of one trace adds to the store: ledger rows, the facts of spans that are new or changed, and the
/// run segment. Immutable once handed to the posting stage.
/// </summary>
internal sealed class TracePosting
{
    public required TraceId TraceId { get; init; }

    /// <summary>Facts revision, from 1.</summary>
    public required int Revision { get; init; }
    public required bool Settled { get; init; }
    public required IReadOnlyList<LedgerEntry> Rows { get; init; }

    /// <summary>Facts of new or changed spans, with the text columns taken out of the trace's buffer.</summary>
    public required IReadOnlyList<SpanFacts> Spans { get; init; }

    /// <summary>The same spans encoded; null when there are none.</summary>
    public required SpanBatch? EncodedSpans { get; init; }
    public required TraceContext Context { get; init; }
    public required RunSegment Segment { get; init; }

    /// <summary>Ledger rows plus facts rows, the measure of a posting's size.</summary>
    public int RowCount => Rows.Count + Spans.Count + 1;
}

/// <summary>One span as the <c>spans</c> view shows it.</summary>
internal sealed record SpanFacts
{
    public required SpanOutcome Outcome { get; init; }
    public required SpanId SpanId { get; init; }
    public required SpanId ParentSpanId { get; init; }
    public required string Name { get; init; }
    public required string Service { get; init; }
    public required string Scope { get; init; }
    public required long StartMicros { get; init; }
    public required long EndMicros { get; init; }
}
