using CostAttribution.ClickHouse.Facts;
using CostAttribution.ClickHouse.Topics;
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
    public required IReadOnlyList<SpanFactsRow> Spans { get; init; }

    /// <summary>
    /// The same spans encoded as a <see cref="SpanBatch"/>; empty when there are none. Lives as long as the posting buffer.
    /// </summary>
    public required ReadOnlyMemory<byte> EncodedSpans { get; init; }
    public required TraceContext Context { get; init; }
    public required RunSegment Segment { get; init; }

    /// <summary>Whether the segment is written; else only its times and its run go with the facts.</summary>
    public required bool WithRun { get; init; }

    /// <summary>
    /// The run that the trace belonged to until now, when a late span named another or it turned out to be none; else empty.
    /// </summary>
    public required string LeftRunId { get; init; }

    /// <summary>What is new or changed about what the trace asks and tells.</summary>
    public required IReadOnlyList<TopicRow> Topics { get; init; }

    /// <summary>Bytes of encoded spans that count as much as a row.</summary>
    private const int BytesPerRow = 2048;

    /// <summary>
    /// Ledger rows plus facts rows, the measure of a posting's size; large spans count as several, so that a limit of rows is one
    /// of bytes too.
    /// </summary>
    public int RowCount => Rows.Count + Spans.Count + Topics.Count + 1 + EncodedSpans.Length / BytesPerRow;
}
