using CostAttribution.Domain.Identity;

namespace CostAttribution.ClickHouse.Facts;

/// <summary>One row of <c>trace_facts</c>: what a posting adds to a trace's facts.</summary>
public sealed class TraceFactsRow
{
    public TraceId TraceId { get; set; }

    /// <summary>1 for the first posting of the trace, +1 for each further one.</summary>
    public int Revision { get; set; } = 1;
    public string PostingId { get; set; } = "";

    /// <summary>Milliseconds since the Unix epoch, UTC.</summary>
    public long PostedAtMillis { get; set; }

    /// <summary>Whether the trace was complete and quiet when posted.</summary>
    public bool Settled { get; set; }

    /// <summary>Earliest span start of the trace, microseconds since the Unix epoch, UTC.</summary>
    public long StartedAtMicros { get; set; }

    /// <summary>Latest span end of the trace, microseconds since the Unix epoch, UTC.</summary>
    public long EndedAtMicros { get; set; }
    public string RunId { get; set; } = "";

    /// <summary>The spans that are new or changed in this posting.</summary>
    public IReadOnlyList<SpanFactsRow> Spans { get; set; } = [];

    /// <summary>The same spans as costing needs them again, encoded by the posting stage.</summary>
    public ReadOnlyMemory<byte> Blob { get; set; }

    /// <summary>The trace's context as of this posting, encoded by the posting stage.</summary>
    public ReadOnlyMemory<byte> Context { get; set; }
}
